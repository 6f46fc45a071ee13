"""Manifests as files: what is taken, and what is said of what is not."""

from pathlib import Path

import pytest

from node.manifests.errors import ManifestError
from node.manifests.lines import find_line, map_lines
from node.manifests.manifest import Manifest, make_schema
from node.manifests.reading import SIZE_BYTES_MAX, parse_manifest, read_manifest
from node.manifests.steps import AddValidator, Expect, Kill, Partition, Restart, SlowLink

GOOD = """\
title = "Everything"
engine = "pbft"
nodes = 4
followers = 1
seed = 3
duration = "1min"

[parameters]
window = 256

[load]
rate = 5.5

[expect]
max_gap = "5s"

[[step]]
at = "1s"
do = "kill"
nodes = [0, 2]
max_gap = "4s"

[[step]]
at = "2s"
do = "restart"

[[step]]
at = "3s"
do = "partition"
groups = "0,1/2,3,4"

[[step]]
at = "4s"
expect = "stalled"
over = "500ms"

[[step]]
at = "5s"
do = "slow-link"
links = ["0-4"]
delay = "100ms"

[[step]]
at = "6s"
do = "add-validator"

[[step]]
at = "7s"
do = "pause"
nodes = 5
"""


def read(text: str) -> Manifest:
    return parse_manifest(text, Path("m.toml"))


def refuse(text: str) -> list[str]:
    """The faults of a text, without the file's name."""
    with pytest.raises(ManifestError) as caught:
        read(text)
    assert caught.value.advice
    return [line.removeprefix("m.toml:") for line in str(caught.value).splitlines()]


def step(lines: str) -> str:
    """A manifest whose only step, from line 4 on, holds these lines."""
    return f'nodes = 4\nduration = "10s"\n\n[[step]]\n{lines}\n'


def test_everything_that_can_be_said() -> None:
    manifest = read(GOOD)
    kinds = [type(one) for one in manifest.step]
    assert kinds[:6] == [Kill, Restart, Partition, Expect, SlowLink, AddValidator]
    kill, restart = manifest.step[:2]
    assert isinstance(kill, Kill)
    assert isinstance(restart, Restart)
    assert (kill.at, kill.nodes, kill.max_gap, restart.nodes) == (1_000, (0, 2), 4_000, "down")
    plan = manifest.make_plan(23_000)
    assert (plan.validators, plan.followers, plan.relayed, plan.base_port) == (4, 1, True, 23_000)
    assert [one.describe() for one in manifest.step] == [
        "kill 0,2", "restart down", "partition 0,1/2,3,4", "expect stalled over 500ms",
        "slow-link 0-4 delay 100ms", "add-validator new node", "pause 5",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", ["1: `duration` is missing"]),
        ("duration = 5\nnodes = 0", [
            "1: duration: 5 is no time: write a number and its unit in quotes, as in",
            "2: nodes: input should be greater than or equal to 1, not 0",
        ]),
        ('duration = "5s"\n\n[load]\nrat = 5', ["4: load, rat: unknown key `rat`; did you mean `rate`?"]),
        ('duration = "5s"\nxyz = 1', ["2: xyz: unknown key `xyz`; known are title, about, engine"]),
        ('duration = "5s"\nengine = "raft"', ["2: engine: "]),
        ('duration = "5s"\n[parameters]\nwindo = 5', [
            "3: parameters, windo: unknown key `windo`; did you mean `window`?"
        ]),
        ('duration = "5s"\n[parameters]\nwindow = 0', ["2: parameters: "]),
        ('duration = "5s"\nnodes = 3\nfaults = 1', ["2: nodes: "]),
        ('duration = "5s"\n[load]\nreplay = "none.csv"', ["3: load, replay: none.csv"]),
        (step('at = "1s"'), ['4: step 1: a step has `do = "…"` or `expect = "…"`; `do` is one of kill']),
        (step('do = "kil"'), ["5: step 1, do: nothing does 'kil'; did you mean 'kill'?"]),
        (step('at = "1s"\ndo = "burn"'), ["6: step 1, do: nothing does 'burn'; known are kill"]),
        (step('at = "1s"\ndo = "kill"'), ["4: step 1: `nodes` is missing"]),
        (step('at = "1s"\ndo = "kill"\nnode = 1'), [
            "4: step 1: `nodes` is missing",
            "7: step 1, node: unknown key `node`; did you mean `nodes`?",
        ]),
        (step('at = "1s"\ndo = "kill"\nnodes = "everybody"'), [
            "7: step 1, nodes: 'everybody' names no nodes: write numbers, or one of leader, random"
        ]),
        (step('at = "1s"\ndo = "kill"\nnodes = []'), ["7: step 1, nodes: nodes are numbers from 0 up"]),
        (step('at = "1s"\ndo = "kill"\nnodes = 4'), [
            "7: step 1, nodes: there is no node 4; nodes are numbered from 0 to 3 then"
        ]),
        (step('at = "9600ms"\ndo = "heal"'), ["5: step 1, at: the run ends after 10s, too soon for this"]),
        (step('at = "1s"\ndo = "partition"\ngroups = "0,1/2"'), [
            '7: step 1, groups: in no group: node 3; name every node once, as in "0,1/2,3"'
        ]),
        (step('at = "1s"\ndo = "slow-link"'), ["6: step 1, do: a slow link has a `delay`"]),
        (step('at = "1s"\ndo = "slow-link"\ndelay = "1s"\nlinks = ["0-4"]'), [
            "8: step 1, links: there is no link 0-4; write two of the nodes 0 to 3"
        ]),
        (step('at = "1s"\ndo = "slow-link"\ndelay = "1s"\nlinks = ["0-1"]\nnodes = 2'), [
            "8: step 1, links: name either `nodes` or `links`"
        ]),
        (step('at = "1s"\nexpect = "final"'), ["5: step 1, at: a look 3s back from there begins before the start"]),
        (step('at = "1s"\nexpect = "fine"'), ["6: step 1, expect: input should be 'final', 'stalled', "]),
        (step('at = "5s"\nexpect = "agreed"\nnodes = 1'), [
            "7: step 1, nodes: that is expected of all nodes; leave `nodes` out"
        ]),
        (step('at = "2s"\ndo = "heal"\n[[step]]\nat = "1s"\ndo = "heal"'), [
            "8: step 2, at: steps stand in the order of time; move it up"
        ]),
        ('engine = "pow"\nduration = "5s"\n[[step]]\nat = "1s"\ndo = "add-validator"', [
            "3: step 1: the committee of pow never changes"
        ]),
    ],
)  # fmt: skip
def test_every_fault_is_told_with_its_line_and_what_to_write(text: str, faults: list[str]) -> None:
    told = refuse(text)
    assert len(told) == len(faults), told
    for line, beginning in zip(told, faults, strict=True):
        assert line.startswith(beginning), line


