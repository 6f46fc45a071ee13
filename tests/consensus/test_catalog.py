"""The catalog: parameters, bounds, and what each engine says of itself."""

from dataclasses import replace
from typing import Any

import pytest

from consensus import catalog
from consensus.committee import Committee
from consensus.errors import BoundError, ConsensusError, ParameterError, UnknownEngineError
from consensus.model.faults import FaultKind
from consensus.model.theorems import Theorem
from consensus.model.timing import Timing
from consensus.model.validity import Finality, Validity
from consensus.pbft.parameters import Parameters

PBFT = catalog.get("pbft")


def test_names_are_sorted_and_known() -> None:
    assert catalog.names() == tuple(sorted(catalog.names()))
    assert all(catalog.get(name).name == name for name in catalog.names())


def test_who_names_no_engine_gets_one_that_stands_liars_and_decides_at_once() -> None:
    spec = catalog.get(catalog.DEFAULT)
    assert spec.stands_liars
    assert spec.model.finality is Finality.IMMEDIATE


@pytest.mark.parametrize(("name", "quorum", "believed"), [("pbft", 4, 2), ("paxos", 3, 1)])
def test_how_many_have_to_take_part_and_how_many_are_believed(
    name: str, quorum: int, believed: int
) -> None:
    spec, five = catalog.get(name), Committee.of(5, 1)
    assert (spec.count_quorum(five), spec.count_believed(five)) == (quorum, believed)


def test_who_tosses_common_coins_has_one_committee() -> None:
    acs, benor = catalog.get("acs"), catalog.get("benor")
    own, common = (benor.parameters(common_coin=number) for number in (0, 1))
    assert acs.tosses_common(acs.parameters())
    assert not benor.tosses_common(own)
    assert benor.tosses_common(common)
    assert not PBFT.tosses_common(Parameters())
    assert PBFT.find_terms(Parameters()) is not None
    assert replace(PBFT, needs_coin=lambda _parameters: True).find_terms(Parameters()) is None
    assert acs.find_terms(acs.parameters()) is None


def test_an_unknown_engine_is_named_with_the_known_ones() -> None:
    with pytest.raises(UnknownEngineError, match="pbft"):
        catalog.get("raft")


def test_the_model_of_pbft() -> None:
    model = PBFT.model
    assert model.timing is Timing.PARTIALLY_SYNCHRONOUS
    assert model.fault_kind is FaultKind.BYZANTINE
    assert model.validity is Validity.EXTERNAL
    assert model.finality is Finality.IMMEDIATE
    assert model.links.is_signed
    assert model.links.delivers_if_repeated
    assert not model.links.delivers_once_sent
    assert model.bound_text == "n > 3f"
    assert model.theorem is Theorem.PARTIAL_SYNCHRONY_BYZANTINE
    assert model.assume_faults(1).allows(FaultKind.GENERAL_OMISSION, 1)
    assert not model.assume_faults(1).allows(FaultKind.CRASH, 2)
    assert model.messages(4) == 24
    assert model.view_change_messages(4) == {"Standing": 15, "ViewChange": 9, "NewView": 3}
    assert model.largest_delay_ms(Parameters()) == 4_000


@pytest.mark.parametrize("name", catalog.names())
@pytest.mark.parametrize("size", range(1, 12))
def test_the_default_number_of_faults_is_the_largest_within_the_bound(name: str, size: int) -> None:
    spec = catalog.get(name)
    faults = spec.default_faults(size)
    catalog.check_configuration(spec, Committee.of(size, faults))
    with pytest.raises(BoundError):
        catalog.check_configuration(spec, Committee.of(size, faults + 1))


def test_beyond_the_bound_the_theorem_is_named_unless_it_is_a_demonstration() -> None:
    three = Committee.of(3, 1)
    with pytest.raises(BoundError, match=r"n > 3f.*Dwork"):
        catalog.check_configuration(PBFT, three)
    catalog.check_configuration(PBFT, three, allow_beyond_bound=True)


@pytest.mark.parametrize(
    "committee", [Committee((), 0), Committee((0, 1, 1, 2), 1), Committee((0, 1, 2, 3), -1)]
)
def test_a_committee_that_is_none_is_always_refused(committee: Committee) -> None:
    with pytest.raises(BoundError):
        catalog.check_configuration(PBFT, committee, allow_beyond_bound=True)


def test_parameters_have_defaults() -> None:
    assert catalog.parse_parameters(PBFT, {}) == Parameters()
    assert catalog.parse_parameters(PBFT, {"timeout_ms": 2_000}).timeout_ms == 2_000


@pytest.mark.parametrize(
    "mapping",
    [
        {"timeout": 5},
        {"timeout_ms": "1500"},
        {"timeout_ms": 1.5},
        {"timeout_ms": True},
        {"timeout_ms": None},
        {"timeout_ms": -1},
        {"timeout_ms": 2**70},
        {"pipeline": 0},
        {"window": 15},
        {"pipeline": 25},
        {"timeout_max_ms": 1_000},
        {"idle_block_ms": 800},
        {7: 5},
    ],
)
def test_bad_parameters_are_refused(mapping: dict[Any, Any]) -> None:
    with pytest.raises(ParameterError):
        catalog.parse_parameters(PBFT, mapping)


def test_errors_have_stable_reasons() -> None:
    reasons = {error.reason for error in (BoundError, ParameterError, UnknownEngineError)}
    assert reasons == {"outside-bound", "bad-engine-parameter", "unknown-engine"}
    assert issubclass(BoundError, ConsensusError)
