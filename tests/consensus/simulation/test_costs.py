"""Message counts against the formulas of the catalog, exactly (Castro and Liskov 1999)."""

from collections.abc import Iterable

import pytest

from consensus import catalog
from consensus.engine_spec import Contract
from consensus.errors import BoundError, ConsensusError, ContractError, UnknownEngineError
from consensus.simulation.costs import (
    Case,
    Cost,
    MeasureError,
    measure,
    measure_good_case,
    measure_view_change,
)

ENGINES = tuple(name for name in catalog.names() if catalog.get(name).contract is Contract.CHAIN)
LEADERS = tuple(name for name in ENGINES if catalog.get(name).model.view_change_messages(4))
SIZES = (4, 5, 7, 10, 16, 31, 64)
MESSAGES_MAX = 12_500
"""A height of a committee that says more takes too long to play."""
ALL_SIZES = range(4, 65)


def explain(cost: Cost) -> str:
    return f"n={cost.nodes}: {cost.counted}, not {cost.formula}; {cost.reading.rounds} rounds"


def list_sizes(engine: str, sizes: Iterable[int]) -> list[int]:
    """The committees that can be played in a short time."""
    model = catalog.get(engine).model
    return [size for size in sizes if model.messages(size) <= MESSAGES_MAX]


def list_cases(engine: str) -> list[Case]:
    """No leader is replaced where nobody leads."""
    return [case for case in Case if case is Case.GOOD or engine in LEADERS]


@pytest.mark.parametrize(
    ("engine", "case", "nodes"),
    [(e, c, n) for e in ENGINES for c in list_cases(e) for n in list_sizes(e, SIZES)],
)
def test_counts_equal_the_formulas(engine: str, case: Case, nodes: int) -> None:
    cost = measure(case, engine, nodes)
    assert cost.is_equal, explain(cost)
    assert sum(cost.counted.values()) > 0


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "case"), [(e, c) for e in ENGINES for c in list_cases(e)])
def test_counts_equal_the_formulas_for_every_size(engine: str, case: Case) -> None:
    costs = [measure(case, engine, nodes) for nodes in list_sizes(engine, ALL_SIZES)]
    assert [explain(cost) for cost in costs if not cost.is_equal] == []


@pytest.mark.parametrize("nodes", range(4, 14))
def test_pbft_good_case_is_two_n_times_n_minus_one(nodes: int) -> None:
    reading = measure_good_case("pbft", nodes).reading
    assert reading.messages_total == 2 * nodes * (nodes - 1)
    assert reading.rounds == 3


@pytest.mark.parametrize("faults", [0, 1, 2])
def test_counts_do_not_depend_on_f(faults: int) -> None:
    assert measure_good_case("pbft", 7, faults).is_equal
    if faults:
        assert measure_view_change("pbft", 7, faults).is_equal


def test_the_decision_after_a_view_change_is_not_in_its_price() -> None:
    cost = measure_view_change("pbft", 4)
    assert set(cost.counted) == {"Standing", "ViewChange", "NewView"}
    rest = {kind: n for kind, n in cost.reading.messages.items() if kind not in cost.counted}
    assert rest == {"PrePrepare": 3, "Prepare": 2 * 3, "Commit": 3 * 3}


def test_a_view_change_takes_the_patience_of_the_backups() -> None:
    spec = catalog.get("pbft")
    patience_ms = spec.patience_ms(catalog.parse_parameters(spec, {}))
    assert measure_view_change("pbft", 4).reading.first_ms[0] > patience_ms
    assert measure_good_case("pbft", 4).reading.first_ms[0] < patience_ms


def test_a_wrong_formula_is_seen() -> None:
    cost = measure_good_case("pbft", 4)
    wrong = Cost(
        cost.case, cost.engine, 4, 1, cost.counted, {**cost.formula, "Commit": 13}, 3, cost.reading
    )
    too_deep = Cost(cost.case, cost.engine, 4, 1, cost.counted, cost.formula, 2, cost.reading)
    assert cost.is_equal
    assert not wrong.is_equal
    assert not too_deep.is_equal


@pytest.mark.parametrize(
    ("engine", "nodes", "faults", "error"),
    [
        ("paxox", 4, None, UnknownEngineError),
        ("pbft", 0, None, MeasureError),
        ("pbft", 1_000_000, None, MeasureError),
        ("pbft", 3, 1, BoundError),
    ],
)
@pytest.mark.parametrize("case", Case)
def test_impossible_sizes(
    engine: str, nodes: int, faults: int | None, error: type[ConsensusError], case: Case
) -> None:
    with pytest.raises(error):
        measure(case, engine, nodes, faults)


def test_no_leader_may_crash_where_nobody_may() -> None:
    with pytest.raises(MeasureError, match="f = 0"):
        measure_view_change("pbft", 3)


def test_where_nobody_leads_no_leader_may_crash() -> None:
    with pytest.raises(MeasureError, match="no leader"):
        measure_view_change("benor", 3)


def test_a_tree_of_blocks_is_never_at_rest() -> None:
    with pytest.raises(ContractError, match="never at rest"):
        measure_good_case("pow", 4)
