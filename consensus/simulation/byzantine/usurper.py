"""A leader whom nobody made one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from consensus.committee import ReplicaId
from consensus.message import Signed, sign_message
from consensus.simulation.byzantine.arguments import take_permille
from consensus.simulation.byzantine.behaviour import Honest, Liar, Said
from consensus.simulation.byzantine.fields import Role, is_flat, is_proposal, walk_places
from consensus.simulation.byzantine.forging import change_one
from consensus.simulation.byzantine.memory import find_kind
from consensus.simulation.byzantine.rewriting import take_over

USURPED_PERMILLE = 300
REPEATS_MAX = 2
"""How often one view and height is usurped; two usurpers must come to an end."""
LEADING = frozenset({Role.VIEW, Role.HEIGHT, Role.DIGEST, Role.VALUE})


@dataclass(slots=True)
class Usurper(Honest):
    """Says in its own name, to all, what leaders say: proposals, and what opens a view.

    It takes over what it hears from them, mostly with a value of its own.
    """

    permille: int = USURPED_PERMILLE

    usage: ClassVar[str] = "[PERMILLE of such messages, 300]"
    draws: ClassVar[tuple[tuple[str, ...], ...]] = (("100",), ("300",), ("1000",))

    @classmethod
    def make(cls, liar: Liar, arguments: Sequence[str]) -> Honest:
        """The argument is how many of a thousand such messages are taken over."""
        return cls(liar, permille=take_permille(arguments, USURPED_PERMILLE))

    def answer(self, sender: ReplicaId, message: Any) -> Iterator[tuple[ReplicaId, Said]]:
        """What was heard, under the liar's own signature."""
        if not is_leading(message) or not self.liar.chance.happens(self.permille):
            return
        if not self.memory.may_repeat(name_occasion(message), REPEATS_MAX):
            return
        taken = take_over(message, sender, self.liar.name)
        if taken is message:
            return
        own = sign_message(taken, self.liar.sign)
        if self.liar.chance.happens(800):
            own = change_one(own, self.liar, self.memory, {Role.VALUE}) or own
        elif self.liar.chance.happens(500):
            own = change_one(own, self.liar, self.memory, LEADING) or own
        for receiver in self.liar.others:
            yield receiver, (0, own)


def is_leading(message: Any) -> bool:
    """Is this a proposal with its value, or a signed message that has others inside."""
    if isinstance(message, Signed):
        return not is_flat(message.body)
    return is_proposal(message)


def name_occasion(message: Any) -> tuple[Any, ...]:
    """Kind, and the views and heights in it, the outermost few."""
    numbers = (p.content for p in walk_places(message) if p.role in {Role.VIEW, Role.HEIGHT})
    return (find_kind(message), *(number for number, _ in zip(numbers, range(4), strict=False)))
