"""Byzantine replicas for PBFT: what a liar with its own key, and nothing else, can do.

A mask changes what the liar's honest engine meant to say; an ear adds messages of its own. The
network drops whatever carries a signature that its signer did not make.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from consensus.committee import ReplicaId
from consensus.message import NULL_DIGEST, Message, Signed, compute_digest, sign_message
from consensus.pbft.messages import (
    Checkpoint,
    Commit,
    CommitSeal,
    Decision,
    NewView,
    Prepare,
    PreparedCertificate,
    PrePrepare,
    Proposal,
    Standing,
    ViewChange,
)
from consensus.simulation.application import make_value
from consensus.simulation.chance import Chance
from consensus.simulation.cluster import Cluster
from consensus.simulation.signatures import make_sign

replace = msgspec.structs.replace


def sign(name: ReplicaId, body: Message) -> Any:
    """A vote of the liar's own, nested ones included."""
    return sign_message(Signed(name, body), make_sign(name))


def make_pre_prepare(name: ReplicaId, view: int, height: int, value: bytes) -> PrePrepare:
    """A signed proposal with its value."""
    return PrePrepare(sign(name, Proposal(view, height, compute_digest(value))), value)


def silence(_receiver: ReplicaId, _message: Any) -> Iterable[Any]:
    """Say nothing at all."""
    return ()


def hear_nothing(_sender: ReplicaId, _message: Any) -> Iterable[tuple[ReplicaId, Any]]:
    """Add nothing to what is heard."""
    return ()


@dataclass
class Disguise:
    """Two functions as a behaviour: what is said instead, and what is added on hearing."""

    mask: Callable[[ReplicaId, Any], Iterable[Any]]
    ear: Callable[[ReplicaId, Any], Iterable[tuple[ReplicaId, Any]]] = hear_nothing

    def say(self, receiver: ReplicaId, message: Any) -> Iterator[tuple[int, Any]]:
        """At once."""
        for said in self.mask(receiver, message):
            yield 0, said

    def hear(self, sender: ReplicaId, message: Any) -> Iterator[tuple[ReplicaId, tuple[int, Any]]]:
        """At once."""
        for receiver, said in self.ear(sender, message):
            yield receiver, (0, said)


@dataclass
class TwoFaces:
    """Shows one value to `left` and another to everybody else, and supports both sides.

    It votes with each side for what that side was shown, whatever its engine thinks.
    """

    name: ReplicaId
    left: frozenset[ReplicaId]
    values: dict[tuple[int, int], tuple[bytes, bytes]] = field(default_factory=dict)

    def say(self, receiver: ReplicaId, message: Any) -> Iterator[Any]:
        """Each side gets its proposal, with prepare and commit of the liar right behind it."""
        if not isinstance(message, PrePrepare):
            body = getattr(message, "body", None)
            if not isinstance(body, Prepare | Commit):
                yield message
            return
        proposal = message.proposal.body
        at = proposal.view, proposal.height
        if at not in self.values:
            other = make_value(self.name, proposal.height, [f"forked{proposal.height}"])
            self.values[at] = (message.value, other)
        value = self.values[at][0 if receiver in self.left else 1]
        shown = make_pre_prepare(self.name, *at, value)
        yield shown
        yield sign(self.name, Commit(*at, shown.proposal.body.digest))


@dataclass
class Accomplice:
    """Its engine says nothing; it prepares and commits to each what that one said it prepared."""

    name: ReplicaId

    def say(self, _receiver: ReplicaId, message: Any) -> Iterator[Any]:
        """No vote of its own."""
        if not isinstance(getattr(message, "body", None), Prepare | Commit):
            yield message

    def hear(self, sender: ReplicaId, message: Any) -> Iterator[tuple[ReplicaId, Any]]:
        """Support whoever prepares."""
        body = getattr(message, "body", None)
        if isinstance(body, Prepare):
            yield sender, sign(self.name, body)
            yield sender, sign(self.name, Commit(body.view, body.height, body.digest))


@dataclass
class EveryFace:
    """Shows every replica another value, so that no value can find a quorum."""

    name: ReplicaId

    def say(self, receiver: ReplicaId, message: Any) -> Iterator[Any]:
        """Proposals differ; the rest is honest."""
        if isinstance(message, PrePrepare):
            proposal = message.proposal.body
            value = make_value(self.name, proposal.height, [f"for{receiver}"])
            yield make_pre_prepare(self.name, proposal.view, proposal.height, value)
        else:
            yield message


