"""What the record keeps beside what it follows from, and the short cuts, never differ from it."""

from typing import Any

import pytest

from consensus.engine import clone, step
from consensus.idling import is_idling
from consensus.pbft.replica import Replica
from consensus.pbft.timing import is_unfinished, is_waiting
from tests.consensus.recording import Step, record_run


@pytest.fixture(scope="module")
def replicas() -> list[Replica]:
    """The records after every step of a lossy run with crashes and view changes."""
    with pytest.MonkeyPatch.context() as patch:
        steps = record_run("pbft", patch).steps
    return [after(s) for s in steps]


def after(recorded: Step) -> Replica:
    """The record once the step is done."""
    engine: Any = clone(recorded.before)
    step(engine, recorded.event)
    replica: Replica = engine.replica
    return replica


def test_who_leads_the_view(replicas: list[Replica]) -> None:
    assert {replica.view for replica in replicas} > {0}
    for replica in replicas:
        assert replica.primary == replica.committee.primary(replica.view)


def test_the_claim_that_is_trusted(replicas: list[Replica]) -> None:
    assert len({replica.trusted_claim for replica in replicas}) > 1
    for replica in replicas:
        assert replica.trusted_claim == replica.compute_trusted_claim()


def test_who_holds_a_certificate_has_voted_for_its_proposal(replicas: list[Replica]) -> None:
    """So `advance` need not look at a vote that comes after the commit."""
    slots = [slot for replica in replicas for slot in replica.slots.values() if slot.certificate]
    assert slots
    for slot in slots:
        assert slot.accepted_view >= slot.certificate_view


def test_the_timers_that_run_are_those_that_should(replicas: list[Replica]) -> None:
    for replica in replicas:
        running = replica.clock.progress, replica.clock.resend, replica.clock.idle
        assert running == (is_waiting(replica), is_unfinished(replica), is_idling(replica))
