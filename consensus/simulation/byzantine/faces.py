"""Equivocation: different replicas are shown different values, and each finds support for its own.

A proposal is rewritten for its receiver, value and digests together, and signed again. From then on
the liar's votes for the true digest name, to each receiver, the one that it was shown; and whoever
votes for what it was shown is answered with the liar's votes for the same. What carries signatures
of others, such as a certificate, is left as it is: rewriting it would show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from consensus.committee import ReplicaId
from consensus.message import Digest, Message, Signed, compute_digest, sign_message
from consensus.simulation.byzantine.arguments import parse_replicas
from consensus.simulation.byzantine.behaviour import Honest, Liar, Said
from consensus.simulation.byzantine.choosing import draw_some
from consensus.simulation.byzantine.fields import (
    Role,
    find_digest,
    find_height,
    find_votes,
    is_signed_by_others,
    is_vote,
    walk_places,
)
from consensus.simulation.byzantine.forging import show_value, sign_own
from consensus.simulation.byzantine.rewriting import substitute

SHOWN_MAX = 256
"""Digests shown that are remembered, for all faces together."""
REPEATS_MAX = 3
"""How often the same support is given; receivers may have lost the first."""
TRUE_FACE = 0


@dataclass(slots=True)
class Faces(Honest):
    """The common part of those who show several faces; a subclass says who sees which."""

    shown: dict[tuple[int, Digest], Digest] = field(default_factory=dict)
    """(face, true digest) -> the digest that this face showed instead."""

    def choose_face(self, receiver: ReplicaId) -> int:
        """0 for the truth; every other number is another value."""
        raise NotImplementedError

    def tell(self, receiver: ReplicaId, message: Any) -> Iterator[Said]:
        """The receiver's version, and right behind a proposal the liar's votes for it."""
        if is_signed_by_others(message, self.liar.name):
            yield 0, message
            return
        face = self.choose_face(receiver)
        told = self.show(face, message)
        yield 0, told
        if not isinstance(message, Signed):
            for body in find_votes(told):
                yield from ((0, vote) for vote in self.support(receiver, body))

    def show(self, face: int, message: Any) -> Any:
        """What a face says instead of the truth."""
        values = [p for p in walk_places(message) if p.role is Role.VALUE]
        if not values or not any(find_votes(message)):
            return self.translate(face, message)
        old = values[0].content
        new = old
        if face != TRUE_FACE:
            new = self.liar.forge_value(find_height(message, values[0].path), face)
        self.remember(face, compute_digest(old), compute_digest(new))
        return show_value(message, old, new, self.liar)

    def remember(self, face: int, true: Digest, shown: Digest) -> None:
        """Keep what a face showed; the oldest is forgotten."""
        self.shown[face, true] = shown
        while len(self.shown) > SHOWN_MAX:
            del self.shown[next(iter(self.shown))]

    def translate(self, face: int, message: Any) -> Any:
        """The message with true digests replaced by those that the face showed."""
        table = {true: shown for (seen, true), shown in self.shown.items() if seen == face}
        return sign_message(substitute(message, table, self.liar.name), self.liar.sign)

    def answer(self, sender: ReplicaId, message: Any) -> Iterator[tuple[ReplicaId, Said]]:
        """Whoever votes for what it was shown is supported."""
        if not is_vote(message):
            return
        face, digest = self.choose_face(sender), find_digest(message.body)
        if any(seen == face and shown == digest for (seen, _), shown in self.shown.items()):
            for vote in self.support(sender, message.body):
                yield sender, (0, vote)

    def support(self, receiver: ReplicaId, body: Message) -> Iterator[Any]:
        """Own votes of every known kind that say what this body says."""
        for vote in self.memory.list_supports(body):
            if self.memory.may_repeat((receiver, vote), REPEATS_MAX):
                yield sign_own(self.liar, vote)


@dataclass(slots=True)
class TwoFaced(Faces):
    """Shows the replicas named what it means and all others another value; supports both sides.

    With none named it draws some.
    """

    half: frozenset[ReplicaId] = frozenset()

    usage: ClassVar[str] = "[R…]"

    @classmethod
    def make(cls, liar: Liar, arguments: Sequence[str]) -> Honest:
        """The arguments are replica ids."""
        half = parse_replicas(arguments) or draw_some(liar.others, liar.chance)
        return cls(liar, half=half)

    def choose_face(self, receiver: ReplicaId) -> int:
        """The truth for the half."""
        return TRUE_FACE if receiver in self.half else 1


@dataclass(slots=True)
class EveryFace(Faces):
    """Shows every replica another value, so that none can find a quorum."""

    def choose_face(self, receiver: ReplicaId) -> int:
        """A face for each."""
        return receiver + 1
