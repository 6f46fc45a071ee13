"""The image keeps the rules for images, each rule with a small breach."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from node.config import check_environment
from tests.docker.dockerfile import RULES, Stage, parse

Rule = Callable[[list[Stage]], Iterator[str]]

GOOD = """
# A comment.
FROM python:3.12.12-slim-bookworm AS build
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock
RUN pip install --no-index \\
    .

FROM python:3.12.12-slim-bookworm
COPY --from=build /opt/quorate /opt/quorate
ENV PATH=/opt/quorate/bin:$PATH QUORATE_URL=http://127.0.0.1:1
USER 10001:10001
HEALTHCHECK --interval=20s --retries=3 CMD ["quorate", "status", "--check"]
ENTRYPOINT ["quorate"]
CMD ["node", "run"]
"""


def find(text: str) -> list[str]:
    stages = parse(text)
    return [rule.__name__ for rule in RULES for _ in rule(stages)]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_image_keeps_the_rule(stages: list[Stage], rule: Rule) -> None:
    assert list(rule(stages)) == []


@pytest.mark.parametrize(
    ("written", "instead", "rule"),
    [
        ("python:3.12.12-slim-bookworm AS", "python AS", "find_loose_images"),
        ("python:3.12.12-slim-bookworm AS", "python:latest AS", "find_loose_images"),
        ("python:3.12.12-slim-bookworm AS", "python:3.12-slim AS", "find_loose_images"),
        ("USER 10001:10001\n", "", "find_root"),
        ("USER 10001:10001", "USER 0", "find_root"),
        ("USER 10001:10001", "USER quorate", "find_root"),
        ('ENTRYPOINT ["quorate"]', "ENTRYPOINT quorate", "find_shells"),
        ('CMD ["node", "run"]', "CMD quorate node run", "find_shells"),
        ('CMD ["quorate", "status", "--check"]', "CMD quorate status", "find_shells"),
        ("HEALTHCHECK --interval=20s --retries=3 CMD", "HEALTHCHECK NONE", "find_shells"),
        (" --require-hashes", "", "find_loose_packages"),
        ("COPY requirements.lock ./", "ADD https://x/y ./", "find_loose_packages"),
        ("COPY requirements.lock ./", "RUN curl https://x/y", "find_loose_packages"),
        ("USER 10001", "RUN apt-get install vim\nUSER 10001", "find_leftovers"),
        ("COPY --from=build ", "COPY ", "find_leftovers"),
        ("QUORATE_URL=", "FAUCET_PASSWORD=", "find_secrets"),
    ],
)
def test_a_breach_is_found(written: str, instead: str, rule: str) -> None:
    assert find(GOOD) == []
    assert written in GOOD
    assert find(GOOD.replace(written, instead)) == [rule]


def test_the_image_checks_its_health_with_its_own_command(stages: list[Stage]) -> None:
    image = stages[-1]
    assert image.command("HEALTHCHECK") == ["quorate", "status", "--check"]
    assert image.command("ENTRYPOINT") == ["quorate"]
    assert image.command("CMD") == ["node", "run"]
    check_environment(image.environment())


def test_the_image_is_built_from_files_that_exist_and_nothing_else(
    stages: list[Stage], docker: Path, root: Path
) -> None:
    ignore = (docker / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    copies = [one.rest.split()[:-1] for one in stages[0].all("COPY")]
    sources = [source for copy in copies for source in copy]
    assert {"requirements.lock", "consensus", "ledger", "node"} <= set(sources)
    assert all((root / source).exists() for source in sources)
    assert sorted(line[1:] for line in ignore if line.startswith("!")) == sorted(sources)
    assert "*" in ignore
