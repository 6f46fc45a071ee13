"""All lies at once, from one seed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from consensus.committee import ReplicaId
from consensus.simulation.byzantine.arguments import take_permille
from consensus.simulation.byzantine.behaviour import Honest, Liar, Said
from consensus.simulation.byzantine.faces import EveryFace, TwoFaced
from consensus.simulation.byzantine.forger import Forger
from consensus.simulation.byzantine.memory import Memory
from consensus.simulation.byzantine.mutant import Mutant
from consensus.simulation.byzantine.parrot import Parrot
from consensus.simulation.byzantine.replayer import Replayer
from consensus.simulation.byzantine.saboteur import Saboteur
from consensus.simulation.byzantine.selective import Selective
from consensus.simulation.byzantine.silent import Silent
from consensus.simulation.byzantine.slow import Slow
from consensus.simulation.byzantine.stuttering import Stuttering
from consensus.simulation.byzantine.usurper import Usurper
from consensus.simulation.byzantine.withholding import Withholding
from consensus.simulation.byzantine.wrong import WrongDigest, WrongHeight, WrongParts, WrongValue
from consensus.simulation.byzantine.wrong_view import WrongView

LYING_PERMILLE = 700
"""Many tricks have nothing to change in many messages, so about a third comes out wrong."""
ALWAYS: tuple[str, ...] = ("1000",)
TRICKS: tuple[tuple[type[Honest], tuple[str, ...]], ...] = (
    (Silent, ()),
    (Withholding, ()),
    (Selective, ()),
    (WrongDigest, ALWAYS),
    (WrongHeight, ALWAYS),
    (WrongParts, ALWAYS),
    (WrongValue, ALWAYS),
    (WrongView, ALWAYS),
    (Forger, ALWAYS),
    (Replayer, ("150",)),
    (Saboteur, ("500",)),
    (Slow, ()),
    (Stuttering, ()),
    (Mutant, ALWAYS),
    (TwoFaced, ()),
    (EveryFace, ()),
    (Parrot, ("back",)),
    (Parrot, ("all",)),
    (Usurper, ALWAYS),
)


MOODS = (1, 1, 4, 16, 64)
"""For so many messages the same trick is kept."""


@dataclass(slots=True)
class Traitor(Honest):
    """Lies in every way that its key allows, in one way for a while and then in another."""

    tricks: tuple[Honest, ...] = ()
    """They share one memory."""
    permille: int = LYING_PERMILLE
    trick: Honest | None = None
    """The one at work; None while it is honest."""
    left: int = 0
    """So many messages until the mood changes."""
    meant: Any = None
    """The last message, which may be for several receivers."""

    usage: ClassVar[str] = "[PERMILLE of messages, 700]"
    draws: ClassVar[tuple[tuple[str, ...], ...]] = (("100",), ("400",), ("700",))

    @classmethod
    def make(cls, liar: Liar, arguments: Sequence[str]) -> Honest:
        """The argument is for how many of a thousand messages a trick is tried."""
        permille = take_permille(arguments, LYING_PERMILLE)
        memory = Memory()
        tricks = tuple(kind.make(liar, words) for kind, words in TRICKS)
        for trick in tricks:
            trick.memory = memory
        return cls(liar, memory, tricks, permille)

    def tell(self, receiver: ReplicaId, message: Any) -> Iterable[Said]:
        """The truth, or what the trick of the moment makes of it."""
        if message is not self.meant:
            self.meant = message
            self.change_mood()
        return ((0, message),) if self.trick is None else self.trick.tell(receiver, message)

    def change_mood(self) -> None:
        """Another trick, or none, once the last one has had its time."""
        chance = self.liar.chance
        self.left -= 1
        if self.left <= 0:
            self.left = chance.choose(MOODS)
            self.trick = chance.choose(self.tricks) if chance.happens(self.permille) else None

    def answer(self, sender: ReplicaId, message: Any) -> Iterable[tuple[ReplicaId, Said]]:
        """Nothing, or what some trick answers, mostly that of the moment."""
        chance = self.liar.chance
        if self.trick is None or chance.happens(500):
            return ()
        trick = self.trick if chance.happens(500) else chance.choose(self.tricks)
        return trick.answer(sender, message)
