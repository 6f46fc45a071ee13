"""Agreements as casts on a lasting network."""

from consensus.agreement import Opened, Propose
from consensus.agreements import AgreementSpec
from consensus.committee import Committee
from consensus.exploration.cast import Cast, Knowledge, Place, Seat
from consensus.exploration.engines import swap


def make_agreement_cast(
    spec: AgreementSpec,
    committee: Committee,
    inputs: tuple[int | None, ...],
    *,
    timers: bool = False,
    rounds_max: int | None = None,
    restarts_max: int = 0,
) -> Cast:
    """One participant for each input; whoever has none proposes nothing."""
    seats = tuple(
        Seat(me, (Opened(), *([] if bit is None else [Propose(bytes([bit]))])))
        for me, bit in zip(committee.members, inputs, strict=True)
    )

    return Cast(
        committee,
        lambda me: spec.create(me, committee),
        seats,
        Knowledge(tidy=spec.forget, may_fire=lambda _participant, _timer: timers),
        find_round=spec.find_round,
        rounds_max=rounds_max,
        restarts_max=restarts_max,
        restart=lambda journal: (Opened(tuple(journal)),),
        permutations=list_alike(inputs),
    )


def list_alike(inputs: tuple[int | None, ...]) -> tuple[tuple[Place, ...], ...]:
    """Participants with the same input may stand for each other."""
    size = len(inputs)
    return tuple(
        swap(size, a, b)
        for a in range(size)
        for b in range(a + 1, size)
        if inputs[a] == inputs[b] and inputs[a] not in inputs[a + 1 : b]
    )
