"""An engine for tests of the chain: single-decree Paxos at every height."""

from dataclasses import replace
from typing import Any

import msgspec

from consensus import catalog
from consensus.chaining import attesting, checkpoint, engine, messages
from consensus.chaining.accounting import compute_account
from consensus.chaining.family import Family, Standing
from consensus.committee import Committee, ReplicaId
from consensus.message import Codec, Height, Signed
from consensus.paxos import messages as paxos
from consensus.paxos.single import SinglePaxos

NAME = "single-chain"
PROGRESS_BOUND_MS = 60_000
"""Rivals wait for random times, so this is a guess with room."""
Body = paxos.Prepare | paxos.Promise | paxos.Accept | paxos.Accepted | paxos.Nack | paxos.Learned


class Parameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Durations in milliseconds, distances in heights."""

    checkpoint_interval: int = 4
    window: int = 8
    idle_block_ms: int = 100
    resend_ms: int = 100
    patience_ms: int = 400


def open_single(
    me: ReplicaId, committee: Committee, _height: Height, parameters: Any
) -> SinglePaxos:
    return SinglePaxos(me, committee, parameters.patience_ms)


def tell(agreement: SinglePaxos) -> Standing:
    proposer = agreement.proposer
    return Standing(
        "proposing",
        max(proposer.ballot.round, 0),
        "promises",
        agreement.committee.majority,
        tuple(sorted(proposer.promises)),
    )


FAMILY = Family(NAME, open_single, tell, proves=False)
_PAXOS = catalog.get("paxos")

SPEC = replace(
    _PAXOS,
    name=NAME,
    model=replace(
        _PAXOS.model,
        delays=8,
        largest_delay_ms=lambda _parameters: 500,
        progress_bound_ms=lambda _parameters, _size, _faults, _delay_ms: PROGRESS_BOUND_MS,
    ),
    parameters=Parameters,
    messages=Codec(
        messages.At[Body]
        | messages.Lack
        | messages.Learned
        | Signed[messages.Outcome | messages.Checkpoint]
        | messages.CheckpointCertificate
    ),
    records=Codec(
        messages.Noted[paxos.Promised | paxos.Entry]
        | messages.Given
        | messages.Begun
        | messages.Lost
        | messages.CheckpointCertificate
    ),
    seals=Codec(messages.Word | messages.Attestation),
    certificates=Codec(messages.CheckpointCertificate),
    create=lambda me, committee, parameters: engine.create(FAMILY, me, committee, parameters),
    account=compute_account,
    patience_ms=lambda parameters: int(parameters.patience_ms),
    probes=(),
    restless=({},),
    judge_seal=attesting.judge_word,
    judge_certificate=lambda certificate, committee: checkpoint.judge_certificate(
        certificate, committee, committee.majority
    ),
    change=None,
    silence_ms=None,
    reads=False,
)
