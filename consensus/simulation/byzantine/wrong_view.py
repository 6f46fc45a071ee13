"""Votes in another view."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from consensus.simulation.byzantine.arguments import take_permille, take_word
from consensus.simulation.byzantine.behaviour import Honest, Liar
from consensus.simulation.byzantine.fields import Role, walk_places
from consensus.simulation.byzantine.forging import change_place, list_numbers
from consensus.simulation.byzantine.inventive import Inventive

DIRECTIONS: Mapping[str, Callable[[int, int], bool]] = {
    "stale": lambda told, true: told < true,
    "future": lambda told, true: told > true,
    "any": lambda told, true: told != true,
}


@dataclass(slots=True)
class WrongView(Inventive):
    """Moves its messages to stale views (one back, or the first) or future ones (next, or far)."""

    direction: str = "any"
    permille: int = 1_000

    usage: ClassVar[str] = "[stale|future|any] [PERMILLE of messages, 1000]"
    draws: ClassVar[tuple[tuple[str, ...], ...]] = (
        ("stale",),
        ("future",),
        ("any", "300"),
    )

    @classmethod
    def make(cls, liar: Liar, arguments: Sequence[str]) -> Honest:
        """The arguments are a direction and how many of a thousand messages lie."""
        direction, rest = take_word(arguments, DIRECTIONS, "any")
        return cls(liar, direction=direction, permille=take_permille(rest, 1_000))

    def invent(self, message: Any) -> Iterable[Any]:
        """A lie where the message names a view with another one on that side of it."""
        lie = self.move(message) if self.liar.chance.happens(self.permille) else None
        return (message if lie is None else lie,)

    def move(self, message: Any) -> Any | None:
        """The message with one view changed; None if there is none to change."""
        is_meant = DIRECTIONS[self.direction]
        moves = [
            (place, view)
            for place in walk_places(message, self.liar.name)
            if place.role is Role.VIEW
            for view in list_numbers(place.content, far=True)
            if is_meant(view, place.content)
        ]
        return change_place(message, *self.liar.chance.choose(moves), self.liar) if moves else None
