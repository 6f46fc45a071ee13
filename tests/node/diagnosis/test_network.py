"""Conclusions for a whole network, from what its nodes say."""

import dataclasses
from typing import Any

import pytest

from node.diagnosis.finding import Code, Severity
from node.diagnosis.network import Told, conclude
from tests.node.diagnosis.bench import Bench
from tests.node.diagnosis.telling import tell_all


def rested(engine: str = "pbft", size: int = 4, **options: Any) -> Bench:
    bench = Bench(engine, size, **options)
    bench.work()
    bench.run(2_000)
    return bench


def test_all_well() -> None:
    (headline,) = conclude(tell_all(rested()))
    assert (headline.code, headline.severity) == (Code.IDLE, Severity.OK)
    assert headline.text == "at rest, nothing to do: block 8; 4 of 4 nodes are well"


def test_it_moves_though_one_is_down() -> None:
    bench = rested()
    bench.cluster.crash(3)
    bench.run(500)
    moving, down = conclude(tell_all(bench))
    assert moving.text == "at rest, nothing to do: block 8; 3 of 4 nodes are well"
    assert (down.code, down.members) == (Code.NODE_DOWN, ("validator-3",))
    assert "its process does not run" in down.text
    assert down.advice == "Start validator-3."


def test_a_lost_quorum_says_who_does_not_answer_and_what_the_others_wait_for() -> None:
    bench = rested()
    bench.cluster.crash(2)
    bench.cluster.hosts[3].pause()
    bench.run(3_000)
    headline, down = conclude(tell_all(bench))
    assert headline.code is Code.QUORUM_UNREACHABLE
    assert headline.text == (
        "cannot move for 3.0 s: validator-2 and validator-3 do not answer and nobody is linked to them;"
        " validator-0 and validator-1 wait for 3 of 4 votes"
    )
    assert headline.members == ("validator-2", "validator-3")
    assert down.advice == "Start validator-2. Let validator-3 go on."


def test_cut_links_are_told_from_nodes_that_are_down() -> None:
    bench = rested()
    bench.cluster.links.partition([0, 1], [2, 3])
    bench.run(1_000)
    (headline,) = [f for f in conclude(tell_all(bench)) if f.severity is Severity.FAULT]
    assert headline.code is Code.LINKS_CUT
    assert "[validator-0, validator-1] and [validator-2, validator-3] do not reach" in headline.text
    assert "neither side decides anything" in headline.text


def test_the_larger_side_of_a_cut_goes_on() -> None:
    bench = rested()
    bench.cluster.links.partition([0, 1, 2], [3])
    bench.run(1_000)
    findings = conclude(tell_all(bench))
    assert [finding.code for finding in findings] == [
        Code.IDLE,
        Code.LINKS_CUT,
        Code.NODES_DISAGREE,
    ]
    assert "only the first side decides" in findings[1].text
    assert findings[1].members == ("validator-3",)
    assert findings[2].text.startswith("validator-3 says: 3 of 4 validators unreachable")


def test_where_blocks_are_mined_both_sides_of_a_cut_go_on_and_that_is_the_fault() -> None:
    bench = Bench("pow", 4)
    bench.run(10_000)
    bench.cluster.links.partition([0, 1], [2, 3])
    bench.run(1_000)
    headline = conclude(tell_all(bench))[0]
    assert (headline.code, headline.severity) == (Code.LINKS_CUT, Severity.FAULT)
    assert "one of them will be undone" in headline.text


def test_clashing_final_blocks_come_before_all_else() -> None:
    told = tell_all(rested())
    ids = [b"\x01" * 32, b"\x01" * 32, b"\x02" * 32, b"\x01" * 32]
    told = [dataclasses.replace(one, common_id=id_) for one, id_ in zip(told, ids, strict=True)]
    headline = conclude(told)[0]
    assert (headline.code, headline.severity) == (Code.NODES_DISAGREE, Severity.FAULT)
    assert "validator-2 020202020202" in headline.text


def test_a_common_fault_is_told_in_the_words_of_one_of_them() -> None:
    bench = rested()
    for host in bench.cluster.hosts.values():
        host.habits.answers_requests = False
    bench.cluster.submit("pay")
    bench.run(2_000)
    headline = conclude(tell_all(bench))[0]
    assert headline.code is Code.NO_PROPOSALS
    assert headline.text.startswith("stands still, as ")


def test_one_that_is_behind_is_named() -> None:
    bench = Bench("pbft", 4)
    bench.cluster.crash(3)
    for _ in range(3):
        bench.work()
    bench.cluster.restart(3)
    behind = next(f for f in conclude(tell_all(bench)) if f.code is Code.CATCHING_UP)
    assert behind.text == "behind the foremost, which is at block 24: validator-3 (24 blocks)"


@pytest.mark.parametrize(("count", "text"), [(1, "the node does not answer"), (3, "none of 3")])
def test_nobody_answers(count: int, text: str) -> None:
    told = [Told(f"validator-{number}", "http://fake") for number in range(count)]
    (headline,) = conclude(told)
    assert (headline.code, headline.severity) == (Code.NODE_DOWN, Severity.FAULT)
    assert text in headline.text


def test_followers_alone_can_be_asked() -> None:
    bench = rested(followers=1)
    (told,) = [one for one in tell_all(bench) if one.name == "validator-4"]
    headline = conclude([told, told])[0]
    assert headline.text == "at rest, nothing to do: block 8; 2 of 2 nodes are well"
