"""What is made of what was seen: gaps, outcomes, findings, and the picture of it all."""

import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from node.load.heights import HeadSeen
from node.manifests.account import Gaps, PlayAccount, draw_up
from node.manifests.page import write_report
from node.manifests.picture import draw_picture
from node.manifests.play import Play
from node.manifests.reading import parse_manifest
from node.manifests.sight import Cut, Span, see
from node.manifests.watch import ConditionSeen, ViewSeen, Watch
from node.testnet.network import Network
from node.testnet.plan import Plan
from node.testnet.processes import Condition
from node.testnet.verdict import Verdict

SCRIPT = """
title = "A <test> & more"
about = "First.\\n\\nSecond."
duration = "20s"
[expect]
max_gap = "3s"
min_final = 10
max_p95 = "1s"
min_view_changes = 1
max_view_changes = 1
[[step]]
at = "5s"
do = "kill"
nodes = 0
max_gap = "3s"
[[step]]
at = "9s"
expect = "final"
[[step]]
at = "10s"
do = "partition"
groups = "0,1/2,3"
[[step]]
at = "15s"
do = "heal"
[[step]]
at = "19s"
expect = "stalled"
"""
BLOCKS = [1.0, 2.0, 3.0, 4.0, 5.5, 8.0, 9.0, 9.9, 15.5, 17.0, 19.0]
VERDICT = Verdict(
    engine="pbft", nodes=4, seconds=20, submitted=12, final=12, failed=0, dropped=0, lost=0,
    tx_per_second=0.6, latency_ms={"p50": 1.0, "p95": 900.0, "p99": 950.0}, height=11, forks={},
    agree=True,
)  # fmt: skip


class SeenWatch(Watch):
    """A watch that has seen final blocks at these seconds, on all nodes alike."""

    def __init__(self, network: Network, blocks: list[float]) -> None:
        super().__init__(network.members)
        self.blocks = blocks

    def list_progress(self, nodes: Sequence[int] | None = None) -> list[tuple[float, int]]:
        """The same for all."""
        del nodes
        return [(at, number) for number, at in enumerate(self.blocks, start=1)]

    def list_heads(self, node: int) -> list[HeadSeen]:
        """Two branches from height 2 on, until the end."""
        branch = "aaaa" if node < 2 else "bbbb"
        return [
            HeadSeen(1.0, 1, "1111"),
            HeadSeen(2.0 + node / 10, 2, f"{branch}2"),
            HeadSeen(3.0, 3, f"{branch}3"),
            HeadSeen(19.0, 4, "4444"),
        ]


class Seen(Play):
    """A play that is over, as its watch has seen it."""

    def __init__(self, tmp_path: Path) -> None:
        manifest = parse_manifest(SCRIPT, tmp_path / "m.toml")
        network = Network(tmp_path, Plan())
        super().__init__(manifest, tmp_path, network, lambda _line: None)
        self.ended_s = 20.0
        self.watch = self.seen = SeenWatch(network, BLOCKS)
        self.watch.views = [ViewSeen(0.1, 0, "validator-0"), ViewSeen(7.9, 1, "validator-1")]
        self.watch.conditions = {
            0: [
                ConditionSeen(0.0, Condition.RUNNING),
                ConditionSeen(5.0, Condition.GONE),
                ConditionSeen(12.0, Condition.PAUSED),
            ]
        }
        outcomes = ((5.0, None), (9.0, True), (10.0, None), (15.0, None), (19.0, False))
        for scene, (began_s, is_good) in zip(self.scenes, outcomes, strict=True):
            scene.began_s, scene.ended_s, scene.is_good = began_s, began_s + 0.1, is_good


@pytest.fixture
def seen(tmp_path: Path) -> Seen:
    return Seen(tmp_path)


def test_gaps_lie_within_their_bounds() -> None:
    gaps = Gaps([1.0, 2.0, 5.0])
    assert gaps.find_longest(0.0, 6.0) == 3.0
    assert gaps.find_longest(2.5, 4.5) == 2.0
    assert gaps.find_longest(4.0, 10.0) == 5.0
    assert (gaps.find_next(2.0), gaps.find_next(5.0)) == (5.0, None)
    assert Gaps([]).find_longest(1.0, 4.0) == 3.0


