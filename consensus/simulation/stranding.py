"""A storm that aims: two leaders in a row bring half an agreement about, each another one.

The first hosts alone hear the votes of a kind and are cut off with what they know. The others have
the time to change leaders; then one of them alone hears the votes, and is cut off in its turn. The
rest is too small to go on, until the first come back. What the one had decided must still hold.
"""

from collections.abc import Iterable

from consensus.committee import Committee
from consensus.message import Codec
from consensus.simulation.chance import Chance
from consensus.simulation.kinds import list_proofs, list_votes

SOON_MS = 40
"""Time for a few messages."""


def draw_stranding(
    chance: Chance, committee: Committee, codec: Codec, patience_ms: int
) -> list[tuple[int, str]]:
    """Commands and how much later than now they come; none where nobody can be spared."""
    votes, proofs = list_votes(codec), " ".join(list_proofs(codec))
    spare = committee.size - committee.quorum
    places = chance.sample(range(committee.size), committee.size)
    first, one, rest = places[:spare], places[spare : spare + 1], places[spare + 1 :]
    if not (votes and first and rest):
        return []
    early, late = (f"drop {chance.choose(votes)} {proofs} to" for _ in range(2))
    parted_ms = chance.between(SOON_MS, SOON_MS + patience_ms)
    changed_ms = parted_ms + chance.between(patience_ms // 2, 2 * patience_ms)
    alone_ms = changed_ms + chance.between(SOON_MS, patience_ms)
    back_ms = alone_ms + chance.between(patience_ms, 4 * patience_ms)
    return [
        (0, f"{early} {spell(one + rest)}"),
        (parted_ms, f"partition {spell(first)} | {spell(one + rest)}"),
        (parted_ms, f"{late} {spell(first + rest)}"),
        (changed_ms, "heal"),
        (changed_ms, f"partition {spell(first)} | {spell(one + rest)}"),
        (changed_ms, f"{late} {spell(first + rest)}"),
        (alone_ms, f"partition {spell(first)} | {spell(rest)}"),
        (back_ms, "heal"),
        (back_ms, f"partition {spell(one)} | {spell(first + rest)}"),
    ]


def spell(places: Iterable[int]) -> str:
    """Addresses in a command."""
    return " ".join(map(str, sorted(places)))
