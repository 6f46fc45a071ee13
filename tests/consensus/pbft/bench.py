"""One PBFT replica on a bench: the test plays all the others, and signs for them."""

from dataclasses import dataclass
from typing import Any, TypeVar

from consensus import catalog
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Effect, Ignore, Send
from consensus.engine import step
from consensus.events import Applied, Checked, Elapsed, Event, Received, Started, Verdict
from consensus.message import NULL_DIGEST, Digest, Message, Signed, compute_digest, sign_message
from consensus.pbft.engine import Pbft
from consensus.pbft.messages import (
    Checkpoint,
    CheckpointCertificate,
    Commit,
    CommitSeal,
    NewView,
    Prepare,
    PreparedCertificate,
    PrePrepare,
    Proposal,
    Standing,
    ViewChange,
)
from consensus.pbft.quorums import compute_proposals
from consensus.pbft.replica import Replica
from consensus.simulation.signatures import make_sign

E = TypeVar("E")
GENESIS_ID = bytes(32)


def vote(signer: ReplicaId, body: Message) -> Any:
    """A signed vote of anybody's."""
    return sign_message(Signed(signer, body), make_sign(signer))


def pre_prepare(signer: ReplicaId, view: int, height: int, value: bytes) -> PrePrepare:
    """A proposal with its value."""
    return PrePrepare(vote(signer, Proposal(view, height, compute_digest(value))), value)


