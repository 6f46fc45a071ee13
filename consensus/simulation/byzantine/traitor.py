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
from consensus.simulation.byzantine.selective import Selective
from consensus.simulation.byzantine.silent import Silent
from consensus.simulation.byzantine.slow import Slow
from consensus.simulation.byzantine.usurper import Usurper
from consensus.simulation.byzantine.withholding import Withholding
from consensus.simulation.byzantine.wrong import WrongDigest, WrongHeight, WrongParts
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
    (WrongView, ALWAYS),
    (Forger, ALWAYS),
    (Replayer, ("150",)),
    (Slow, ()),
    (Mutant, ALWAYS),
    (TwoFaced, ()),
    (EveryFace, ()),
    (Parrot, ("back",)),
    (Parrot, ("all",)),
    (Usurper, ALWAYS),
)


@dataclass(slots=True)
class Traitor(Honest):
    """Lies in every way that its key allows, each message in a way drawn anew."""

    tricks: tuple[Honest, ...] = ()
    """They share one memory."""
    permille: int = LYING_PERMILLE

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
        """The truth, or what some trick makes of it."""
        if not self.liar.chance.happens(self.permille):
            return ((0, message),)
        return self.liar.chance.choose(self.tricks).tell(receiver, message)

    def answer(self, sender: ReplicaId, message: Any) -> Iterable[tuple[ReplicaId, Said]]:
        """Nothing, or what some trick answers."""
        if not self.liar.chance.happens(self.permille):
            return ()
        return self.liar.chance.choose(self.tricks).answer(sender, message)
