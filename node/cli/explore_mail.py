"""Agreements whose messages arrive once each, or never: the network of the theorem."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from consensus.agreement import Opened, Propose
from consensus.agreements import AgreementSpec
from consensus.committee import Committee
from consensus.exploration.asynchronous import Configuration, Liberties, World
from consensus.exploration.bounded import Bounded
from consensus.exploration.explorer import Exploration, Space
from consensus.exploration.explorer import explore as go_through
from consensus.exploration.giving_up import AGREEMENT, find_broken
from consensus.exploration.replaying import Replay, ReplayError
from consensus.exploration.shrinking import shrink
from consensus.exploration.table import Move, Table
from consensus.exploration.telling import tell_move
from node.cli.explore_report import Limits, describe_extent, measure_memory, showing
from node.cli.remote import RequestError

SIZE_MAX = 9
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be explored."""

    spec: AgreementSpec
    inputs: tuple[int | None, ...]
    liberties: Liberties
    rounds_max: int | None

    @property
    def committee(self) -> Committee:
        """As many members as there are inputs, and the most faults that they stand."""
        size = len(self.inputs)
        return Committee.of(size, self.spec.default_faults(size))

    @property
    def openings(self) -> list[list[Any]]:
        """What participants take first."""
        proposals = ([] if bit is None else [Propose(bytes([bit]))] for bit in self.inputs)
        return [[Opened(), *proposal] for proposal in proposals]


def parse_inputs(text: str) -> tuple[int | None, ...]:
    """`0,1,-`; raises `RequestError`."""
    words = text.split(",")
    if not 1 <= len(words) <= SIZE_MAX or set(words) - {"0", "1", NOTHING}:
        raise RequestError(
            f"{text[:80]!r} are no inputs",
            reason="bad-inputs",
            advice=f"write 0, 1 or {NOTHING} for each of up to {SIZE_MAX} members, as in 0,1,1",
        )
    return tuple(None if word == NOTHING else int(word) for word in words)


def check_crashes(question: Question) -> None:
    """Raise `RequestError` if more may crash than there are."""
    if question.liberties.crashes > len(question.inputs):
        raise RequestError(
            f"{question.liberties.crashes} of {len(question.inputs)} members cannot crash",
            reason="too-many-crashes",
            advice="give more inputs, or a smaller --crashes",
        )


def make_world(question: Question) -> World:
    """With nothing seen yet."""
    table, faces = Table(question.committee), question.spec.common_faces
    if faces is not None:
        table.faces = lambda _me, tag: (faces[(tag[0] - 1) % len(faces)],)
    return World(table, question.liberties, question.spec.is_stale)


def explore_mail(question: Question, limits: Limits, *, json: bool) -> dict[str, Any]:
    """Explore, show how far it is, and report."""
    committee, world = question.committee, make_world(question)
    participants = [question.spec.create(me, committee) for me in committee.members]
    start = world.begin(participants, question.openings)
    space: Space = world
    if question.rounds_max is not None:
        space = Bounded(world, question.spec.find_round, question.rounds_max)
    proposed = tuple(bit for bit in question.inputs if bit is not None)
    values_max = question.spec.count_values(committee)

    def judge(configuration: Configuration) -> str | None:
        return min(find_broken(world, configuration, proposed, values_max), default=None)

    with showing(is_shown=not json) as show:
        seen = go_through(
            space,
            [start],
            judge,
            configurations_max=limits.configurations_max,
            depth_max=limits.depth_max,
            depth_first=limits.depth_first,
            on_progress=show,
            may_go_on=limits.may_go_on,
        )
    return make_report(question, world, space, seen, depth_first=limits.depth_first)


def make_report(
    question: Question, world: World, space: Space, seen: Exploration, *, depth_first: bool
) -> dict[str, Any]:
    """What was seen, for machines."""
    words = {word for one in seen.configurations for word in list_words(world, one)}
    violation = None
    if seen.violation is not None:
        number, broken = seen.violation
        path: list[Move] = [world.table.moves[move] for move in seen.path(number)]
        if depth_first:
            path = shrink(path, lambda moves: breaks(question, moves, broken))
        said = replay(question, path)
        violation = {"property": broken, "schedule": list(map(tell_move, path)), "decided": said}
    is_bounded = isinstance(space, Bounded) and space.has_cut
    bounds = {"rounds": question.rounds_max or 0} if is_bounded else {}
    return {
        "explored": question.spec.name,
        "network": "each message once",
        "inputs": list(question.inputs),
        **describe_extent(seen, bounds),
        "states": len(world.table.states),
        "names": hashlib.sha256(b"".join(sorted(world.table.names))).hexdigest(),
        "steps": world.table.steps,
        "decided": sorted(words),
        "violation": violation,
        "memory_bytes": measure_memory(),
    }


def list_words(world: World, configuration: Configuration) -> set[int]:
    """The bits that somebody has decided."""
    told = world.words(configuration)
    return {value[0] for words in told for _, values in words for value in values}


def breaks(question: Question, moves: Sequence[Move], broken: str) -> bool:
    """Does a schedule break a property on fresh members; one that cannot be played breaks none."""
    try:
        said = set(replay(question, moves).values())
    except ReplayError:
        return False
    if broken == AGREEMENT:
        return len(said) > question.spec.count_values(question.committee)
    return bool(said - set(question.inputs))


def replay(question: Question, path: Sequence[Move]) -> dict[str, int]:
    """Who decides what, when fresh members follow the schedule."""
    replayed = Replay(question.committee, question.spec.create)
    replayed.begin(question.openings)
    for move in path:
        replayed.play(move)
    return {str(me): word[0] for me, word in replayed.words().items()}