def prepared(view: int, height: int, digest: Digest, size: int = 4) -> PreparedCertificate:
    """A genuine certificate by the primary and as many backups as a quorum takes."""
    committee = Committee.of(size, (size - 1) // 3)
    leader = committee.primary(view)
    backups = [r for r in committee.members if r != leader][: committee.quorum - 1]
    prepare = Prepare(view, height, digest)
    return PreparedCertificate(
        vote(leader, Proposal(view, height, digest)), tuple(vote(r, prepare) for r in backups)
    )


def certificate(height: int, block_id: bytes, signers: tuple[int, ...] = (0, 1, 2)) -> Any:
    """A checkpoint certificate."""
    return CheckpointCertificate(tuple(vote(r, Checkpoint(height, block_id)) for r in signers))


def seal(height: int, value: bytes, view: int = 0, signers: tuple[int, ...] = (0, 1, 2)) -> Any:
    """A commit seal; an empty value stands for the null."""
    digest = compute_digest(value) if value else NULL_DIGEST
    return CommitSeal(tuple(vote(r, Commit(view, height, digest)) for r in signers))


def standing(
    view: int = 0,
    height: int = 0,
    *,
    active: bool = True,
    stable: int = 0,
    suspects: bool = False,
    asks: bool = False,
) -> Standing:
    """Where another replica stands."""
    return Standing(view, active, height, stable, suspects, asks)


def view_change(
    signer: ReplicaId,
    view: int,
    *,
    stable: CheckpointCertificate | None = None,
    certificates: tuple[PreparedCertificate, ...] = (),
) -> Any:
    """A signed view change."""
    height, votes = (stable.height, stable.votes) if stable else (0, ())
    return vote(signer, ViewChange(view, height, votes, certificates))


def new_view(view: int, *changes: Any, leader: ReplicaId | None = None) -> Any:
    """The new view that follows from these view changes."""
    signer = view % 4 if leader is None else leader
    _, proposals = compute_proposals(view, changes)
    return vote(signer, NewView(view, changes, tuple(vote(signer, p) for p in proposals)))


@dataclass
class Bench:
    """The replica under test."""

    engine: Pbft
    committee: Committee

    @property
    def replica(self) -> Replica:
        """Its record."""
        return self.engine.replica

    @property
    def standing(self) -> tuple[str, int, str]:
        """Role, view and phase, as words."""
        replica = self.replica
        return replica.role.value, replica.view, replica.phase.value

    @property
    def timers(self) -> set[str]:
        """The timers that run."""
        clock = self.replica.clock
        return {
            n for n in ("progress", "resend", "idle", "starved", "answers") if getattr(clock, n)
        }

    def feed(self, event: Event) -> list[Effect]:
        """One event; loop-back is the test's business."""
        return step(self.engine, event)

    def hear(self, sender: ReplicaId, message: Any) -> list[Effect]:
        """A message arrives."""
        return self.feed(Received(sender, message))

    def votes(self, *signed: Any) -> list[Effect]:
        """Votes arrive from their signers; the effects of all."""
        return [effect for one in signed for effect in self.hear(one.signer, one)]

    def elapse(self, name: str) -> list[Effect]:
        """A timer runs out."""
        return self.feed(Elapsed((name,)))

    def leave(self) -> list[Effect]:
        """The timer runs out, here and at another replica: enough to leave the view."""
        other = next(r for r in self.committee.members if r != self.replica.me)
        self.hear(other, standing(self.replica.view, suspects=True))
        return self.elapse("progress")

    def check(self, value: bytes, verdict: Verdict = Verdict.VALID) -> list[Effect]:
        """The host's word on a value."""
        return self.feed(Checked(compute_digest(value), verdict))

    def loop_back(self, effects: list[Effect]) -> list[Effect]:
        """Give the replica its own broadcasts, signed, until there are no more."""
        me = self.replica.me
        assert me is not None
        queue, seen = list(effects), list(effects)
        while queue:
            effect = queue.pop(0)
            if isinstance(effect, Broadcast):
                own = sign_message(effect.message, make_sign(me))
                more = self.hear(me, own)
                queue += more
                seen += more
        return seen

    def decide(self, height: int, value: bytes, view: int = 0) -> list[Effect]:
        """Let the other replicas carry a height through the normal case, and execute it."""
        leader = self.committee.primary(view)
        digest = compute_digest(value)
        effects = self.hear(leader, pre_prepare(leader, view, height, value))
        effects += self.check(value)
        others = [r for r in self.committee.members if r != self.replica.me]
        for member in others:
            if member != leader:
                effects += self.votes(vote(member, Prepare(view, height, digest)))
        for member in others:
            effects += self.votes(vote(member, Commit(view, height, digest)))
        return effects + self.apply(height)

    def apply(self, height: int, block_id: bytes | None = None) -> list[Effect]:
        """The ledger executed a height."""
        return self.feed(Applied(height, block_id or block_id_of(height), self.committee))


def block_id_of(height: int) -> bytes:
    """What every correct ledger derives on the bench."""
    return compute_digest(b"block %d" % height)


def make_bench(
    me: ReplicaId | None = 1,
    size: int = 4,
    *,
    start: bool = True,
    records: tuple[Any, ...] = (),
    height: int = 0,
    fresh: bool = True,
    committee: Committee | None = None,
    **parameters: int,
) -> Bench:
    """A replica, started unless told otherwise."""
    spec = catalog.get("pbft")
    members = committee or Committee.of(size, spec.default_faults(size))
    engine = spec.create(me, members, catalog.parse_parameters(spec, parameters))
    assert isinstance(engine, Pbft)
    bench = Bench(engine, members)
    if start:
        block_id = block_id_of(height) if height else GENESIS_ID
        bench.feed(Started(records, height, block_id, members, fresh))
    return bench


def of_type(effects: list[Effect], kind: type[E]) -> list[E]:
    """The effects of one kind."""
    return [effect for effect in effects if isinstance(effect, kind)]


def said(effects: list[Effect]) -> list[Any]:
    """The bodies of all that is sent or broadcast."""
    messages = [e.message for e in effects if isinstance(e, Broadcast | Send)]
    return [m.body if isinstance(m, Signed) else m for m in messages]


def refusals(effects: list[Effect]) -> list[str]:
    """Why messages were ignored."""
    return [effect.refusal for effect in of_type(effects, Ignore)]
