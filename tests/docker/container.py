"""The image and the Compose file without a container engine: the same steps, in folders of their own.

The build stage's instructions are carried out one by one, with the image's paths moved under a
folder; services run the image's entry point with its environment and theirs, their volumes being
folders too. Where the tests run as root, builds stay root's and services run as somebody else.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.docker.dockerfile import Instruction, Stage

INSTALLED = "/opt/quorate"
NOBODY = 65_534
BUILD_TIMEOUT_S = 240
TASK_TIMEOUT_S = 60
PYTHONS = ("/usr/bin/python3.12", "/usr/bin/python3.11", "/usr/bin/python3")
CAN_BUILD = "import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info < (3, 13))"


@dataclass(frozen=True)
class Machine:
    """Which Python stands for the base image's, and as whom services run (None: as ourselves)."""

    python: str
    user: int | None


def choose_machine(folder: Path) -> Machine:
    """Somebody without rights, if some Python can be run by such a one from here; else ourselves."""
    own = str(Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}")
    if os.getuid() == 0:
        for python in (own, *PYTHONS):
            command = [python, "-c", CAN_BUILD]
            try:
                done = subprocess.run(
                    command, user=NOBODY, group=NOBODY, extra_groups=[], cwd=folder, check=False
                )
            except OSError:
                continue
            if done.returncode == 0:
                return Machine(python, NOBODY)
    return Machine(own, None)


@dataclass(frozen=True)
class Image:
    """The built image under `folder`."""

    folder: Path
    machine: Machine
    stages: list[Stage]

    @property
    def installed(self) -> Path:
        """What the image holds under /opt."""
        return self.folder / INSTALLED.strip("/")

    def map(self, text: str) -> str:
        """A text with the image's paths where they are here."""
        return text.replace(INSTALLED, str(self.installed))

    def environment(self) -> dict[str, str]:
        """The last stage's ENV."""
        path = os.defpath
        return {
            name: self.map(value).replace("$PATH", path)
            for name, value in self.stages[-1].environment().items()
        }

    def command(self, word: str) -> list[str]:
        """ENTRYPOINT, CMD or HEALTHCHECK."""
        command = self.stages[-1].command(word)
        assert command is not None
        return command

    def list_files(self) -> dict[str, int]:
        """Every file of the installation and its size."""
        files = (path for path in self.installed.rglob("*") if path.is_file())
        return {str(path): path.stat().st_size for path in files}


def build(root: Path, folder: Path, stages: list[Stage]) -> Image:
    """Carry out the build stage, and take the right to write away from what it made."""
    image = Image(folder, choose_machine(folder), stages)
    source = folder / "source"
    source.mkdir()
    for instruction in stages[0].instructions:
        match instruction.word:
            case "COPY":
                copy_in(root, source, instruction)
            case "RUN":
                run_step(image, source, instruction)
            case "WORKDIR":
                assert instruction.rest == "/source"
            case _:
                raise ValueError(f"the build stage says {instruction}")
    assert [one.rest for one in stages[-1].all("COPY")] == [f"--from=build {INSTALLED} {INSTALLED}"]
    for path in (image.installed, *image.installed.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)
    return image


def copy_in(root: Path, source: Path, instruction: Instruction) -> None:
    """COPY from the project into the stage's folder."""
    *names, target = instruction.rest.split()
    for name in names:
        there = source / target / name if target.endswith("/") else source / target
        if (root / name).is_dir():
            shutil.copytree(root / name, there, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(root / name, there)


def run_step(image: Image, source: Path, instruction: Instruction) -> None:
    """RUN, with the shell; compiled modules stay in the image, also where the tests keep theirs aside."""
    outer = {name: value for name, value in os.environ.items() if name != "PYTHONPYCACHEPREFIX"}
    line = re.sub(r"^python ", f"{image.machine.python} ", image.map(instruction.rest))
    done = subprocess.run(
        ["sh", "-ec", line],
        cwd=source,
        env=outer,
        capture_output=True,
        text=True,
        timeout=BUILD_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


def take_away(folder: Path) -> None:
    """Remove everything, also from folders that nobody was to write in."""
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


@dataclass(frozen=True)
class Project:
    """A Compose project: services on one image, whose volumes are folders."""

    image: Image
    services: Mapping[str, Any]
    volumes: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def volume(self, name: str) -> Path:
        """The folder that stands for a volume; it belongs to whoever runs the services."""
        folder = self.volumes / name
        if not folder.exists():
            folder.mkdir(parents=True)
            if self.image.machine.user is not None:
                os.chown(folder, NOBODY, NOBODY)
        return folder

    def map(self, service: str, text: str) -> str:
        """A text of a service with paths and variables as they are here."""
        for volume in self.services[service]["volumes"]:
            name, target = volume.split(":")[:2]
            text = text.replace(target, str(self.volume(name)))
        return re.sub(
            r"\$\{(\w+):-(\w*)\}", lambda found: self.variables.get(found[1], found[2]), text
        )

    def start(
        self, service: str, words: list[str], more: Mapping[str, str] = {}
    ) -> "subprocess.Popen[str]":
        """Run `words` as a process of a container of this service would run, with `more` variables."""
        environment = self.image.environment() | self.services[service].get("environment", {})
        mapped = {name: self.map(service, value) for name, value in environment.items()}
        user = self.image.machine.user
        program = shutil.which(words[0], path=mapped["PATH"])
        assert program is not None
        return subprocess.Popen(
            [program, *words[1:]],
            env={**mapped, "HOME": mapped["QUORATE_HOME"], **more},
            cwd=mapped["QUORATE_HOME"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )

    def list_words(self, service: str) -> list[str]:
        """The entry point and what the service, or else the image, gives it to do."""
        words = self.services[service].get("command") or self.image.command("CMD")
        return [*self.image.command("ENTRYPOINT"), *(self.map(service, word) for word in words)]


def finish(process: "subprocess.Popen[str]", timeout_s: float = TASK_TIMEOUT_S) -> tuple[int, str]:
    """Wait for the end; the exit status, and everything that was said."""
    try:
        output, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
    return process.returncode, output