def test_each_step_tells_what_came_after_it(seen: Seen) -> None:
    account = draw_up(seen, VERDICT)
    kill, final, partition, heal, stalled = account.steps
    assert (kill.outcome, kill.next_final_ms, kill.gap_ms, kill.view_changes) == (
        "done",
        500,
        2500,
        1,
    )
    assert (final.outcome, final.gap_ms) == ("met", None)
    assert (partition.next_final_ms, partition.gap_ms, partition.view_changes) == (5500, 5000, 0)
    assert (heal.gap_ms, heal.took_ms) == (2000, 100)
    assert stalled.outcome == "missed"
    assert (account.longest_gap_ms, account.view_changes) == (5600, 1)


def test_findings_decide(seen: Seen) -> None:
    account = draw_up(seen, VERDICT)
    assert not account.is_good
    met = {finding.what: finding.is_met for finding in account.findings}
    assert met == {
        "all nodes agree": True,
        "accepted and lost": True,
        "longest time without a final block": False,
        "without a final block after step 1": True,
        "latency p95": True,
        "final transactions": True,
        "view changes": True,
    }
    plain = account.to_plain()
    assert (plain["engine"], plain["good"], len(plain["steps"])) == ("pbft", False, 5)


@pytest.mark.parametrize("fault", ["none", "skipped", "failed", "missed", "disagreement"])
def test_a_run_is_good_only_if_all_holds(seen: Seen, fault: str) -> None:
    seen.seen.blocks = [number / 2 for number in range(1, 40)]
    seen.scenes[4].is_good = fault != "missed"
    if fault == "failed":
        seen.scenes[0].is_good = False
    if fault == "skipped":
        seen.scenes[3].began_s = None
    verdict = msgspec.structs.replace(VERDICT, agree=fault != "disagreement")
    account: PlayAccount = draw_up(seen, verdict)
    assert account.is_good == (fault == "none")


def test_a_sight_tells_what_is_drawn(seen: Seen) -> None:
    sight = see(seen)
    assert sight.lanes[0].spans == [Span(5.0, 12.0, "down"), Span(12.0, 20.0, "paused")]
    assert sight.lanes[1].spans == []
    assert sight.cuts == [Cut(Span(10.0, 15.0, "partition 0,1/2,3"), 3, "partition")]
    assert [round(span.until_s - span.from_s, 1) for span in sight.stills] == [
        1.5,
        2.5,
        5.6,
        1.5,
        2.0,
    ]
    assert sight.views == [(7.9, 1)]
    assert [mark[1:] for mark in sight.marks] == [
        (1, True),
        (2, True),
        (3, True),
        (4, True),
        (5, False),
    ]


def test_the_report_is_one_file_that_asks_for_nothing(seen: Seen, tmp_path: Path) -> None:
    account = draw_up(seen, VERDICT)
    write_report(tmp_path / "r.svg", seen, account)
    picture = (tmp_path / "r.svg").read_text()
    ElementTree.fromstring(picture)
    write_report(tmp_path / "r.html", seen, account)
    page = (tmp_path / "r.html").read_text()
    assert "A &lt;test&gt; &amp; more" in page
    assert "<p>First.</p>" in page
    assert "not everything held" in page
    for text in (page, picture):
        assert "<test>" not in text
        links = set(re.findall(r"https?://[^\"' ]+", text))
        assert links == {"http://www.w3.org/2000/svg"}
        assert not re.search(r"<script|<link|@import|url\(", text)


def test_a_network_that_never_moved_is_drawn_too(seen: Seen, tmp_path: Path) -> None:
    seen.seen.blocks = []
    write_report(tmp_path / "r.svg", seen, draw_up(seen, VERDICT))
    assert "no final block was seen" in (tmp_path / "r.svg").read_text()


def test_forks_are_seen_and_drawn(seen: Seen, tmp_path: Path) -> None:
    watch = seen.watch
    assert watch.find_conflict(1.5, 5.0) == "nodes 0 and 2 had different heads at height 2"
    assert (watch.find_conflict(0.0, 1.5), watch.find_conflict(5.0, 20.0)) == ("", "")
    assert (watch.find_common(1.0), watch.find_common(4.0)) == ((1, True), (3, False))
    assert watch.find_common(20.0) == (4, True)
    assert "hsl(" not in draw_picture(see(seen), "x")
    watch.reorganisations = {0: 1}
    picture = draw_picture(see(seen), "x")
    fills = re.findall(r"hsl\([0-9]+", picture)
    assert (len(fills), len(set(fills))) == (16, 6)
    write_report(tmp_path / "r.html", seen, draw_up(seen, VERDICT))
    assert "on the same branch" in (tmp_path / "r.html").read_text()
