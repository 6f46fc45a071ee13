"""Others' signatures, claimed in vain."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from consensus.committee import ReplicaId
from consensus.message import Signed
from consensus.simulation.byzantine.arguments import take_permille
from consensus.simulation.byzantine.behaviour import Honest, Liar, Said
from consensus.simulation.byzantine.claiming import claim, pad
from consensus.simulation.byzantine.fields import Role, find_signed, walk_places
from consensus.simulation.byzantine.forging import list_alternatives
from consensus.simulation.byzantine.rewriting import replace_at

FORGED_PERMILLE = 300


@dataclass(slots=True)
class Forger(Honest):
    """Claims to be others, pads certificates with their votes, and alters what they signed.

    It tells the truth as well. Receivers that verify signatures drop every forgery.
    """

    permille: int = FORGED_PERMILLE

    usage: ClassVar[str] = "[PERMILLE of messages, 300]"
    draws: ClassVar[tuple[tuple[str, ...], ...]] = (("100",), ("300",), ("1000",))

    @classmethod
    def make(cls, liar: Liar, arguments: Sequence[str]) -> Honest:
        """The argument is how many of a thousand messages are forged."""
        return cls(liar, permille=take_permille(arguments, FORGED_PERMILLE))

    def tell(self, receiver: ReplicaId, message: Any) -> Iterable[Said]:  # noqa: ARG002
        """The truth, with a forgery before it now and then: the first is what might count."""
        chance, others = self.liar.chance, self.liar.others
        if others and chance.happens(self.permille):
            claimed = claim(message, self.liar, chance.choose(others))
            forgeries = [f for f in (claimed, pad(message, self.liar)) if f is not None]
            if forgeries:
                yield 0, chance.choose(forgeries)
        yield 0, message

    def answer(self, sender: ReplicaId, message: Any) -> Iterator[tuple[ReplicaId, Said]]:
        """Hand on what somebody signed, with one thing changed."""
        chance = self.liar.chance
        receivers = [name for name in self.liar.others if name != sender]
        if receivers and chance.happens(self.permille):
            altered = self.alter(message)
            if altered is not None:
                yield chance.choose(receivers), (0, altered)

    def alter(self, message: Any) -> Any | None:
        """The message with one place changed inside another's signature, which is kept."""
        signed = [
            (path, part) for path, part in find_signed(message) if part.signer != self.liar.name
        ]
        if not signed:
            return None
        path, part = self.liar.chance.choose(signed)
        whole = {Role.PARTS, Role.SIGNED}
        places = [p for p in walk_places(part.body, part.signer) if p.role not in whole]
        if not places:
            return None
        place = self.liar.chance.choose(places)
        contents = list_alternatives(part.body, place, self.liar, self.memory)
        body = replace_at(part.body, place.path, self.liar.chance.choose(contents), part.signer)
        altered: Signed[Any] = Signed(part.signer, body, part.signature)
        return replace_at(message, path, altered, self.liar.name)
