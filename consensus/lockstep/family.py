"""The two engines of the catalog, and what both have in common there."""

from typing import Any

from consensus.chaining import checkpoint, messages
from consensus.chaining.counting import PROBES as CHAIN_PROBES
from consensus.chaining.counting import ROLES
from consensus.chaining.keeper import Role
from consensus.chaining.refusals import Refusal as ChainRefusal
from consensus.committee import Committee, ReplicaId
from consensus.engine import Account
from consensus.lockstep.engine import Synchronous
from consensus.lockstep.engine import create as create_engine
from consensus.lockstep.messages import Bound, Said
from consensus.lockstep.paced import ALARM_COUNTERS, Paced
from consensus.lockstep.refusals import Refusal
from consensus.message import Codec, Height, Signed

FLOODING, CONFIRMING, ABSTAINING, WAITING = "flooding", "confirming", "abstaining", "waiting"
PHASES: tuple[str, ...] = (FLOODING, CONFIRMING, ABSTAINING, WAITING, *ROLES)
"""In a slot: the algorithm runs; its word is confirmed; an alarm was raised. Outside: staying away."""

MESSAGES = Codec(
    Said
    | messages.Lack
    | messages.Learned
    | Signed[messages.Checkpoint]
    | messages.CheckpointCertificate
)
RECORDS = Codec(Bound | messages.Begun | messages.Lost | messages.CheckpointCertificate)
SEALS = Codec(messages.Word)
CERTIFICATES = Codec(messages.CheckpointCertificate)
REFUSALS: tuple[str, ...] = tuple(dict.fromkeys((*Refusal, *ChainRefusal)))

PROBES: tuple[str, ...] = (
    *(name for name in CHAIN_PROBES if name != "reopened"),
    "restarted_bound",  # a restart that was bound to a value above the ledger
    "bound_carried",  # a slot began with a value that an earlier one had bound
    "abstained",  # the assumption was seen to break in the middle of a slot
    "stayed_away",  # a slot began without this replica
    *ALARM_COUNTERS.values(),
)
COUNTERS: tuple[str, ...] = (
    *PROBES,
    "synchrony_violations",  # alarms of all kinds
    "slots",  # a slot that this replica took part in
    "decided",  # a height with a value
    "nulls",  # a height that orders nothing
)


def create_floodset(me: ReplicaId | None, committee: Committee, parameters: Any) -> Synchronous:
    """A replica whose slots run FloodSet."""
    return create_engine("flood-set-locked", me, committee, parameters)


def create_early(me: ReplicaId | None, committee: Committee, parameters: Any) -> Synchronous:
    """A replica whose slots run early stopping."""
    return create_engine("early-locked", me, committee, parameters)


def judge_certificate(certificate: Any, committee: Committee) -> tuple[Height, bytes] | None:
    """The height and block id that a majority signed."""
    return checkpoint.judge_certificate(certificate, committee, committee.majority)


def compute_account(engine: Synchronous) -> Account:
    """Phase, round and the voices that are still needed for the next height."""
    paced = engine.paced
    keeper, slot = paced.keeper, paced.slot
    heard: tuple[ReplicaId, ...] = tuple(sorted(paced.present))
    phase, waiting_for, needed = keeper.role.value, "members", paced.needed
    if keeper.role is Role.HALTED:
        waiting_for, needed, heard = "operator", 0, ()
    elif paced.is_behind:
        waiting_for, needed, heard = "blocks", 0, ()
    elif keeper.decided + 1 in keeper.results:
        waiting_for, needed, heard = "value", 1, ()
    elif slot is not None:
        heard = tuple(sorted(slot.run.mail.keys() | slot.run.quiet))
        phase, waiting_for = tell_slot(paced)
        if slot.outcome:
            heard = tuple(sorted(slot.confirms if slot.has_spoken_last else slot.reports))
    elif keeper.is_voting:
        phase = WAITING
    return Account(
        phase=phase,
        view=0,
        leader=None,
        height=keeper.decided + 1,
        waiting_for=waiting_for,
        needed=needed,
        heard=heard,
        counters=dict(sorted(keeper.counters.items())),
    )


def tell_slot(paced: Paced) -> tuple[str, str]:
    """What a slot does, and waits for."""
    slot = paced.slot
    assert slot is not None
    if slot.alarm is not None:
        return ABSTAINING, "synchrony"
    if slot.outcome:
        return CONFIRMING, "confirmations"
    has_work = paced.keeper.pending or paced.wish.height == slot.height
    return FLOODING, "round" if has_work else "work"
