"""Reading a Dockerfile, and rules for what this project's may say."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

EXACT_VERSION = re.compile(r":v?[0-9]+\.[0-9]+\.[0-9]+(-[a-z0-9.-]+)?(@sha256:[0-9a-f]{64})?$")
SECRET_WORDS = re.compile(r"PASSWORD|SECRET|TOKEN|PRIVATE", re.IGNORECASE)


@dataclass(frozen=True)
class Instruction:
    """One instruction: its word in capitals, and everything after it on one line."""

    word: str
    rest: str

    def json(self) -> list[str] | None:
        """The list of an exec form; None for the shell form."""
        try:
            value = json.loads(self.rest)
        except json.JSONDecodeError:
            return None
        return value if isinstance(value, list) and all(isinstance(x, str) for x in value) else None


@dataclass(frozen=True)
class Stage:
    """What stands between one FROM and the next."""

    image: str
    name: str
    instructions: list[Instruction] = field(default_factory=list)

    def all(self, word: str) -> list[Instruction]:
        """Its instructions of one kind."""
        return [one for one in self.instructions if one.word == word]

    def last(self, word: str) -> Instruction | None:
        """The one of a kind that counts."""
        return next(reversed(self.all(word)), None)

    def command(self, word: str) -> list[str] | None:
        """The exec form of ENTRYPOINT, CMD or HEALTHCHECK's CMD."""
        found = self.last(word)
        if found is None:
            return None
        text = re.sub(r"^(--\S+ )*CMD ", "", found.rest) if word == "HEALTHCHECK" else found.rest
        return Instruction(word, text).json()

    def environment(self) -> dict[str, str]:
        """What its ENV instructions set, as written."""
        pairs = [pair.split("=", 1) for one in self.all("ENV") for pair in one.rest.split()]
        return dict(pairs)


def parse(text: str) -> list[Stage]:
    """The stages of a Dockerfile, in order."""
    stages: list[Stage] = []
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    for line in re.sub(r"\s*\\\n\s*", " ", "\n".join(lines)).splitlines():
        word, _, rest = line.partition(" ")
        if word == "FROM":
            image, _, name = rest.partition(" AS ")
            stages.append(Stage(image, name))
        else:
            stages[-1].instructions.append(Instruction(word, rest.strip()))
    return stages


def load(file: Path) -> list[Stage]:
    """The stages of the Dockerfile in this file."""
    return parse(file.read_text(encoding="utf-8"))


def find_loose_images(stages: list[Stage]) -> Iterator[str]:
    """Every image has a whole version; `latest`, or `3.12`, is another one tomorrow."""
    names = {stage.name for stage in stages}
    for stage in stages:
        if stage.image not in names and not EXACT_VERSION.search(stage.image):
            yield f"{stage.image} has no exact version"


def find_root(stages: list[Stage]) -> Iterator[str]:
    """The image runs as somebody with a number, so that a cluster can see that it is not root."""
    user = stages[-1].last("USER")
    if user is None or not re.fullmatch(r"[1-9][0-9]*(:[1-9][0-9]*)?", user.rest):
        yield "the last stage needs USER with the number of somebody but root"


def find_shells(stages: list[Stage]) -> Iterator[str]:
    """What runs is the process itself, which gets its signals, and not a shell around it."""
    for word in ("ENTRYPOINT", "CMD", "HEALTHCHECK"):
        if stages[-1].command(word) is None:
            yield f"{word} is missing, or not in its exec form"


def find_loose_packages(stages: list[Stage]) -> Iterator[str]:
    """Packages come with hashes or not at all, and nothing is fetched past the package lock."""
    for stage in stages:
        for one in stage.instructions:
            if one.word == "ADD":
                yield "ADD fetches and unpacks; COPY says what it does"
            if one.word == "RUN" and re.search(r"\b(curl|wget|git)\b", one.rest):
                yield f"fetches something that no lock names: {one.rest}"
            if "pip install" in one.rest and not re.search(
                r"--require-hashes|--no-index", one.rest
            ):
                yield f"installs without hashes: {one.rest}"


def find_leftovers(stages: list[Stage]) -> Iterator[str]:
    """Only what was built is carried over; the last stage itself installs nothing."""
    for one in stages[-1].instructions:
        if one.word == "RUN" and re.search(r"\b(pip|apt-get)\b", one.rest):
            yield f"installs in the last stage: {one.rest}"
        if one.word == "COPY" and not one.rest.startswith("--from="):
            yield f"copies sources into the last stage: {one.rest}"


def find_secrets(stages: list[Stage]) -> Iterator[str]:
    """Nothing secret becomes a layer."""
    for stage in stages:
        for one in stage.instructions:
            if one.word in {"ENV", "ARG"} and SECRET_WORDS.search(one.rest):
                yield f"{one.word} {one.rest} looks like a secret"


RULES: tuple[Callable[[list[Stage]], Iterator[str]], ...] = (
    find_loose_images,
    find_root,
    find_shells,
    find_loose_packages,
    find_leftovers,
    find_secrets,
)