@dataclass
class Traitor:
    """Lies at random in every way that its own key allows; the seed makes it repeatable."""

    name: ReplicaId
    chance: Chance
    members: tuple[ReplicaId, ...]
    heard: list[Any] = field(default_factory=list)

    def say(self, receiver: ReplicaId, message: Any) -> Iterator[Any]:
        """Tell the truth most of the time: a liar that is always wrong does little harm."""
        fate = self.chance.below(20)
        if fate < 10:
            yield message
        elif fate < 12:
            return
        elif fate < 13 and self.heard:
            yield self.chance.choose(self.heard)
        else:
            yield self.twist(message)
            if fate == 19:
                yield message

    def twist(self, message: Any) -> Any:
        """The same kind of message with another content, signed by the liar."""
        if isinstance(message, PrePrepare):
            proposal = message.proposal.body
            value = message.value + b" forked" + bytes([97 + self.chance.below(3)])
            return make_pre_prepare(self.name, proposal.view, proposal.height, value)
        if isinstance(message, Standing):
            return replace(
                message,
                height=self.chance.below(500),
                view=self.chance.below(9),
                suspects=self.chance.happens(500),
            )
        if not isinstance(message, Signed):
            return message
        body = message.body
        match body:
            case Prepare() | Commit():
                return sign(self.name, self.twist_vote(body))
            case Checkpoint():
                return sign(self.name, replace(body, block_id=compute_digest(b"another state")))
            case ViewChange():
                return sign(self.name, self.twist_view_change(body))
            case NewView():
                return sign(self.name, self.twist_new_view(body))
        return message

    def twist_vote(self, body: Prepare | Commit) -> Prepare | Commit:
        """Another digest, view, or height."""
        match self.chance.below(4):
            case 0:
                return replace(body, digest=NULL_DIGEST)
            case 1:
                return replace(body, view=body.view + 1)
            case 2:
                return replace(body, height=body.height + 1)
        return replace(body, digest=self.heard_digest(body.height) or NULL_DIGEST)

    def heard_digest(self, height: int) -> bytes | None:
        """Some digest that was proposed at a height."""
        found = [
            m.proposal.body.digest
            for m in self.heard
            if isinstance(m, PrePrepare) and m.proposal.body.height == height
        ]
        return self.chance.choose(found) if found else None

    def twist_view_change(self, body: ViewChange) -> ViewChange:
        """Hide what was prepared, pretend an older checkpoint, forge a certificate, run ahead."""
        match self.chance.below(5):
            case 0:
                return replace(body, prepared=())
            case 1:
                return replace(body, stable=0, checkpoint=(), prepared=())
            case 2:
                return replace(body, view=body.view + self.chance.below(4))
            case 3:
                return replace(body, prepared=tuple(map(self.forge, body.prepared)))
        return replace(body, prepared=body.prepared[:-1])

    def forge(self, certificate: PreparedCertificate) -> PreparedCertificate:
        """A certificate for the null, signed by nobody but the liar, for everybody."""
        old = certificate.proposal.body
        prepare = Prepare(old.view, old.height, NULL_DIGEST)
        return PreparedCertificate(
            sign(self.name, Proposal(old.view, old.height, NULL_DIGEST)),
            tuple(replace(sign(self.name, prepare), signer=r) for r in self.members[:3]),
        )

    def twist_new_view(self, body: NewView) -> NewView:
        """Drop what has to be proposed, or propose nulls."""
        if self.chance.happens(500):
            return replace(body, proposals=body.proposals[:-1])
        nulls = tuple(sign(self.name, replace(p.body, digest=NULL_DIGEST)) for p in body.proposals)
        return replace(body, proposals=nulls)

    def hear(self, sender: ReplicaId, message: Any) -> Iterator[tuple[ReplicaId, Any]]:
        """Agree with everybody: prepare and commit whatever anybody proposes or votes for."""
        self.heard.append(message)
        del self.heard[:-200]
        body: Proposal | Prepare | Commit | None = None
        if isinstance(message, PrePrepare):
            body = message.proposal.body
        if isinstance(message, Signed) and isinstance(message.body, Prepare | Commit):
            body = message.body
        if body is None or not self.chance.happens(400):
            return
        votes = (
            Prepare(body.view, body.height, body.digest),
            Commit(body.view, body.height, body.digest),
        )
        receivers = self.members if self.chance.happens(300) else (sender,)
        for receiver in receivers:
            if receiver != self.name:
                for vote in votes:
                    yield receiver, sign(self.name, vote)


def dress_traitors(cluster: Cluster) -> None:
    """Give f members a traitor's mask."""
    committee = cluster.committee
    for _ in range(committee.faults):
        name = cluster.chance.choose(committee.members)
        traitor = Traitor(name, Chance(cluster.chance.below(1 << 32)), committee.members)
        cluster.behave(name, Disguise(traitor.say, traitor.hear))


def forge_decision(name: ReplicaId, height: int, value: bytes) -> Decision:
    """A decision sealed by the liar alone."""
    commit = sign(name, Commit(0, height, compute_digest(value)))
    return Decision(height, (value,), CommitSeal((commit,)))
