"""What a prepared certificate is for: without it, a decision that one replica made is lost."""

from typing import Any

import pytest

from consensus.message import Signed
from consensus.pbft.messages import Commit, PrePrepare
from consensus.simulation.cluster import make_cluster
from consensus.simulation.history import ViolationError
from tests.consensus.mutants.planting import planted
from tests.consensus.mutants.registry import MUTANTS


def is_of_view_0(message: Any) -> bool:
    """A proposal or vote of the first view."""
    if isinstance(message, PrePrepare):
        return message.proposal.body.view == 0
    return isinstance(message, Signed) and getattr(message.body, "view", 1) == 0


def decide_at_one_and_change_view() -> None:
    """Only replica 3 decides; the others restart and must find the value in another view."""
    cluster = make_cluster(parameters={"timeout_ms": 600, "idle_block_ms": 100})
    cluster.start()
    cluster.links.filters.append(
        lambda _a, b, m: b == 3 or not (isinstance(m, Signed) and isinstance(m.body, Commit))
    )
    cluster.submit("pay")
    cluster.run(25)
    assert cluster.heights() == (0, 0, 0, 1)
    for name in range(4):
        cluster.crash(name)
    cluster.links.heal()
    cluster.links.filters.append(lambda _a, _b, m: not is_of_view_0(m))
    for name in range(3):
        cluster.restart(name)
    cluster.submit("other")
    assert cluster.run_until(lambda: min(cluster.heights()[:3]) >= 2, 20_000)


def test_what_one_replica_decided_is_found_again() -> None:
    decide_at_one_and_change_view()


@pytest.mark.parametrize("name", ["forgets-prepared", "hides-certificates"])
def test_without_its_certificates_it_would_be_lost(name: str) -> None:
    with planted(MUTANTS[name]), pytest.raises(ViolationError, match="disagrees by height 1"):
        decide_at_one_and_change_view()
