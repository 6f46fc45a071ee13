"""Every cell of the table of bounds, just inside and just outside, and the order between cells."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.errors import ModelError
from consensus.model.bounds import Assumptions, Bound, find_bound, judge
from consensus.model.faults import FaultKind
from consensus.model.links import Authentication, Links, Loss
from consensus.model.theorems import Theorem
from consensus.model.timing import Timing
from consensus.model.topology import Topology, make_complete, make_ring, make_star
from consensus.model.validity import Agreement, Validity

SYNC, PARTIAL, ASYNC = Timing
CRASH, BYZANTINE = FaultKind.CRASH, FaultKind.BYZANTINE
OMISSION = FaultKind.GENERAL_OMISSION
V0, V1, V2, V3, V4 = Validity
ANY = (V0, V1, V4)
ROWS = (CRASH, FaultKind.SEND_OMISSION, OMISSION, BYZANTINE)


def assume(
    timing: Timing,
    kind: FaultKind,
    validity: Validity,
    *,
    signed: bool = False,
    uniform: bool = False,
    coins: bool = False,
    values: int | None = None,
) -> Assumptions:
    authentication = Authentication.SIGNATURES if signed else Authentication.CHANNELS
    links = Links(delay=timing, authentication=authentication)
    agreement = Agreement.UNIFORM if uniform else Agreement.CORRECT
    return Assumptions(links, kind, validity, agreement, coins, values)


CELLS: list[tuple[Timing, FaultKind, dict[str, Any], tuple[Validity, ...], int, Theorem]] = [
    (SYNC, CRASH, {}, ANY, 1, Theorem.SYNCHRONOUS_CRASH),
    (SYNC, CRASH, {"uniform": True}, ANY, 1, Theorem.SYNCHRONOUS_CRASH),
    (SYNC, CRASH, {}, (V2,), 2, Theorem.CRASH_OF_PROPOSERS),
    (SYNC, CRASH, {"uniform": True}, (V2,), 2, Theorem.CRASH_OF_PROPOSERS),
    (SYNC, OMISSION, {"uniform": True}, (*ANY, V2), 2, Theorem.SYNCHRONOUS_OMISSION),
    (SYNC, OMISSION, {}, ANY, 1, Theorem.AUTHENTICATED_BROADCAST),
    (SYNC, OMISSION, {}, (V2,), 2, Theorem.CRASH_OF_PROPOSERS),
    (SYNC, BYZANTINE, {}, (*ANY, V2), 3, Theorem.ORAL_MESSAGES),
    (SYNC, BYZANTINE, {"signed": True}, ANY, 1, Theorem.AUTHENTICATED_BROADCAST),
    (SYNC, BYZANTINE, {"signed": True}, (V2,), 2, Theorem.AUTHENTICATED_CONSENSUS),
    (PARTIAL, CRASH, {}, ANY, 2, Theorem.PARTIAL_SYNCHRONY_BENIGN),
    (PARTIAL, CRASH, {"uniform": True}, ANY, 2, Theorem.PARTIAL_SYNCHRONY_BENIGN),
    (PARTIAL, CRASH, {"uniform": True}, (V2,), 3, Theorem.DELAYED_PROPOSERS),
    (PARTIAL, OMISSION, {"uniform": True}, ANY, 2, Theorem.PARTIAL_SYNCHRONY_BENIGN),
    (PARTIAL, OMISSION, {}, (V2,), 3, Theorem.DELAYED_PROPOSERS),
    (PARTIAL, BYZANTINE, {}, (*ANY, V2), 3, Theorem.PARTIAL_SYNCHRONY_BYZANTINE),
    (PARTIAL, BYZANTINE, {"signed": True}, (*ANY, V2), 3, Theorem.PARTIAL_SYNCHRONY_BYZANTINE),
    (ASYNC, CRASH, {"coins": True}, ANY, 2, Theorem.RANDOMISED_BENIGN),
    (ASYNC, CRASH, {"coins": True}, (V2,), 3, Theorem.DELAYED_PROPOSERS),
    (ASYNC, OMISSION, {"coins": True, "uniform": True}, ANY, 2, Theorem.RANDOMISED_BENIGN),
    (ASYNC, BYZANTINE, {"coins": True}, (*ANY, V2), 3, Theorem.RANDOMISED_BYZANTINE),
    (
        ASYNC,
        BYZANTINE,
        {"coins": True, "signed": True},
        (*ANY, V2),
        3,
        Theorem.RANDOMISED_BYZANTINE,
    ),
]
FLAT = [
    pytest.param(assume(timing, kind, level, **more), multiple, theorem)
    for timing, kind, more, levels, multiple, theorem in CELLS
    for level in levels
]


@pytest.mark.parametrize(("assumptions", "multiple", "theorem"), FLAT)
def test_a_cell_of_the_table(assumptions: Assumptions, multiple: int, theorem: Theorem) -> None:
    for faults in range(1, 5):
        inside = judge(assumptions, multiple * faults + 1, faults)
        outside = judge(assumptions, multiple * faults, faults)
        assert inside.is_granted
        assert not outside.is_granted
        assert inside.theorem is outside.theorem is theorem
        assert theorem.citation in outside.reason


@pytest.mark.parametrize(("kind", "validity"), list(product(FaultKind, Validity)))
def test_no_deterministic_engine_stands_a_fault_without_time(
    kind: FaultKind, validity: Validity
) -> None:
    assumptions = assume(ASYNC, kind, validity, signed=True)
    assert judge(assumptions, 100, 0).is_granted
    refused = judge(assumptions, 100, 1)
    assert refused.theorem is Theorem.FLP
    assert not refused.is_granted
    assert "f = 0" in refused.reason


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.CRASH_RECOVERY,
        FaultKind.CRASH_RECOVERY_TAIL,
        FaultKind.SEND_OMISSION,
        FaultKind.RECEIVE_OMISSION,
        FaultKind.TIMING,
    ],
)
def test_kinds_between_the_rows_are_judged_as_omission_and_the_verdict_says_so(
    kind: FaultKind,
) -> None:
    verdict = judge(assume(SYNC, kind, V1, uniform=True), 2, 1)
    assert not verdict.is_granted
    assert verdict.judged_as is OMISSION
    assert verdict.theorem is Theorem.SYNCHRONOUS_OMISSION
    assert f"{kind.value} judged as general-omission" in verdict.reason
    assert judge(assume(SYNC, kind, V1, uniform=True), 3, 1).is_granted


@pytest.mark.parametrize(
    ("timing", "more", "values", "multiple"),
    [
        (SYNC, {"kind": CRASH}, 2, 2),
        (SYNC, {"kind": CRASH}, 5, 5),
        (SYNC, {"kind": BYZANTINE}, 2, 3),
        (SYNC, {"kind": BYZANTINE}, 4, 4),
        (SYNC, {"kind": BYZANTINE, "signed": True}, 2, 2),
        (SYNC, {"kind": BYZANTINE, "signed": True}, 3, 3),
        (PARTIAL, {"kind": CRASH}, 2, 3),
        (PARTIAL, {"kind": BYZANTINE, "signed": True}, 3, 4),
        (ASYNC, {"kind": BYZANTINE, "coins": True}, 4, 5),
    ],
)
def test_a_value_of_a_correct_proposer(
    timing: Timing, more: dict[str, Any], values: int, multiple: int
) -> None:
    bound = find_bound(assume(timing, validity=V3, values=values, **more))
    assert bound.multiple == multiple


@pytest.mark.parametrize("timing", [SYNC, PARTIAL])
def test_among_values_that_nobody_can_count_none_is_surely_a_correct_ones(timing: Timing) -> None:
    verdict = judge(assume(timing, CRASH, V3), 1_000, 1)
    assert not verdict.is_granted
    assert verdict.theorem is Theorem.STRONG_CONSENSUS


def may_all_be_rare(heard: int, faults: int, values: int) -> bool:
    """Can inputs be such that no value has more than `faults` proposers among those heard."""
    return any(
        sum(counts) == heard for counts in product(range(min(faults, heard) + 1), repeat=values)
    )


@pytest.mark.parametrize(("faults", "values"), list(product((1, 2, 3), (2, 3))))
def test_the_bounds_for_correct_proposers_are_the_pigeonhole(faults: int, values: int) -> None:
    for size in range(faults + 1, 14):
        known = judge(assume(SYNC, CRASH, V3, values=values), size, faults)
        assert known.is_granted != may_all_be_rare(size, faults, values)
        unknown = judge(assume(PARTIAL, CRASH, V3, values=values), size, faults)
        assert unknown.is_granted != may_all_be_rare(size - faults, faults, values)


ALL = st.builds(
    assume,
    st.sampled_from(Timing),
    st.sampled_from(FaultKind),
    st.sampled_from(Validity),
    signed=st.booleans(),
    coins=st.booleans(),
    values=st.one_of(st.none(), st.integers(2, 4)),
)


def is_no_harder(easy: Assumptions, hard: Assumptions) -> bool:
    """Does each assumption and promise of the second make it at least as hard as the first."""
    return (
        easy.links.implies(hard.links)
        and hard.fault_kind.includes(easy.fault_kind)
        and hard.validity.implies(easy.validity)
        and easy.is_randomised >= hard.is_randomised
        and easy.values == hard.values
    )


@given(ALL, ALL, st.integers(1, 12), st.integers(0, 4))
def test_what_is_granted_to_the_hard_is_granted_to_the_easy(
    easy: Assumptions, hard: Assumptions, size: int, faults: int
) -> None:
    if is_no_harder(easy, hard) and judge(hard, size, faults).is_granted:
        assert judge(easy, size, faults).is_granted


def test_no_pair_of_cells_is_out_of_order() -> None:
    cells = [
        assume(timing, kind, level, signed=signed, coins=coins, values=3)
        for timing, kind, level in product(Timing, ROWS, Validity)
        for signed, coins in product((False, True), repeat=2)
    ]
    bounds = {cell: find_bound(cell).multiple or 99 for cell in cells}
    compared = [(a, b) for a, b in product(cells, repeat=2) if is_no_harder(a, b)]
    assert len(compared) > 1_000
    assert not [(a, b) for a, b in compared if bounds[a] > bounds[b]]


@pytest.mark.parametrize(("size", "faults"), [(0, 0), (4, -1), (1, 1), (3, 3)])
def test_what_is_no_configuration_is_granted_nothing(size: int, faults: int) -> None:
    assert not judge(assume(SYNC, CRASH, V1), size, faults).is_granted


def test_one_replica_alone_agrees_with_itself_over_any_links() -> None:
    links = Links(Loss.LOSSY, delay=PARTIAL)
    assert judge(Assumptions(links, CRASH, V1), 1, 0).is_granted


@pytest.mark.parametrize(
    ("loss", "timing", "granted"),
    [
        (Loss.LOSSY, SYNC, False),
        (Loss.LOSSY, PARTIAL, False),
        (Loss.FAIR_LOSSY, SYNC, False),
        (Loss.FAIR_LOSSY, PARTIAL, True),
        (Loss.RELIABLE, SYNC, True),
    ],
)
def test_two_generals(loss: Loss, timing: Timing, granted: bool) -> None:
    verdict = judge(Assumptions(Links(loss, delay=timing), CRASH, V1), 2, 0)
    assert verdict.is_granted is granted
    assert (verdict.theorem is Theorem.TWO_GENERALS) is not granted


def test_liars_must_not_write_other_names() -> None:
    links = Links(delay=PARTIAL, authentication=Authentication.NONE)
    verdict = judge(Assumptions(links, BYZANTINE, V4), 100, 1)
    assert not verdict.is_granted
    assert verdict.theorem is Theorem.KNOWN_SENDERS
    assert judge(Assumptions(links, BYZANTINE, V4), 100, 0).is_granted
    assert judge(Assumptions(links, CRASH, V4), 100, 1).is_granted


@pytest.mark.parametrize(
    ("topology", "kind", "signed", "granted"),
    [
        (make_complete(7), BYZANTINE, False, True),
        (make_ring(7), CRASH, False, True),
        (make_ring(7), BYZANTINE, True, True),
        (make_ring(7), BYZANTINE, False, False),
        (make_star(7), CRASH, False, False),
        (make_ring(6), CRASH, False, False),
    ],
)
def test_the_graph_has_to_stand_the_faults_too(
    topology: Topology, kind: FaultKind, signed: bool, granted: bool
) -> None:
    verdict = judge(assume(PARTIAL, kind, V4, signed=signed), 7, 1, topology)
    assert verdict.is_granted is granted
    assert (verdict.theorem is Theorem.CONNECTIVITY) is not granted
    assert ("connectivity > " in verdict.bound_text) is not granted


def test_uniform_agreement_is_not_asked_of_liars() -> None:
    with pytest.raises(ModelError):
        assume(SYNC, BYZANTINE, V1, uniform=True)


def test_agreement_is_about_a_choice() -> None:
    with pytest.raises(ModelError):
        assume(SYNC, CRASH, V3, values=1)


def test_bounds_in_words() -> None:
    texts = [Bound(multiple, Theorem.FLP).text for multiple in (None, 1, 3)]
    assert texts == ["f = 0", "n > f", "n > 3f"]
    assert not Bound(3, Theorem.FLP).covers(0, 0)


def test_theorems_have_different_names_and_all_have_sources() -> None:
    assert len({theorem.title for theorem in Theorem}) == len(Theorem)
    assert all(theorem.sources for theorem in Theorem)
