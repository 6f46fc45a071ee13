"""What the image runs, as the Compose file runs it: built, installed, four validators, blocks.

There is no container engine here: see `tests.docker.container` for what stands in for it.
"""

import json
import random
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.address import encode_address
from ledger.keys import KeyPair
from node.testnet.ports import is_free
from tests.docker.container import Image, Project, build, finish, take_away
from tests.docker.dockerfile import Stage

pytestmark = [pytest.mark.cluster, pytest.mark.slow]

VALIDATORS = 4
HEALTHY_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 30.0
RECEIVER = encode_address(KeyPair(bytes([7]) * 32).public_key)


@pytest.fixture(scope="module")
def image(root: Path, stages: list[Stage]) -> Iterator[Image]:
    """Built once, in a folder that somebody without rights can reach."""
    folder = Path(tempfile.mkdtemp(prefix="quorate-image-"))
    folder.chmod(0o755)
    try:
        yield build(root, folder, stages)
    finally:
        take_away(folder)


class Hosts:
    """An address of its own for each validator, on loopback; all use the same two ports."""

    def __init__(self) -> None:
        network = f"127.{random.randrange(64, 128)}.{random.randrange(1, 255)}"
        self.addresses = [f"{network}.{index + 1}" for index in range(VALIDATORS)]
        self.port = random.randrange(20_000, 31_000, 10)
        while not all(is_free(a, self.port + i) for a in self.addresses for i in (0, 1)):
            self.port = random.randrange(20_000, 31_000, 10)

    def url(self, index: int) -> str:
        return f"http://{self.addresses[index]}:{self.port + 1}"

    def name(self, words: list[str]) -> list[str]:
        """The words that make the network, with addresses where Compose would resolve names."""
        named = [
            f"{word}={self.addresses[int(word[-1])]}:{self.port}" if "--node=" in word else word
            for word in words
        ]
        return [*named, f"--api-port={self.port + 1}"]

    def environment(self, index: int) -> dict[str, str]:
        """What says that a validator listens on its own address alone."""
        host = self.addresses[index]
        listen = {"QUORATE_P2P__HOST": host, "QUORATE_API__HOST": host}
        return {**listen, "QUORATE_URL": self.url(index)}


class Running:
    """A Compose project of validators, up."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.hosts = Hosts()
        self.nodes: list[subprocess.Popen[str]] = []

    def make_homes(self) -> list[tuple[int, str]]:
        """The services that end: how they ended."""
        ended = [finish(self.start_task("network"))]
        homes = [self.start_task(f"home{index}") for index in range(VALIDATORS)]
        return ended + [finish(home) for home in homes]

    def start_task(self, service: str) -> "subprocess.Popen[str]":
        words = self.project.list_words(service)
        named = self.hosts.name(words) if service == "network" else words
        return self.project.start(service, named)

    def start(self) -> None:
        for index in range(VALIDATORS):
            words = self.project.list_words(f"validator{index}")
            more = self.hosts.environment(index)
            self.nodes.append(self.project.start(f"validator{index}", words, more))

    def ask(self, index: int, *words: str) -> tuple[int, str]:
        """Run a command inside a validator's container."""
        more = self.hosts.environment(index)
        return finish(self.project.start(f"validator{index}", list(words), more))

    def check_health(self, index: int) -> tuple[int, str]:
        return self.ask(index, *self.project.image.command("HEALTHCHECK"))

    def wait_healthy(self) -> None:
        deadline = time.monotonic() + HEALTHY_TIMEOUT_S
        for index, node in enumerate(self.nodes):
            while (answer := self.check_health(index))[0] != 0:
                assert node.poll() is None, finish(node)[1]
                assert time.monotonic() < deadline, answer[1]

    def status(self, index: int) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.hosts.url(index)}/v1/status", timeout=10) as response:
            answer: dict[str, Any] = json.load(response)
        return answer

    def stop(self) -> list[tuple[int, str]]:
        for node in self.nodes:
            node.send_signal(signal.SIGTERM)
        ended = [finish(node, STOP_TIMEOUT_S) for node in self.nodes]
        self.nodes = []
        return ended

    def kill(self) -> None:
        for node in self.nodes:
            node.kill()
            node.communicate()


def run_project(running: Running, engine: str) -> None:
    """Up, a payment on all nodes, and down."""
    assert [status for status, _ in running.make_homes()] == [0] * (1 + VALIDATORS)
    status, said = running.check_health(0)
    assert (status, "[unreachable]" in said) == (1, True)
    running.start()
    running.wait_healthy()
    faucet = str(running.project.volume("network") / "network" / "faucet.json")
    pay = ("quorate", "tx", "send", "--from", faucet, "--to", RECEIVER, "--amount", "5")
    status, said = running.ask(0, *pay)
    assert status == 0, said
    height = running.status(0)["final_height"]
    assert height > 0
    answers = [running.status(index) for index in range(VALIDATORS)]
    assert [(answer["name"], answer["engine"]) for answer in answers] == [
        (f"validator{index}", engine) for index in range(VALIDATORS)
    ]
    ended = running.stop()
    assert [status for status, _ in ended] == [0] * VALIDATORS
    for _, log in ended:
        lines = [json.loads(line) for line in log.splitlines()]
        assert "stopped" in {line["event"] for line in lines}


def test_the_compose_file_brings_a_network_up(image: Image, compose: dict[str, Any]) -> None:
    """Up, a payment, down, and up again: then everything that is there is kept."""
    before = image.list_files()
    running = Running(Project(image, compose["services"], image.folder / "volumes"))
    try:
        run_project(running, "pbft")
        kept = [finish(running.start_task(name))[0] for name in ("network", "home0")]
        assert kept == [0, 0]
    finally:
        running.kill()
    check_engines(running)
    assert image.list_files() == before


def check_engines(running: Running) -> None:
    """The variable chooses the engine of a new network, and no other one of a network that is there."""
    for volumes, status, said in (
        (running.project.volumes, 1, "[network-differs]"),
        (running.project.image.folder / "others", 0, "engine    paxos\n"),
    ):
        variables = {"QUORATE_ENGINE": "paxos"}
        project = Project(running.project.image, running.project.services, volumes, variables)
        words = running.hosts.name(project.list_words("network"))
        ended, output = finish(project.start("network", words))
        assert ended == status
        assert said in output


def test_the_image_holds_what_runs_and_no_more(image: Image) -> None:
    names = {path.name.split("-")[0] for path in image.installed.rglob("*.dist-info")}
    assert {"quorate", "aiohttp", "plyvel"} <= names
    assert not {"pip", "hatchling", "pytest", "mypy"} & names
