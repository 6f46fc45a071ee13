"""The agreements that can be explored, by name: how to make one, and what is known about its states.

Beside the catalog of engines: an agreement decides one value, once, and needs no ledger. Inputs are
bits, one byte each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import consensus.benor.agreement as benor
import consensus.benor.claims as benor_claims
import consensus.benor.shifting as benor_shifting
import consensus.exploration.straw_men as straw
import consensus.paxos.complexity as paxos_complexity
import consensus.paxos.shifting as paxos_shifting
import consensus.paxos.single as paxos
from consensus.benor import mmr
from consensus.committee import (
    Committee,
    ReplicaId,
    largest_byzantine_faults,
    largest_crash_faults,
)
from consensus.errors import UnknownEngineError
from consensus.model.claims import Claims
from consensus.variants import adopting, k_set

PATIENCE_MS = 1_000
"""Of proposers; an exploration lets timers run out whenever it likes."""
FACES = (0, 1)


@dataclass(frozen=True, slots=True)
class Shifting:
    """How to count an agreement's rounds from elsewhere (see `exploration.shifted`)."""

    find_round: Callable[[Any], int | None]
    tidy: Callable[[Any], None]
    lower: Callable[[Any, int], None]
    lower_message: Callable[[Any, int], Any]
    is_spent: Callable[[Any, Any, Any], bool] | None = None
    """Sender, receiver, message: could it only bring about what is stale; None if there is no such."""


@dataclass(frozen=True, slots=True)
class AgreementSpec:
    """One kind of agreement."""

    name: str
    create: Callable[[ReplicaId, Committee], Any]
    words: str
    """What it is, for people."""
    is_stale: Callable[[Any, Any], bool]
    """Can a message change nothing any more, now or later, at a participant."""
    find_round: Callable[[Any], int]
    """The round, or ballot, that a participant has come to; what a bound is put on."""
    shifting: Shifting | None = None
    default_faults: Callable[[int], int] = largest_crash_faults
    """The most that a number of members stands."""
    forget: Callable[[Any], None] = lambda _participant: None
    """Takes away from a state what no later step reads, whatever links do."""
    calm: Callable[[Any], None] = lambda _participant: None
    """Turns on what a participant has against rivals, where it was made without."""
    count_values: Callable[[Committee], int] = lambda _committee: 1
    """How many different values may be decided: more than one is weak consensus."""
    common_faces: tuple[int, ...] | None = None
    """What its common coin shows in an exploration, round by round and over again; None for a coin each.

    Known beforehand, so that schedulers have more power than they may have: safety has to stand it.
    """
    claims: Claims | None = None
    """What its good case costs; None for what is here to be broken."""


def create_paxos(me: ReplicaId, committee: Committee) -> paxos.SinglePaxos:
    """Who retries at once when refused, so that rivals may chase each other."""
    return paxos.SinglePaxos(me, committee, PATIENCE_MS, backs_off=False)


def back_off(single: paxos.SinglePaxos) -> None:
    """From now on it waits when refused."""
    single.backs_off = True


def create_adopting(me: ReplicaId, committee: Committee) -> adopting.Adopting:
    """Ben-Or's, after hearing what others wish."""
    return adopting.Adopting(committee, benor.BenOr(me, committee))


def is_stale_in_adopting(participant: adopting.Adopting, message: Any) -> bool:
    """Of either part."""
    is_wish = isinstance(message, adopting.Wish)
    inner = participant.inner
    return adopting.is_stale(participant, message) if is_wish else benor.is_stale(inner, message)


_SPECS = (
    AgreementSpec(
        "benor",
        benor.BenOr,
        "Ben-Or's randomised agreement, crash faults, n > 2f",
        benor.is_stale,
        lambda participant: participant.round,
        Shifting(
            benor_shifting.find_round,
            benor_shifting.tidy,
            benor_shifting.lower,
            benor_shifting.lower_message,
        ),
        claims=benor_claims.VOTES,
        forget=benor_shifting.forget,
    ),
    AgreementSpec(
        "benor-common",
        lambda me, committee: benor.BenOr(me, committee, benor.Rule.BINDING),
        "the same with a common coin and the rule that binds it, n > 2f",
        benor.is_stale,
        lambda participant: participant.round,
        common_faces=FACES,
        claims=benor_claims.BINDING,
    ),
    AgreementSpec(
        "benor-byz",
        lambda me, committee: benor.BenOr(me, committee, benor.Rule.LYING),
        "Ben-Or's protocol B, members lie, n > 5f",
        benor.is_stale,
        lambda participant: participant.round,
        default_faults=lambda size: (size - 1) // 5,
        claims=benor_claims.VOTES,
    ),
    AgreementSpec(
        "mmr",
        mmr.Mmr,
        "Mostéfaoui, Moumen and Raynal's agreement with a common coin, members lie, n > 3f",
        mmr.is_stale,
        lambda participant: participant.round,
        common_faces=FACES,
        default_faults=largest_byzantine_faults,
        claims=benor_claims.LYING,
    ),
    AgreementSpec(
        "paxos",
        create_paxos,
        "single-decree Paxos whose refused proposers retry at once, n > 2f",
        paxos_shifting.is_stale,
        lambda participant: participant.proposer.ballot.round,
        Shifting(
            paxos_shifting.find_round,
            paxos_shifting.tidy,
            paxos_shifting.lower,
            paxos_shifting.lower_ballots,
            paxos_shifting.is_spent,
        ),
        calm=back_off,
        claims=paxos_complexity.SINGLE,
    ),
    AgreementSpec(
        "adopting",
        create_adopting,
        "Ben-Or's after hearing n - f inputs: validity V2 where n > 3f",
        is_stale_in_adopting,
        lambda participant: participant.inner.round,
        claims=adopting.make_claims(benor_claims.VOTES),
    ),
    AgreementSpec(
        "k-set",
        k_set.KSet,
        "k-set agreement: the least of n - f inputs, at most f + 1 values",
        k_set.is_stale,
        lambda _participant: 1,
        count_values=lambda committee: committee.weak_quorum,
        claims=k_set.CLAIMS,
    ),
    AgreementSpec(
        "wait-for-all",
        lambda me, committee: straw.StrawMan(me, committee, committee.size),
        "decides the majority of all n inputs",
        straw.is_stale,
        lambda _participant: 1,
    ),
    AgreementSpec(
        "first-heard",
        lambda me, committee: straw.StrawMan(me, committee, committee.size - committee.faults),
        "decides the majority of the first n - f inputs",
        straw.is_stale,
        lambda _participant: 1,
    ),
    AgreementSpec(
        "always-0",
        lambda me, committee: straw.StrawMan(me, committee, 0),
        "decides 0",
        straw.is_stale,
        lambda _participant: 1,
    ),
)
_BY_NAME = {spec.name: spec for spec in _SPECS}


def names() -> tuple[str, ...]:
    """All that there are."""
    return tuple(_BY_NAME)


def get(name: str) -> AgreementSpec:
    """Raises `UnknownEngineError`."""
    if name not in _BY_NAME:
        known = ", ".join(_BY_NAME)
        raise UnknownEngineError(f"no agreement {name[:80]!r}; there are: {known}")
    return _BY_NAME[name]
