"""Twins (Bano et al. 2021): one twin of four breaks nothing, two break agreement."""

from typing import Any

import pytest

from consensus import catalog
from consensus.engine_spec import Contract
from consensus.errors import ConsensusError, ContractError, UnknownEngineError
from consensus.message import Signed, compute_digest
from consensus.pbft.messages import (
    Commit,
    CommitSeal,
    Decision,
    PrePrepare,
    Proposal,
    Standing,
    ViewChange,
)
from consensus.simulation.twins import (
    HEIGHTS,
    ROUNDS,
    Rounds,
    TwinOutcome,
    Twins,
    TwinsError,
    check_twins,
    find_sides,
    find_view,
    open_twins,
    run_twin_scenario,
    trace_twin_scenario,
)

ENGINES = tuple(
    name
    for name in catalog.names()
    if catalog.get(name).contract is Contract.CHAIN and catalog.get(name).stands_liars
)
LED = tuple(name for name in ENGINES if catalog.get(name).causes)
"""Those with leaders, whose views are the rounds of scenarios."""
SAMPLES = {name: 36 if name in LED else 4 for name in ENGINES}
"""Scenarios of an engine in a short test; where nobody leads a height takes many more messages."""
ONE = Twins()
SCENARIOS_TO_SPLIT = 32
"""Each first round once."""


def find_violations(twins: Twins, numbers: range) -> list[TwinOutcome]:
    outcomes = (run_twin_scenario(twins, number) for number in numbers)
    return [outcome for outcome in outcomes if outcome.violation]


