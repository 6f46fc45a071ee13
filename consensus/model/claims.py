"""What an agreement claims to cost in its good case: exact, so that a measurement can refute it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claims:
    """Formulas over n members of which f may fail, and the same in words."""

    count_messages: Callable[[int, int], dict[str, int]]
    """By kind, those to oneself left out."""
    count_rounds: Callable[[int, int], int]
    """Message delays, or rounds, until the last decision."""
    words: str
    """Messages of all kinds, as people write it."""
    is_mixed: bool = False
    """Is that said of different inputs; otherwise of equal ones."""
    has_one_proposer: bool = False
    size_max: int = 64
    """Larger committees are not measured: messages become too long, or too many."""
