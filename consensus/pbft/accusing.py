"""Transferable evidence: two signed votes that no correct replica makes both of."""

from collections.abc import Iterator
from typing import Any

from consensus.committee import ReplicaId
from consensus.effects import Accuse, Effect
from consensus.message import Signed
from consensus.pbft.replica import Replica


def accuse(
    replica: Replica, offender: ReplicaId, evidence: tuple[Signed[Any], Signed[Any]]
) -> Iterator[Effect]:
    """Show two signed votes that clash; once per offender, for the proof does not get better."""
    if offender not in replica.accused:
        replica.accused.add(offender)
        replica.count("equivocation_seen")
        yield Accuse(offender, evidence)