@pytest.mark.parametrize("engine", ENGINES)
def test_one_twin_of_four_breaks_nothing(engine: str) -> None:
    twins = Twins(engine)
    assert (
        find_violations(twins, range(0, twins.scenarios, twins.scenarios // SAMPLES[engine])) == []
    )


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("engine", LED)
@pytest.mark.parametrize("eighth", range(8))
def test_one_twin_of_four_breaks_nothing_in_any_scenario(engine: str, eighth: int) -> None:
    twins = Twins(engine)
    assert twins.scenarios == 4_096
    assert find_violations(twins, range(eighth, twins.scenarios, 8)) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_more_twins_than_f_break_agreement(engine: str) -> None:
    twins = Twins(engine, 4, 2)
    outcomes = (run_twin_scenario(twins, number) for number in range(SCENARIOS_TO_SPLIT))
    found = next(outcome for outcome in outcomes if outcome.violation)
    assert found.violation is not None
    assert found.violation.property == "agreement"
    apart = find_sides(twins, found.number)[0]
    blocks = [{place % 4 for place in range(6) if apart >> place & 1 == side} for side in (0, 1)]
    assert [len(names) for names in blocks] == [3, 3]  # each twin makes a quorum in its own block


@pytest.mark.parametrize("engine", LED)
def test_all_rounds_are_played(engine: str) -> None:
    outcomes = [run_twin_scenario(Twins(engine), number) for number in range(5, 4_096, 512)]
    assert max(max(outcome.views) for outcome in outcomes) >= ROUNDS
    assert max(outcome.decided for outcome in outcomes) > HEIGHTS
    assert len({outcome.digest for outcome in outcomes}) == len(outcomes)


def test_a_scenario_is_a_function_of_its_number() -> None:
    outcome, trace = trace_twin_scenario(ONE, 1_234)
    assert outcome == run_twin_scenario(ONE, 1_234)
    assert any(entry.kind == "lose" for entry in trace.entries)
    assert {entry.place for entry in trace.entries} == {0, 1, 2, 3, 4}


def test_twins_propose_different_values_of_the_same_height() -> None:
    _, trace = trace_twin_scenario(ONE, 0)
    proposals = {
        (entry.place, entry.detail) for entry in trace.entries if entry.name == "PrePrepare"
    }
    first = {place: detail for place, detail in proposals if "height=1 " in detail}
    assert set(first) >= {0, 4}
    assert first[0] != first[4]


def test_sides_are_the_digits_of_the_number() -> None:
    assert find_sides(ONE, 0) == (0, 0, 0)
    assert find_sides(ONE, 1 + 16 * 2 + 256 * 15) == (0b00010, 0b00100, 0b11110)
    assert len({find_sides(ONE, number) for number in range(ONE.scenarios)}) == 4_096
    assert Twins(nodes=4, twins=2).scenarios == 32**3


def let(rounds: Rounds, message: Any) -> set[tuple[int, int]]:
    hosts = rounds.cluster.hosts
    return {(a, b) for a in hosts for b in hosts if a != b and rounds.let(a, b, message)}


def test_a_message_passes_within_the_blocks_of_its_own_round() -> None:
    rounds = Rounds(open_twins(ONE), (0b00010, 0b11110, 0))
    everywhere = {(a, b) for a in range(5) for b in range(5) if a != b}
    outside_of_1 = {(a, b) for a, b in everywhere if 1 not in {a, b}}
    outside_of_0 = {(a, b) for a, b in everywhere if 0 not in {a, b}}
    digest = compute_digest(b"v")
    assert let(rounds, Signed(2, Commit(0, 1, digest))) == outside_of_1
    assert let(rounds, Signed(2, Commit(1, 1, digest))) == outside_of_0
    assert let(rounds, Signed(2, Commit(2, 1, digest))) == everywhere
    assert let(rounds, Signed(2, Commit(3, 1, digest))) == everywhere


def test_a_partition_ends_and_the_time_of_each_round_is_its_own() -> None:
    cluster = open_twins(ONE)
    rounds = Rounds(cluster, (0b00010, 0b00010, 0))
    votes = [Signed(2, Commit(view, 1, compute_digest(b"v"))) for view in range(2)]
    assert [rounds.let(0, 1, vote) for vote in votes] == [False, False]
    cluster.run(rounds.compute_length_ms(0))
    assert [rounds.let(0, 1, vote) for vote in votes] == [True, False]
    cluster.run(rounds.compute_length_ms(0))
    assert [rounds.let(0, 1, vote) for vote in votes] == [True, True]


def test_a_host_proposes_a_few_heights_in_each_round_and_may_repeat_them() -> None:
    rounds = Rounds(open_twins(ONE), (0, 0, 0))

    def propose(sender: int, view: int, height: int) -> bool:
        proposal = Proposal(view, height, compute_digest(b"v"))
        return rounds.let(sender, 2, PrePrepare(Signed(0, proposal), b"v"))

    assert [propose(0, 0, height) for height in (1, 2, 3, 1)] == [True, True, False, True]
    assert propose(4, 0, 3)
    assert propose(0, 1, 3)
    assert all(propose(0, ROUNDS, height) for height in range(1, 9))


def test_the_view_of_a_message() -> None:
    digest = compute_digest(b"v")
    seal = CommitSeal((Signed(1, Commit(7, 1, digest)),))
    assert find_view(Signed(1, Commit(7, 1, digest))) == 7
    assert find_view(PrePrepare(Signed(1, Proposal(6, 1, digest)), b"v")) == 6
    assert find_view(Signed(1, ViewChange(5, 0, (), ()))) == 5
    assert find_view(Standing(4, active=True, height=0, stable=0, suspects=True, asks=True)) == 4
    assert find_view(Decision(1, (b"v",), seal)) is None  # the seal's view is history


def test_a_message_without_a_view_is_of_the_view_its_sender_is_in() -> None:
    digest = compute_digest(b"v")
    message = Decision(1, (b"v",), CommitSeal((Signed(1, Commit(7, 1, digest)),)))
    rounds = Rounds(open_twins(ONE), (0b00010, 0, 0))
    assert not rounds.let(0, 1, message)
    assert rounds.let(0, 2, message)


@pytest.mark.parametrize(
    ("twins", "error"),
    [
        (Twins("paxox"), UnknownEngineError),
        (Twins(nodes=0), TwinsError),
        (Twins(nodes=4, twins=5), TwinsError),
        (Twins(nodes=4, twins=-1), TwinsError),
        (Twins(nodes=40), TwinsError),
        (Twins(nodes=4, twins=2), TwinsError),
    ],
)
def test_impossible_twins(twins: Twins, error: type[ConsensusError]) -> None:
    with pytest.raises(error):
        check_twins(twins)


def test_what_lies_beyond_the_bound_has_to_be_asked_for() -> None:
    check_twins(Twins(nodes=4, twins=2), beyond_bound=True)
    check_twins(Twins(nodes=7, twins=2))


@pytest.mark.parametrize("number", [-1, 4_096])
def test_there_is_no_such_scenario(number: int) -> None:
    with pytest.raises(TwinsError, match="scenarios 0 to 4095"):
        run_twin_scenario(ONE, number)


def test_where_nothing_is_signed_a_twin_proves_nothing() -> None:
    with pytest.raises(ContractError, match="one more miner"):
        check_twins(Twins("pow"))
