"""A storm that aims: a leader that was replaced comes back before it knows.

Some are cut off, a leader among them if chance will. The others suspect whoever they watch, so they
have a leader of their own while the old one has not resigned; perhaps it proposes nothing. Then the
old side hears just one of them (two, of an even number), which has promised, and perhaps accepted,
what the old leader knows nothing of; perhaps it has restarted meanwhile. Together they are a
majority. What the others decided must still hold.
"""

from collections.abc import Iterable

from consensus.committee import Committee
from consensus.message import Codec
from consensus.simulation.chance import Chance
from consensus.simulation.kinds import list_proposals

DELIBERATION_PERMILLE = (300, 1_300)
"""How long the others have for an election, as a share of the silence at which one is suspected."""
RESTARTED_PERMILLE = 600
FIRST_PERMILLE = 600
"""How often the first member is among the old: it leads from the start."""
SOON_MS = 40
"""Time for a few messages."""


def draw_usurping(
    chance: Chance, committee: Committee, codec: Codec, silence_ms: int
) -> list[tuple[int, str]]:
    """Commands and how much later than now they come; none where nobody can be spared."""
    spare = committee.size - committee.majority
    places = chance.sample(range(committee.size), committee.size)
    if not spare:
        return []
    if chance.happens(FIRST_PERMILLE):
        places.remove(0)
        places.insert(0, 0)
    old, others = places[:spare], places[committee.majority :]
    witnesses = places[spare : committee.majority]
    new = [*witnesses, *others]
    least, most = DELIBERATION_PERMILLE
    back_ms = chance.between(silence_ms * least // 1_000, silence_ms * most // 1_000)
    late_ms = chance.between(0, back_ms // 2)
    least_ms, most_ms = chance.choose(((SOON_MS, silence_ms), (silence_ms, 4 * silence_ms)))
    healed_ms = back_ms + chance.between(least_ms, most_ms)
    commands = [
        (0, f"partition {spell(old)} | {spell(new)}"),
        (0, f"suspect {spell(others)} for {back_ms}"),
        (late_ms, f"suspect {spell(witnesses)} for {back_ms}"),
    ]
    proposals = " ".join(list_proposals(codec))
    if proposals and chance.happens(500):
        commands.append((0, f"drop {proposals} from {spell(new)}"))
    if chance.happens(RESTARTED_PERMILLE):
        verb = chance.choose(("crash", "power"))
        commands += [(back_ms, f"{way} {spell(witnesses)}") for way in (verb, "restart")]
    commands.append((back_ms, f"partition {spell(others)} | {spell([*old, *witnesses])}"))
    commands.append((healed_ms, "heal"))
    return commands


def spell(places: Iterable[int]) -> str:
    """Addresses in a command."""
    return " ".join(map(str, sorted(places)))
