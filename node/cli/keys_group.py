"""`quorate keys`: key files, which hold one Ed25519 key each."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.address import encode_address
from node.cli.output import answers, messages, print_json, print_pairs
from node.identity import Identity, load_identity, save_identity
from node.secret_files import SecretFileError

app = typer.Typer(no_args_is_help=True, help="Key files: one Ed25519 key each, mode 0600.")

SUFFIX = ".json"
DEFAULT_FOLDER = Path("~/.quorate/keys")

Folder = Annotated[Path, typer.Option("--keys", help="Where keys with a bare name are kept.")]
Json = Annotated[bool, typer.Option("--json", help="Answer with JSON on standard output.")]
Name = Annotated[
    str, typer.Argument(metavar="NAME|FILE", help="A bare name within --keys, or a path.")
]


def find_key_file(name: str, folder: Path = DEFAULT_FOLDER) -> Path:
    """A bare name stands for a file in `folder`; anything with a slash or suffix is a path."""
    path = Path(name).expanduser()
    if path.name != name or path.suffix:
        return path
    return folder.expanduser() / f"{name}{SUFFIX}"


def describe(path: Path, identity: Identity) -> dict[str, str]:
    """What may be shown of a key: never the seed."""
    return {
        "name": path.stem,
        "address": encode_address(identity.public_key),
        "public_key": identity.public_key.hex(),
        "file": str(path),
    }


@app.command("new")
def new(name: Name, folder: Folder = DEFAULT_FOLDER, *, json: Json = False) -> None:
    """Make a key from the system's randomness; an existing file is never overwritten."""
    path = find_key_file(name, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    identity = Identity.generate()
    save_identity(path, identity)
    answer = describe(path, identity)
    print_json(answer) if json else print_pairs(answer)


@app.command("show")
def show(name: Name, folder: Folder = DEFAULT_FOLDER, *, json: Json = False) -> None:
    """Show address and public key; the seed is never shown."""
    path = find_key_file(name, folder)
    answer = describe(path, load_identity(path))
    print_json(answer) if json else print_pairs(answer)


@app.command("list")
def list_keys(folder: Folder = DEFAULT_FOLDER, *, json: Json = False) -> None:
    """List the keys in a folder; files that cannot be used are named on standard error."""
    found = []
    for path in sorted(folder.expanduser().glob(f"*{SUFFIX}")):
        try:
            found.append(describe(path, load_identity(path)))
        except SecretFileError as error:
            messages.print(f"{path.name}: {error} [{error.reason}]", markup=False)
    if json:
        print_json(found)
        return
    for answer in found:
        answers.print(f"{answer['name']}  {answer['address']}", markup=False, soft_wrap=True)