def test_many_faults_are_told_and_then_counted() -> None:
    steps = "".join('[[step]]\ndo = "heal"\n' for _ in range(15))
    told = refuse(f'duration = "1s"\n{steps}')
    assert (len(told), told[-1]) == (11, "and 5 more")


@pytest.mark.parametrize("text", ["duration = 5s", "a = ", "[[step]\n", 'x = "\x00"'])
def test_what_is_no_toml(text: str) -> None:
    with pytest.raises(ManifestError, match="is no TOML") as caught:
        read(text)
    assert caught.value.reason == "manifest-not-toml"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        read_manifest(tmp_path / "none.toml")
    assert caught.value.reason == "manifest-missing"
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ManifestError, match="is no text"):
        read_manifest(tmp_path / "binary")
    (tmp_path / "large").write_bytes(b"#" * (SIZE_BYTES_MAX + 1))
    with pytest.raises(ManifestError, match="larger than"):
        read_manifest(tmp_path / "large")


def test_a_replay_stands_beside_its_manifest(tmp_path: Path) -> None:
    (tmp_path / "pay.csv").write_text("time,from,to,amount\n1,a,b,5\n")
    path = tmp_path / "m.toml"
    path.write_text('duration = "5s"\n[load]\nreplay = "pay.csv"\nrate = 3')
    assert read_manifest(path).load.replay == Path("pay.csv")
    path.write_text('duration = "5s"\n[load]\nreplay = "pay.csv"\nrate = 0')
    with pytest.raises(ManifestError, match="a replay has a rate above 0"):
        read_manifest(path)


def test_lines_are_found() -> None:
    lines = map_lines('a = 1\n"b c" = 2\n[x.y]\nz.w = 3\n# c = 4\n[[s]]\n[[s]]\nk = 1\n')
    assert lines["a",] == 1
    assert lines["b c",] == 2
    assert lines["x", "y", "z", "w"] == 4
    assert (lines["s", 0], lines["s", 1], lines["s", 1, "k"]) == (6, 7, 8)
    assert ("c",) not in lines
    assert find_line(lines, ("s", 1, "unknown")) == 7
    assert find_line(lines, ("unknown",)) is None


def test_the_schema_says_how_times_are_written() -> None:
    schema = make_schema()
    assert schema["properties"]["duration"]["pattern"].endswith("(ms|s|min)$")
    assert schema["additionalProperties"] is False
