"""What a byzantine replica is made of: an honest engine, its own key, and a behaviour between them.

The behaviour decides what is said instead of what the engine meant, and may add messages when it
hears something. It holds one key, its own. The network drops whatever carries a signature that its
signer did not make, so forging is tried in earnest and fails as it must.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeAlias

from consensus.committee import Committee, ReplicaId
from consensus.message import Height, Sign
from consensus.simulation.byzantine.arguments import refuse_arguments
from consensus.simulation.byzantine.memory import Memory
from consensus.simulation.chance import Chance

Said: TypeAlias = tuple[int, Any]
"""(milliseconds by which it is held back before it reaches the link, message)."""


class Behaviour(Protocol):
    """What the network asks of a byzantine replica. A function of its chance and of what it saw."""

    def say(self, receiver: ReplicaId, message: Any) -> Iterable[Said]:
        """What `receiver` is told instead of the signed `message` that the engine meant for it."""

    def hear(self, sender: ReplicaId, message: Any) -> Iterable[tuple[ReplicaId, Said]]:
        """What is added, and for whom, when a genuine `message` arrives."""


@dataclass(slots=True)
class Liar:
    """What a behaviour may know and do.

    `chance` is a stream of its own. `sign` signs body bytes with its own key. `patience_ms` is the
    engine's first timeout. `forge_value(height, n)` is the n-th value, distinct for each n, that
    could be ordered at `height`.
    """

    name: ReplicaId
    committee: Committee
    chance: Chance
    sign: Sign
    patience_ms: int
    forge_value: Callable[[Height, int], bytes]

    @property
    def others(self) -> tuple[ReplicaId, ...]:
        """The members without itself."""
        return tuple(name for name in self.committee.members if name != self.name)


MakeBehaviour: TypeAlias = Callable[[Liar, Sequence[str]], Behaviour]


@dataclass(slots=True)
class Honest:
    """Says what its engine means and adds nothing: the base of all behaviours.

    A subclass overrides `tell` and `answer`; what was said and heard is in `memory` by then.
    """

    liar: Liar
    memory: Memory = field(default_factory=Memory)

    usage: ClassVar[str] = ""
    """Its arguments, as help texts show them."""
    draws: ClassVar[tuple[tuple[str, ...], ...]] = ((),)
    """Lists of arguments of which a storm picks one."""

    @classmethod
    def make(cls, liar: Liar, arguments: Sequence[str]) -> "Honest":
        """The behaviour of a liar; raises `BehaviourError` for arguments that it cannot read."""
        refuse_arguments(arguments)
        return cls(liar)

    def say(self, receiver: ReplicaId, message: Any) -> Iterable[Said]:
        """Remember what the engine meant; give what is told."""
        self.memory.note_said(message)
        return list(self.tell(receiver, message))

    def hear(self, sender: ReplicaId, message: Any) -> Iterable[tuple[ReplicaId, Said]]:
        """Remember what was heard; give what is answered."""
        self.memory.note_heard(sender, message)
        return list(self.answer(sender, message))

    def tell(self, receiver: ReplicaId, message: Any) -> Iterable[Said]:  # noqa: ARG002 - a door
        """What is told instead of `message`."""
        return ((0, message),)

    def answer(
        self,
        sender: ReplicaId,  # noqa: ARG002 - a door for subclasses
        message: Any,  # noqa: ARG002
    ) -> Iterable[tuple[ReplicaId, Said]]:
        """What is added when something was heard."""
        return ()
