"""Reading a manifest: every fault with its line, its name and what to write instead."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from node.manifests.errors import ManifestError
from node.manifests.explaining import explain
from node.manifests.faults import Fault
from node.manifests.judging import find_faults
from node.manifests.lines import find_line, map_lines
from node.manifests.manifest import Manifest

SIZE_BYTES_MAX = 1024 * 1024
FAULTS_SHOWN_MAX = 10


def read_manifest(path: Path) -> Manifest:
    """The manifest in a file, whole and possible; raises `ManifestError` with all its faults."""
    try:
        with path.open("rb") as stream:
            data = stream.read(SIZE_BYTES_MAX + 1)
        text = data.decode()
    except OSError as error:
        raise ManifestError(
            f"{path} cannot be read: {error.strerror}",
            reason="manifest-missing",
            advice="name a manifest; examples stand in scripts/manifests",
        ) from error
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path} is no text: {error}", reason="manifest-not-toml") from error
    if len(data) > SIZE_BYTES_MAX:
        raise ManifestError(f"{path} is larger than {SIZE_BYTES_MAX} bytes")
    return parse_manifest(text, path)


def parse_manifest(text: str, path: Path) -> Manifest:
    """The manifest that a text is; `path` is where it stands, for messages and for `load.replay`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(
            f"{path} is no TOML: {error}",
            reason="manifest-not-toml",
            advice='texts and times stand in quotes, as in duration = "30s"',
        ) from error
    try:
        manifest = Manifest.model_validate(table)
    except ValidationError as error:
        raise report(list(explain(error, table)), text, path) from error
    if faults := list(find_faults(manifest, path.parent)):
        raise report(faults, text, path)
    return manifest


def report(faults: Sequence[Fault], text: str, path: Path) -> ManifestError:
    """One line per fault, in the order of the file."""
    lines = map_lines(text)
    numbered = sorted((find_line(lines, fault.place) or 0, fault) for fault in faults)
    shown = [
        f"{path}:{number or 1}: {name_place(fault.place)}{fault.what}"
        for number, fault in numbered[:FAULTS_SHOWN_MAX]
    ]
    if len(numbered) > FAULTS_SHOWN_MAX:
        shown.append(f"and {len(numbered) - FAULTS_SHOWN_MAX} more")
    return ManifestError(
        "\n".join(shown), advice="mend the file; `quorate testnet run FILE --check` reads it again"
    )


def name_place(place: Sequence[str | int]) -> str:
    """`step 3, nodes: `; steps are counted from 1, as people do."""
    words: list[str] = []
    for part in place:
        if isinstance(part, int) and words:
            words[-1] += f" {part + 1}"
        else:
            words.append(str(part))
    return f"{', '.join(words)}: " if words else ""
