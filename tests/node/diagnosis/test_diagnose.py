"""Each finding from a real engine that was brought into that situation in a simulated cluster."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from consensus.message import Signed
from consensus.pbft.messages import Commit, NewView, PrePrepare, ViewChange
from consensus.pbft.replica import Role
from consensus.simulation.links import Quality
from node.diagnosis.facts import Change, Clock, CoinFacts, Evidence, TreeFacts
from node.diagnosis.finding import Code, Finding, Severity
from node.diagnosis.standstill import find_missing_shares
from tests.node.diagnosis.bench import Bench


def is_body(message: Any, kind: type) -> bool:
    """Is this a signed vote of a kind."""
    return isinstance(message, Signed) and isinstance(message.body, kind)


# Bringing it about. Each leaves a cluster in which some host has that to say.


def rest(bench: Bench) -> None:
    bench.work()
    bench.run(2_000)


def be_under_way(bench: Bench) -> None:
    rest(bench)
    bench.lose(lambda _a, _b, m: is_body(m, Commit))
    bench.cluster.submit("pay")
    bench.run(300)


def lose_two(bench: Bench) -> None:
    rest(bench)
    bench.cluster.crash(2)
    bench.cluster.crash(3)
    bench.cluster.submit("pay")
    bench.run(5_000)


def hang_and_lose(bench: Bench) -> None:
    rest(bench)
    bench.cluster.hosts[2].pause()
    bench.cluster.crash(3)
    bench.run(1_000)


def lose_two_of_three(bench: Bench) -> None:
    rest(bench)
    bench.cluster.crash(1)
    bench.cluster.crash(2)
    bench.cluster.submit("pay")
    bench.run(5_000)


def lose_two_at_rest(bench: Bench) -> None:
    rest(bench)
    bench.cluster.crash(1)
    bench.cluster.crash(2)
    bench.run(100)


def lose_one(bench: Bench) -> None:
    rest(bench)
    bench.cluster.crash(3)
    bench.run(1_000)


def be_late(bench: Bench) -> None:
    rest(bench)
    bench.cluster.links.quality = Quality(60, 300)
    bench.cluster.submit("pay")
    bench.run(1_950)


def hang_one(bench: Bench) -> None:
    rest(bench)
    bench.cluster.hosts[3].pause()
    bench.run(1_000)


def hang_leader(bench: Bench) -> None:
    rest(bench)
    bench.cluster.hosts[0].pause()
    bench.cluster.submit("pay", [1, 2, 3])
    bench.run(600)


def kill_leader(bench: Bench) -> None:
    rest(bench)
    bench.cluster.crash(0)
    bench.cluster.submit("pay", [1, 2])
    bench.run(400)


def lose_commits(bench: Bench) -> None:
    rest(bench)
    bench.lose(lambda _a, _b, m: is_body(m, Commit))
    bench.cluster.submit("pay")
    bench.run(1_200)


def lose_accepted(bench: Bench) -> None:
    rest(bench)
    bench.lose(lambda _a, b, m: b == 0 and type(m).__name__ == "Accepted")
    bench.cluster.submit("pay")
    bench.run(700)


def propose_nothing(bench: Bench) -> None:
    rest(bench)
    for host in bench.cluster.hosts.values():
        host.habits.answers_requests = False
    bench.cluster.submit("pay")
    bench.run(2_000)


def ask_in_vain(bench: Bench) -> None:
    rest(bench)
    bench.lose(lambda a, _b, m: a in {0, 3} and is_body(m, ViewChange))
    bench.lose(lambda a, _b, m: a == 0 and isinstance(m, PrePrepare))
    bench.cluster.submit("pay")
    bench.run(3_000)


def open_in_vain(bench: Bench) -> None:
    rest(bench)
    bench.lose(lambda _a, _b, m: is_body(m, NewView))
    bench.lose(lambda a, _b, m: a == 0 and isinstance(m, PrePrepare))
    bench.cluster.submit("pay")
    bench.run(1_500)


def check_for_long(bench: Bench) -> None:
    rest(bench)
    for host in bench.cluster.hosts.values():
        host.habits.check_ms = 60_000
    bench.cluster.submit("pay")
    bench.run(1_200)


def fall_behind(bench: Bench) -> None:
    bench.cluster.crash(3)
    for _ in range(3):
        bench.work()
    bench.cluster.restart(3)
    bench.run(0)


def lose_journal(bench: Bench) -> None:
    rest(bench)
    last = max(bench.cluster.hosts)
    bench.cluster.crash(last)
    bench.cluster.wipe(last, journal_only=True)
    bench.cluster.restart(last)
    bench.run(1_000)


def follow(bench: Bench) -> None:
    rest(bench)


def halt(bench: Bench) -> None:
    rest(bench)
    engine: Any = bench.cluster.hosts[1].engine
    engine.replica.role = Role.HALTED
    bench.run(3_000)


def mine(bench: Bench) -> None:
    bench.run(20_000)


def cut_one_off(bench: Bench) -> None:
    bench.run(20_000)
    bench.cluster.links.partition([0], [1, 2, 3])
    bench.run(3_000)


def lose_most_miners(bench: Bench) -> None:
    bench.run(20_000)
    bench.cluster.crash(2)
    bench.cluster.crash(3)
    bench.run(1_000)


def split_off(bench: Bench) -> None:
    bench.run(5_000)
    engine: Any = bench.cluster.hosts[0].engine
    engine.replica.warned = True
    bench.run(1_000)


@dataclass(frozen=True)
class Case:
    """What is brought about, who is asked, and what has to be its headline."""

    engine: str
    size: int
    bring: Callable[[Bench], None]
    place: int
    code: Code
    severity: Severity
    text: str
    members: tuple[int, ...] = ()
    changes: tuple[tuple[str, Any], ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    is_headline: bool = True


FAULT, WARNING, OK, INFO = Severity.FAULT, Severity.WARNING, Severity.OK, Severity.INFO
DRY = TreeFacts(interval_ms=2_000, difficulty=1_000_000, network_rate=5e5, own_rate=0.0, workers=0)
CASES = [
    Case("pbft", 4, rest, 1, Code.IDLE, OK, "at rest: nothing to do since block 8, 2.4 s ago"),
    Case("paxos", 3, rest, 1, Code.IDLE, OK, "at rest: nothing to do since block 8"),
    Case("pbft", 4, be_under_way, 1, Code.MOVING, OK, "moving: block 8, 2."),
    Case("pow", 4, mine, 1, Code.MOVING, OK, "; the next is expected in about 4.4 s"),
    Case(
        "pbft", 4, lose_two, 0, Code.QUORUM_UNREACHABLE, FAULT,
        "2 of 4 validators unreachable (validator-2, validator-3); 3 are needed, 2 are there", (2, 3),
    ),
    Case(
        "pbft", 4, hang_and_lose, 1, Code.QUORUM_UNREACHABLE, FAULT,
        "2 of 4 validators missing (validator-2 silent, validator-3 unreachable); 3 are needed", (2, 3),
    ),
    Case(
        "paxos", 3, lose_two_of_three, 0, Code.QUORUM_UNREACHABLE, FAULT,
        "2 of 3 validators unreachable (validator-1, validator-2); 2 are needed, 1 is there", (1, 2),
    ),
    Case(
        "paxos", 3, lose_two_at_rest, 0, Code.QUORUM_UNREACHABLE, FAULT,
        "2 of 3 validators unreachable", (1, 2),
    ),
    Case(
        "pbft", 4, hang_leader, 1, Code.LEADER_SILENT, FAULT,
        "validator-0 (linked but silent for 0.6 s) leads and has brought nothing for 0.6 s", (0,),
    ),
    Case(
        "paxos", 3, kill_leader, 1, Code.LEADER_SILENT, FAULT,
        "validator-0 (unreachable for 0.4 s) leads and has brought nothing for 0.4 s", (0,),
    ),
    Case(
        "pbft", 4, lose_commits, 0, Code.WAITING_FOR_VOTES, FAULT,
        "block 9 has 1 of 3 commits (validator-0) after", (1, 2, 3),
    ),
    Case(
        "paxos", 3, lose_accepted, 0, Code.VIEW_CHANGING, WARNING, "nobody leads",
    ),
    Case(
        "pbft", 4, propose_nothing, 0, Code.NO_PROPOSALS, FAULT,
        "validator-1 leads and is there, 1 transaction waits here, and nothing has been proposed", (1,),
    ),
    Case(
        "pbft", 4, ask_in_vain, 1, Code.VIEW_CHANGING, WARNING,
        "2 of 3 validators have asked for another leader (validator-1 and validator-2)", (0, 3),
    ),
    Case(
        "pbft", 4, open_in_vain, 2, Code.VIEW_CHANGING, WARNING,
        "a quorum asked for view 1, which validator-1", (1,),
    ),
    Case(
        "pbft", 4, check_for_long, 1, Code.BODIES_MISSING, FAULT,
        "not all of its transactions have been received",
        options=(("parameters", {"timeout_ms": 1_500, "timeout_max_ms": 1_500}),),
    ),
    Case(
        "pbft", 4, fall_behind, 3, Code.CATCHING_UP, WARNING,
        "catching up from validator-0: block 0 of 24, 24 blocks to go", (0,),
        (("target", 24), ("helpers", ("validator-0",))),
    ),
    Case(
        "pbft", 4, fall_behind, 3, Code.CATCHING_UP, FAULT,
        "block 0 of 24, 24 blocks to go; none came for 20 s", (),
        (("target", 24), ("head_ms", 20_000)),
    ),
    Case("pbft", 4, halt, 1, Code.DIVERGED, FAULT, "another irreversible block"),
    Case("pow", 4, split_off, 0, Code.DIVERGED, FAULT, "another irreversible block"),
    Case(
        "pow", 4, cut_one_off, 0, Code.PARTITIONED, FAULT,
        "0 of 3 expected peers linked (validator-1, validator-2, validator-3 are missing)", (1, 2, 3),
    ),
    Case(
        "pow", 4, lose_most_miners, 0, Code.PARTITIONED, WARNING,
        "1 of 3 expected peers linked (validator-2, validator-3 are missing)", (2, 3),
        is_headline=False,
    ),
    Case(
        "pow", 4, mine, 0, Code.NO_MINERS, FAULT,
        "no block for 60 s, one was expected each 2.0 s; the next takes 1,000,000 hashes, and this"
        " node does not mine", (), (("head_ms", 60_000), ("tree", DRY)),
    ),
    Case(
        "pbft", 4, lose_one, 0, Code.MEMBER_UNREACHABLE, WARNING,
        "validator-3 is unreachable for 1.0 s; 3 of 4 are there, 3 are needed: no other may fail", (3,),
        is_headline=False,
    ),
    Case(
        "pbft", 7, lose_one, 0, Code.MEMBER_UNREACHABLE, WARNING,
        "6 of 7 are there, 5 are needed: one more may fail", (3,), is_headline=False,
    ),
    Case(
        "paxos", 4, hang_one, 0, Code.MEMBER_SILENT, WARNING,
        "validator-3 is linked but silent for 1.0 s", (3,), is_headline=False,
    ),
    Case(
        "pbft", 4, lose_journal, 3, Code.OBSERVING, WARNING, "does not vote until block 48 is certified",
        is_headline=False,
    ),
    Case(
        "paxos", 3, lose_journal, 2, Code.OBSERVING, WARNING, "if it ever is", is_headline=False,
    ),
    Case(
        "pbft", 4, follow, 4, Code.NOT_A_MEMBER, INFO, "this node follows", (),
        options=(("followers", 1),), is_headline=False,
    ),
    Case(
        "pbft", 4, rest, 0, Code.OVERDUE, WARNING, "the oldest waits for 40 s", (0,),
        (("is_overdue", True), ("oldest_ms", 40_000)), is_headline=False,
    ),
    Case(
        "pbft", 4, rest, 0, Code.MEMPOOL_FULL, WARNING, "1,000 of 1,000 transactions", (),
        (("pending", 1_000),), is_headline=False,
    ),
    Case(
        "pbft", 4, rest, 0, Code.LEADER_REPLACED, INFO,
        "validator-0 replaced validator-3 as leader 5.0 s ago (view 0)", (0, 3),
        (("former_leader", "validator-3"), ("reign_ms", 5_000)), is_headline=False,
    ),
    Case(
        "pbft", 4, lose_one, 0, Code.LEADER_REPLACED, WARNING, "; validator-3 is unreachable", (0, 3),
        (("former_leader", "validator-3"), ("reign_ms", 900)), is_headline=False,
    ),
    Case(
        "pbft", 4, rest, 0, Code.COMMITTEE_CHANGING, INFO,
        "a new committee takes office above block 40: validator-4 join and validator-2 leave", (4, 2),
        (("change", Change(40, ("validator-4",), ("validator-2",))),), is_headline=False,
    ),
    Case(
        "pbft", 4, rest, 0, Code.COMMITTEE_CHANGING, INFO,
        "it begins when the former one has certified that block", (4,),
        (("change", Change(40, ("validator-4",), (), is_handing_over=True)),), is_headline=False,
    ),
    Case(
        "pbft", 4, rest, 0, Code.CLOCK_DRIFT, WARNING,
        "the clock of validator-2 is ahead: what validator-2 proposed 1.0 s ago was dated 12 s further",
        (2,), (("clocks", (Clock("validator-2", 12_000, 1_000),)),), is_headline=False,
    ),
    Case(
        "pbft", 4, rest, 0, Code.CLOCK_DRIFT, WARNING, "this node's clock is behind", (2, 3),
        (("clocks", (Clock("validator-2", 9, 2_000), Clock("validator-3", 8, 1_000))),),
        is_headline=False,
    ),
    Case(
        "floodset", 3, be_late, 0, Code.NOT_IN_TIME, FAULT,
        "messages come later than the engine's rounds allow", (),
    ),
    Case(
        "pbft", 4, rest, 0, Code.LIAR_SEEN, WARNING,
        "validator-1 signed votes that clash: 2 proofs since 7.0 s", (1,),
        (("evidence", (Evidence("validator-1", 7_000), Evidence("validator-1", 3_000))),),
        is_headline=False,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.engine}-{case.bring.__name__}-{case.code}"
)
def test_the_situation_is_named(case: Case) -> None:
    bench = Bench(case.engine, case.size, **dict(case.options))
    case.bring(bench)
    findings = bench.look(case.place, **dict(case.changes))
    said = [(finding.code, finding.text) for finding in findings]
    if case.is_headline:
        assert findings[0].code is case.code, said
    else:
        assert findings[0].severity is OK, said
    found = next((finding for finding in findings if finding.code is case.code), None)
    assert found is not None, said
    assert case.text in found.text
    assert found.severity is case.severity
    assert found.members == tuple(f"validator-{member}" for member in case.members)
    assert bool(found.advice) or found.severity in {OK, INFO} or case.code is Code.LEADER_REPLACED


def test_every_code_of_a_node_is_brought_about() -> None:
    of_others = {Code.STARTING, Code.STOPPING, Code.NODE_DOWN, Code.NODES_DISAGREE, Code.LINKS_CUT}
    assert {case.code for case in CASES} == set(Code) - of_others


def find(findings: tuple[Finding, ...], code: Code) -> Finding:
    """The one with a code."""
    return next(finding for finding in findings if finding.code is code)


def test_a_lost_quorum_is_dated_from_the_loss_that_mattered() -> None:
    bench = Bench("pbft", 4)
    rest(bench)
    bench.cluster.crash(2)
    bench.run(5_000)
    bench.cluster.crash(3)
    bench.run(3_000)
    assert find(bench.look(0), Code.QUORUM_UNREACHABLE).since_ms == pytest.approx(3_000, abs=100)


def test_what_comes_back_is_no_finding_any_more() -> None:
    bench = Bench("pbft", 4)
    lose_two(bench)
    bench.cluster.restart(2)
    bench.cluster.restart(3)
    bench.run(10_000)
    for place in range(4):
        assert [finding.code for finding in bench.look(place)] == [Code.IDLE]


@pytest.mark.parametrize("engine", ["pbft", "paxos"])
def test_the_cause_is_named_at_once_also_while_there_is_nothing_to_do(engine: str) -> None:
    bench = Bench(engine, 4)
    rest(bench)
    bench.cluster.crash(2)
    bench.cluster.crash(3)
    bench.run(50)
    assert bench.look(0)[0].code is Code.QUORUM_UNREACHABLE


def test_a_follower_need_not_be_linked_to_all() -> None:
    bench = Bench("pbft", 4, followers=1)
    rest(bench)
    bench.cluster.links.partition([0, 1, 2, 3], [0, 4])
    bench.run(1_000)
    assert bench.look(4)[0].code is Code.IDLE
    bench.cluster.links.partition([0, 1, 2, 3], [4])
    bench.run(1_000)
    assert bench.look(4)[0].code is Code.QUORUM_UNREACHABLE


def test_miners_that_are_too_slow_are_told_how_long_it_takes() -> None:
    bench = Bench("pow", 4)
    mine(bench)
    slow = TreeFacts(2_000, 1_000_000, None, own_rate=500.0, workers=1)
    finding = bench.look(0, head_ms=60_000, tree=slow)[0]
    assert "this node's 500 hashes a second alone take about 33 min for it" in finding.text
    stuck = TreeFacts(2_000, 1_000_000, None, own_rate=0.0, workers=2)
    assert "2 mining processes make no hashes" in bench.look(0, head_ms=60_000, tree=stuck)[0].text


def test_a_beginning_and_an_end_are_no_faults() -> None:
    bench = Bench("pbft", 4)
    rest(bench)
    codes = [finding.code for finding in bench.look(0, state="stopping")]
    assert Code.STOPPING in codes


def test_transactions_that_cannot_be_executed_keep_nobody_from_rest() -> None:
    bench = Bench("pbft", 4)
    rest(bench)
    finding = bench.look(0, pending=3)[0]
    assert finding.code is Code.IDLE
    assert "3 pending transactions cannot be executed yet" in finding.text


def test_a_coin_that_too_few_give_shares_of_is_explained() -> None:
    bench = Bench("pbft", 4)
    facts = bench.gather(bench.cluster.hosts[1])
    waiting = replace(facts.account, waiting_for="coin")
    coin = CoinFacts(height=7, heard=(1,), needed=2, age_ms=5 * facts.patience_ms)
    late = replace(facts, account=waiting, wait_ms=5 * facts.patience_ms, coin=coin)
    (finding,) = find_missing_shares(late)
    assert finding.code is Code.WAITING_FOR_VOTES
    assert finding.text.startswith("the common coin of block 7 has 1 of 2 shares (validator-1)")
    assert finding.members == ("validator-0", "validator-2", "validator-3")
    for young in (replace(late, coin=None), replace(late, coin=replace(coin, age_ms=1))):
        assert not list(find_missing_shares(young))
