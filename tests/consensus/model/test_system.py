"""The entry of an engine: what it says follows from what it assumes."""

import pytest

from consensus import catalog
from consensus.model.bounds import judge
from consensus.model.faults import FaultKind
from consensus.model.theorems import Theorem
from consensus.model.timing import Timing


@pytest.mark.parametrize("name", catalog.names())
def test_bound_theorem_and_verdict_agree(name: str) -> None:
    model = catalog.get(name).model
    for size in range(1, 12):
        for faults in range(size):
            verdict = model.judge(size, faults)
            assert verdict.is_granted == model.bound.covers(size, faults)
            assert (verdict.theorem, verdict.bound_text) == (model.theorem, model.bound_text)


@pytest.mark.parametrize("name", catalog.names())
def test_an_engine_stands_the_faults_that_it_says(name: str) -> None:
    model = catalog.get(name).model
    assumption = model.assume_faults(2)
    assert assumption.worst is model.fault_kind
    assert assumption.choice is model.choice
    assert assumption.allows(FaultKind.CRASH, 2)
    assert not assumption.allows(FaultKind.CRASH, 3)


@pytest.mark.parametrize("name", catalog.names())
def test_costs_are_numbers_for_every_size(name: str) -> None:
    model = catalog.get(name).model
    for size in range(1, 65):
        assert model.messages(size) == sum(model.good_case_messages(size).values())
        assert all(count >= 0 for count in model.good_case_messages(size).values())
        assert all(count >= 0 for count in model.view_change_messages(size).values())


def test_pbft_would_not_move_without_time() -> None:
    model = catalog.get("pbft").model
    assumes = model.assumes
    asynchronous = type(assumes)(
        type(assumes.links)(
            assumes.links.loss,
            assumes.links.order,
            Timing.ASYNCHRONOUS,
            assumes.links.authentication,
        ),
        assumes.fault_kind,
        assumes.validity,
    )
    assert judge(asynchronous, 4, 1).theorem is Theorem.FLP
