"""Witnesses: each run does what its place says, and a wrong one would be noticed."""

import msgspec
import pytest

from consensus.bounds import late, partition, simulated, theorem, weak
from consensus.bounds.arguments import LATE, WEAKER
from consensus.bounds.liars import Wiring, list_two_faced
from consensus.bounds.simulated import Script, play, witness
from consensus.bounds.witness import name_value
from consensus.committee import Committee
from consensus.model.faults import FaultKind
from consensus.model.timing import Timing
from consensus.model.validity import Agreement, Validity

SCRIPTS = partition.list_scripts()
_V2 = theorem.assume(
    FaultKind.CRASH, Timing.ASYNCHRONOUS, Validity.UNANIMOUS_CORRECT, is_randomised=True
)
LIES = theorem.assume(
    FaultKind.BYZANTINE,
    Timing.ASYNCHRONOUS,
    Validity.UNANIMOUS_CORRECT,
    agreement=Agreement.CORRECT,
    is_randomised=True,
)


@pytest.mark.parametrize(
    ("title", "broken"),
    [
        (partition.LIVE, ("agreement",)),
        (partition.SAFE, ("termination",)),
        (partition.CROWD, ("agreement",)),
        (partition.CONTROL, ()),
    ],
)
def test_pbft_three_ways_and_the_control(title: str, broken: tuple[str, ...]) -> None:
    found = witness(SCRIPTS[title])
    assert found.broken == broken
    assert found.covered == (title == partition.CONTROL)
    assert found.is_as_it_should_be


def test_the_groups_hear_each_other_again_and_stay_apart() -> None:
    """What was decided stands: each ledger holds its own block at height 1."""
    played = play(SCRIPTS[partition.LIVE])
    values = {played.outcome.decisions[me] for me in (1, 2)}
    assert len(values) == 2
    assert played.violated == "agreement"


def test_six_with_two_liars_fall_as_three_with_one() -> None:
    script = partition.make_script(2, [2, 3], [4, 5], [0, 1], is_live=True)
    assert witness(script).broken == ("agreement",)
    inside = partition.make_script(2, [2, 3], [4, 5, 6], [0, 1])
    assert witness(inside).broken == ()


@pytest.mark.parametrize("number", range(len(theorem.STATEMENTS)))
def test_every_cell_works_inside_and_breaks_outside(number: int) -> None:
    cell = theorem.make_cell(number)
    assert cell.inside.covered
    assert not cell.inside.broken
    assert not cell.outside.covered
    assert cell.outside.broken
    assert cell.is_shown


def test_the_table_has_every_row_and_column() -> None:
    cells = [
        (one.assumes.fault_kind, one.assumes.timing is Timing.SYNCHRONOUS)
        for one in theorem.STATEMENTS
    ]
    wanted = {FaultKind.CRASH, FaultKind.GENERAL_OMISSION, FaultKind.BYZANTINE}
    assert set(cells) == {(kind, timing) for kind in wanted for timing in (True, False)}


def test_a_run_in_the_wrong_place_is_noticed() -> None:
    good = witness(SCRIPTS[partition.CONTROL])
    for change in ({"covered": False}, {"broken": ("agreement",)}, {"confirmed": False}):
        assert not msgspec.structs.replace(good, **change).is_as_it_should_be


def test_a_judge_that_sees_no_split_is_contradicted() -> None:
    """The simulator's own promises are the second opinion on every run of an engine."""
    script = msgspec.structs.replace(SCRIPTS[partition.LIVE], lying=(0, 1), covered=False)
    assert not witness(script).confirmed


@pytest.mark.parametrize("title", LATE)
def test_who_is_late_breaks_what_lies_outside_and_nothing_else(title: str) -> None:
    found = LATE[title]()
    assert found.is_as_it_should_be
    assert found.covered == ("> " in title)


@pytest.mark.parametrize(("name", "size", "faults"), [("mmr", 4, 1), ("mmr", 7, 2)])
def test_two_faces_are_stood_by_whom_they_should_be(name: str, size: int, faults: int) -> None:
    assert late.show_two_faces(name, size, faults, LIES).broken == ()
    stuck = late.show_two_faces(name, size - 1, faults, LIES)
    assert stuck.broken == ("termination",)


def test_one_liar_turns_protocol_b_around_at_5f() -> None:
    """All correct members hold 1, and 0 is decided, or nothing."""
    broken = late.show_diluted("benor-byz", 5, LIES)
    assert set(broken.broken) & {"validity V2", "termination"}
    assert late.show_diluted("benor-byz", 6, LIES).decisions == dict.fromkeys("01234", "1")


def test_ben_or_alone_promises_no_v2_however_many_there_are() -> None:
    """n = 7, f = 2 is inside n > 3f, and two who propose 0 and crash still have their way."""
    found = late.show_late_third("benor", 7, 2, _V2)
    assert found.covered
    assert found.broken == ("validity V2",)
    assert not found.is_as_it_should_be


@pytest.mark.parametrize(("size", "faults"), [(3, 1), (6, 2), (9, 3)])
def test_the_late_third_breaks_v2_at_3f_and_not_above(size: int, faults: int) -> None:
    assert late.show_late_third("adopting", size, faults, _V2).broken == ("validity V2",)
    assert late.show_late_third("adopting", size + 1, faults, _V2).broken == ()


def test_two_faces_are_wired_both_ways() -> None:
    wiring = Wiring(3, {0: 3}, frozenset({(2, 0)}))
    assert wiring.names == {0: 0, 1: 1, 2: 2, 3: 0}
    assert [wiring.route(place, 0) for place in range(4)] == [0, 0, 3, 3]
    assert wiring.route(3, 1) == 1


def test_liars_try_every_audience_and_every_input() -> None:
    attempts = list(list_two_faced(4, [0]))
    assert len(attempts) == 8 * 8
    assert len({(tuple(one.inputs.items()), one.seeing) for one in attempts}) == 64
    assert sum(one.divides for one in attempts) == 6


def test_quorums_are_named_as_they_are() -> None:
    live = Script("pbft", 3, 1, (), covered=False, is_live=True)
    assert live.quorum_words == "quorum n - f = 2"
    assert live.make_committee().quorum == 2
    shipped = Script("paxos", 3, 1, (), covered=True)
    assert shipped.quorum_words == "quorum as shipped = 2"
    assert shipped.make_committee() == Committee.of(3, 1)


def test_stuck_means_that_nobody_has_decided() -> None:
    found = simulated.show_stuck(theorem.STATEMENTS[2].assumes)
    assert (found.decisions, found.broken) == ({}, ("termination",))


@pytest.mark.parametrize("title", WEAKER)
def test_several_values_where_several_may_be(title: str) -> None:
    found = WEAKER[title]()
    assert found.is_as_it_should_be
    assert found.covered == ("+ 1" in title)


@pytest.mark.parametrize(("size", "faults"), [(3, 1), (4, 2)])
def test_no_schedule_scatters_the_decisions_further(size: int, faults: int) -> None:
    assert weak.count_most(Committee.of(size, faults)) == faults + 1
    scattered = weak.show_scattered(size, faults, faults)
    assert len(set(scattered.decisions.values())) == faults + 1


def test_values_in_words() -> None:
    assert name_value(b"\x01") == "1"
    assert name_value(b"0/1: pay") == "0/1: pay"
    assert name_value(b"") == ""
