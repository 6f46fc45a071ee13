"""Every claim about costs, measured: each protocol in some committees, and what is said where one errs."""

import dataclasses

import pytest

from consensus import agreements, synchronous
from consensus.committee import Committee
from consensus.simulation.agreement_costs import measure_agreement, measure_synchronous
from consensus.simulation.cost_page import draw_costs
from consensus.simulation.overview import (
    AGREEMENT,
    ENGINE,
    SYNCHRONOUS,
    describe_single,
    list_jobs,
    list_sizes,
    measure_job,
)

SINGLES = [job for job in list_jobs() if job[0] in {AGREEMENT, SYNCHRONOUS}]


@pytest.mark.parametrize("job", SINGLES, ids="-".join)
def test_an_agreement_costs_what_it_claims(job: tuple[str, str]) -> None:
    claims, _, find_faults, act = describe_single(*job)
    sizes = [size for size in list_sizes(find_faults, claims.size_max) if size <= 9][:3]
    assert sizes
    for size in sizes:
        for faults in {1, find_faults(size)}:
            spent = act(Committee.of(size, faults))
            formula = claims.count_messages(size, faults)
            assert spent.messages == {kind: count for kind, count in formula.items() if count}
            assert spent.rounds == claims.count_rounds(size, faults)
            assert spent.bytes_total > spent.messages_total
            assert spent.state_bytes_peak > 10


def test_what_is_sound_claims_something() -> None:
    assert all(
        synchronous.get(name).claims for name in synchronous.names() if name not in UNCLAIMED
    )
    assert [name for name in agreements.names() if agreements.get(name).claims is None] == [
        "wait-for-all",
        "first-heard",
        "always-0",
    ]


UNCLAIMED = {"majority", "majority-printed", "flood-set-short"}


def test_early_stopping_saves_rounds_and_floodset_does_not() -> None:
    committee = Committee.of(7, 3)
    assert measure_synchronous("flood-set", committee).rounds == 4
    assert measure_synchronous("early", committee).rounds == 2
    assert measure_agreement("benor", committee).rounds == 2


def test_powers_are_those_of_the_formulas() -> None:
    found = measure_job((ENGINE, "paxos"))
    fit = found.find_fit("messages")
    assert fit is not None
    assert (fit.words, fit.is_exact, found.formula) == ("3n − 3", True, "3n − 3")
    assert 1 < fit.exponent < 1.2
    assert not found.differing
    over_f = measure_job((SYNCHRONOUS, "flood-min")).find_fit("messages", "f")
    assert over_f is not None
    assert over_f.words == "110f + 110"


def test_a_claim_that_errs_is_found_and_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = agreements.get("k-set")
    assert spec.claims is not None
    wrong = dataclasses.replace(spec.claims, count_messages=lambda size, _: {"Offer": size * size})
    monkeypatch.setattr(agreements, "get", lambda _name: dataclasses.replace(spec, claims=wrong))
    found = measure_job((AGREEMENT, "k-set"))
    assert len(found.differing) == len(found.along_n) + len(found.along_f)
    page = draw_costs([found])
    assert 'class="dot far"' in page
    assert "≠" in page


def test_sizes_are_the_least_that_stand_another_fault() -> None:
    sizes = list_sizes(lambda size: (size - 1) // 3)
    assert sizes[:6] == [4, 7, 10, 13, 16, 19]
    assert len(sizes) <= 12
    assert max(sizes) > 40
    assert list_sizes(lambda size: (size - 1) // 3, 8) == [4, 5, 6, 7, 8]
