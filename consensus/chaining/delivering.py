"""What heights came to is decided in order, once the host holds it and the seal is complete.

An agreement's last word is forced: the host fetches what belongs to a value and never judges it
again.
"""

from collections.abc import Iterator

from consensus.chaining.keeper import Keeper, Result
from consensus.chaining.messages import Learned
from consensus.effects import Check, Decide, Effect
from consensus.events import Checked, Verdict
from consensus.message import NULL_VALUE, Height, compute_digest


def settle(keeper: Keeper, height: Height, values: tuple[bytes, ...]) -> Result:
    """A height came to these values; empty ones order nothing and are left out."""
    assert height > keeper.decided
    kept = tuple(value for value in values if value != NULL_VALUE)
    return keeper.results.setdefault(height, Result(kept))


def advance(keeper: Keeper) -> Iterator[Effect]:
    """Ask the host for the next height's values, and decide as many heights as are complete."""
    while True:
        height = keeper.decided + 1
        result = keeper.results.get(height)
        if result is None:
            return
        if not result.is_asked:
            result.is_asked = True
            result.missing = {compute_digest(value) for value in result.values}
            for value in result.values:
                yield Check(height, compute_digest(value), value, forced=True)
        if result.missing or result.seal is None:
            return
        yield from decide(keeper, height, result)


def decide(keeper: Keeper, height: Height, result: Result) -> Iterator[Effect]:
    """The word is final; remember it for those who missed it."""
    assert height == keeper.decided + 1
    keeper.decided = height
    keeper.history[height] = Learned(height, result.values, result.seal)
    keeper.history.pop(height - keeper.terms.window, None)
    for kept in (keeper.results, keeper.outcomes):
        for old in [old for old in kept if old <= height]:
            del kept[old]
    keeper.count("decided" if result.values else "nulls")
    yield Decide(height, result.values, result.seal)


def note_verdict(keeper: Keeper, event: Checked) -> None:
    """The host holds a value of the next height; `advance` goes on."""
    result = keeper.results.get(keeper.decided + 1)
    if result is not None and event.verdict is Verdict.VALID:
        result.missing.discard(event.digest)
