"""The three groups of the partition attack."""

from consensus.bounds.drawing.svg import Party, draw_two_faces
from consensus.bounds.reports import Named
from consensus.bounds.telling import tell_value
from consensus.committee import ReplicaId
from consensus.simulation.drawing.markup import Markup


def draw_groups(run: Named) -> Markup:
    """A and B, whose mail to each other is late, and C above them."""
    first, second, liars = run.groups
    parties = (make_party(run, "A", first, 0), make_party(run, "B", second, 1))
    n, f = run.witness.nodes, run.witness.faults
    words = f"C = {tell_members(liars)}; n = {n}, made for f = {f}"
    return draw_two_faces(f"{run.title}: three groups", words, parties, "held")


def make_party(run: Named, letter: str, members: tuple[ReplicaId, ...], face: int) -> Party:
    """A group, what it decided, and what the liars show it."""
    decisions = run.witness.decisions
    words = dict.fromkeys(tell_value(decisions[str(me)]) for me in members if str(me) in decisions)
    name = f"{letter} = {tell_members(members)}"
    return Party(name, f"v{face}", " ".join(words), f"face {face}")


def tell_members(members: tuple[ReplicaId, ...]) -> str:
    """Names in a row."""
    return " ".join(map(str, members))
