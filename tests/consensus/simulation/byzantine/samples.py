"""Messages of every kind that PBFT has, as replica 0 would mean them, and what it heard."""

from typing import Any

from consensus.committee import Committee
from consensus.message import Message, Signed, compute_digest, sign_message
from consensus.pbft.messages import (
    Ask,
    Checkpoint,
    CheckpointCertificate,
    Commit,
    CommitSeal,
    Decision,
    NewView,
    Prepare,
    PreparedCertificate,
    PrePrepare,
    Proposal,
    Standing,
    Tell,
    ViewChange,
)
from consensus.simulation.byzantine.behaviour import Liar
from consensus.simulation.chance import Chance
from consensus.simulation.signatures import make_sign

VALUE = b"0/7: pay"
DIGEST = compute_digest(VALUE)
OTHER = compute_digest(b"1/7: other")
BLOCK = compute_digest(b"a block")
VIEW = 4
HEIGHT = 7


def make_liar(seed: int = 1, size: int = 4, name: int = 0) -> Liar:
    """Replica 0 of 4, patient for a second."""
    return Liar(
        name=name,
        committee=Committee.of(size, 1),
        chance=Chance(seed),
        sign=make_sign(name),
        patience_ms=1_000,
        forge_value=lambda height, n: f"{name}/{height}: forged{n}".encode(),
    )


def signed(name: int, body: Message) -> Any:
    """A vote."""
    return sign_message(Signed(name, body), make_sign(name))


def proposal(name: int = 0, digest: bytes = DIGEST) -> Any:
    """Primary 0 proposes."""
    return signed(name, Proposal(VIEW, HEIGHT, digest))


def prepare(name: int, digest: bytes = DIGEST, height: int = HEIGHT) -> Any:
    """A vote of the first phase."""
    return signed(name, Prepare(VIEW, height, digest))


def commit(name: int, digest: bytes = DIGEST) -> Any:
    """A vote of the second phase."""
    return signed(name, Commit(VIEW, HEIGHT, digest))


def checkpoint(name: int) -> Any:
    """A vote for a block id."""
    return signed(name, Checkpoint(HEIGHT, BLOCK))


def view_change(name: int) -> Any:
    """With a certificate of others' votes."""
    certificate = PreparedCertificate(proposal(), (prepare(1), prepare(2)))
    stable = (checkpoint(1), checkpoint(2), checkpoint(3))
    return signed(name, ViewChange(VIEW + 1, 4, stable, (certificate,)))


PRE_PREPARE = PrePrepare(proposal(), VALUE)
NEW_VIEW = signed(
    0, NewView(VIEW + 4, tuple(view_change(n) for n in (1, 2, 3)), (proposal(), proposal()))
)
MEANT: tuple[Any, ...] = (
    PRE_PREPARE,
    prepare(0),
    commit(0),
    checkpoint(0),
    view_change(0),
    NEW_VIEW,
    Ask(HEIGHT, DIGEST),
    Tell(HEIGHT, VALUE),
    Decision(HEIGHT, (VALUE,), CommitSeal((commit(1), commit(2), commit(3)))),
    CheckpointCertificate((checkpoint(0), checkpoint(1), checkpoint(2))),
    Standing(VIEW, True, HEIGHT, 4, False, True),
)
"""What the engine of replica 0 may mean to say."""
HEARD: tuple[tuple[int, Any], ...] = (
    (1, prepare(1)),
    (2, prepare(2, OTHER)),
    (2, commit(2)),
    (3, checkpoint(3)),
    (3, view_change(3)),
    (1, PrePrepare(proposal(1, OTHER), b"1/7: other")),
    (2, Standing(VIEW, False, HEIGHT, 4, True, False)),
)
"""What it may hear from others."""
