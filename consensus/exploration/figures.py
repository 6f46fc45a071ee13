"""What the page about the theorem draws, as plain values: pieces of the graph that one can look at."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from consensus.exploration.asynchronous import Configuration
from consensus.exploration.flp import Finding, Inputs
from consensus.exploration.oracle import Oracle, Way, find_delay
from consensus.exploration.table import MoveId
from consensus.exploration.telling import tell_move

Valence: TypeAlias = str
"""`0`, `1`, `01` for bivalent ones; empty where nothing was found."""
LAYERS_MAX, NODES_MAX = 9, 120
PAIRS_MAX = 8_000
DELAY_WISHED = 2


@dataclass(frozen=True, slots=True)
class Layers:
    """Configurations by their distance from a start; only bivalent ones are gone beyond."""

    inputs: Inputs
    valences: tuple[tuple[Valence, ...], ...]
    edges: tuple[tuple[tuple[int, int, str], ...], ...]
    """From each layer to the next: places in both, and the step in words."""


@dataclass(frozen=True, slots=True)
class Diamond:
    """Lemma 3 for one pair: a bivalent configuration, an event, and steps that make room for it."""

    event: str
    receiver: int
    steps: tuple[str, ...]
    """Between the configurations of the upper row."""
    receivers: tuple[int, ...]
    upper: tuple[Valence, ...]
    lower: tuple[Valence, ...]
    """After the event, each below the one that it was taken from."""
    commutes: tuple[bool | None, ...]
    """Is it all one which of both goes first; None where the step cannot be taken any more."""
    is_late: bool
    """Did the event come to be stale: at the end it changes nothing."""


@dataclass(frozen=True, slots=True)
class Halt:
    """A configuration on the adversary's way: the step it takes, and what else could have happened."""

    taken: str
    others: tuple[tuple[str, Valence], ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """All of one victim."""

    starts: dict[Inputs, Valence]
    layers: Layers | None
    diamond: Diamond | None
    halts: tuple[Halt, ...]
    """Of the lasso: prefix, then one loop."""
    prefix: int


def make_figures(finding: Finding) -> Figures:
    """Everything that is drawn of a victim but the diagram of its run."""
    starts = {
        inputs: "".join(str(word[0]) for word in sorted(ways))
        for inputs, ways in finding.ways.items()
    }
    if finding.lasso is None or finding.lasso_inputs is None:
        return Figures(starts, None, None, (), 0)
    start = finding.starts[finding.lasso_inputs]
    way = (*finding.lasso.prefix, *finding.lasso.loop)
    return Figures(
        starts,
        make_layers(finding.oracle, start, finding.lasso_inputs),
        find_diamond(finding.oracle),
        tuple(list_halts(finding.oracle, start, way)),
        len(finding.lasso.prefix),
    )


def find_valence(oracle: Oracle, configuration: Configuration) -> Valence:
    """What can still be decided, in digits."""
    return "".join(str(word[0]) for word in sorted(oracle.find_ways(configuration)))


def make_layers(oracle: Oracle, start: Configuration, inputs: Inputs) -> Layers:
    """As many layers as one can look at."""
    layers: list[list[Configuration]] = [[start]]
    edges: list[tuple[tuple[int, int, str], ...]] = []
    known = {start}
    moves = oracle.space.world.table.moves
    while len(layers) < LAYERS_MAX:
        places: dict[Configuration, int] = {}
        found = []
        for at, configuration in enumerate(layers[-1]):
            steps = oracle.steps(configuration) if oracle.is_bivalent(configuration) else ()
            for move, following, _ in steps:
                if following not in known:
                    place = places.setdefault(following, len(places))
                    found.append((at, place, tell_move(moves[move])))
        if not places or len(known) + len(places) > NODES_MAX:
            break
        known.update(places)
        layers.append(list(places))
        edges.append(tuple(found))
    valences = tuple(tuple(find_valence(oracle, one) for one in layer) for layer in layers)
    return Layers(inputs, valences, tuple(edges))


def find_diamond(oracle: Oracle) -> Diamond | None:
    """A pair whose event has to wait for others, if there is any: the first that waits for two."""
    size = oracle.space.world.size
    best: Diamond | None = None
    pairs = 0
    for configuration in filter(oracle.is_bivalent, list(oracle.known)):
        for event in dict.fromkeys(configuration[size:]):
            pairs += 1
            found = find_delay(oracle, configuration, event)
            if found is None or any(by for _, by in found.way):
                continue
            if 1 <= len(found.before) <= DELAY_WISHED:
                diamond = make_diamond(oracle, configuration, event, found.before)
                if is_telling(diamond) and (best is None or len(best.steps) < len(diamond.steps)):
                    best = diamond
        if best is not None and (len(best.steps) == DELAY_WISHED or pairs > PAIRS_MAX):
            break
    return best


def is_telling(diamond: Diamond) -> bool:
    """Does the event settle the matter until the last step, which concerns the same participant."""
    return (
        all(valence in {"0", "1"} for valence in diamond.lower[:-1])
        and diamond.receivers[-1] == diamond.receiver
        and all(diamond.commutes[:-1])
    )


def make_diamond(oracle: Oracle, configuration: Configuration, event: MoveId, way: Way) -> Diamond:
    """Both rows, and the squares between them; `way` comes before the event and lowers nothing."""
    moves = oracle.space.world.table.moves
    upper, lower = [configuration], [deliver(oracle, configuration, event)]
    commutes: list[bool | None] = []
    for move, _ in way:
        following = take(oracle, upper[-1], move)
        assert following is not None
        upper.append(following)
        before = lower[-1]
        lower.append(deliver(oracle, following, event))
        across = take(oracle, before, move) if before is not None else None
        commutes.append(None if across is None else across == lower[-1])
    return Diamond(
        tell_move(moves[event]),
        moves[event].to,
        tuple(tell_move(moves[move]) for move, _ in way),
        tuple(moves[move].to for move, _ in way),
        tuple(find_valence(oracle, one) for one in upper),
        tuple(find_valence(oracle, one) if one is not None else "" for one in lower),
        tuple(commutes),
        lower[-1] == upper[-1],
    )


def deliver(oracle: Oracle, configuration: Configuration, event: MoveId) -> Configuration | None:
    """After the event; what is not in the mail any more has come to be stale and changes nothing."""
    is_waiting = event in configuration[oracle.space.world.size :]
    return take(oracle, configuration, event) if is_waiting else configuration


def take(oracle: Oracle, configuration: Configuration, move: MoveId) -> Configuration | None:
    """Where a step leads that lowers nothing; None if it cannot be taken."""
    for taken, following, by in oracle.steps(configuration):
        if taken == move and not by:
            return following
    return None


def list_halts(oracle: Oracle, start: Configuration, way: Way) -> Iterator[Halt]:
    """Each configuration of a way, with the steps that the adversary did not take."""
    moves = oracle.space.world.table.moves
    at = start
    for chosen, _ in way:
        others = []
        following = at
        for move, to, _ in oracle.steps(at):
            if move == chosen:
                following = to
            else:
                others.append((tell_move(moves[move]), find_valence(oracle, to)))
        yield Halt(tell_move(moves[chosen]), tuple(others))
        at = following
