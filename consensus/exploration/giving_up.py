"""What a simple agreement gives up: each straw man loses agreement, validity or termination."""

import itertools
from dataclasses import dataclass
from typing import Any

from consensus import agreements
from consensus.agreement import Opened, Propose
from consensus.agreements import AgreementSpec
from consensus.committee import Committee, ReplicaId
from consensus.exploration.asynchronous import Configuration, Liberties, World
from consensus.exploration.explorer import Exploration, explore
from consensus.exploration.replaying import Replay
from consensus.exploration.table import Move, Stop, Table

STRAW_MEN = ("wait-for-all", "first-heard", "always-0")
AGREEMENT, VALIDITY = "agreement", "validity"
CONFIGURATIONS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Loss:
    """One property that does not hold, with the least that shows it."""

    straw_man: str
    lost: str
    """`agreement`, `validity` or `termination`."""
    inputs: tuple[int, ...]
    schedule: tuple[Move, ...] = ()
    silent: ReplicaId | None = None
    """Who takes no step at all."""


def find_losses(name: str, size: int = 3) -> list[Loss]:
    """What an agreement of `size` members, one of which may be silent, gives up."""
    spec, committee = agreements.get(name), Committee.of(size, 1)
    losses: dict[str, Loss] = {}
    for inputs in itertools.product((0, 1), repeat=size):
        for property_ in (AGREEMENT, VALIDITY):
            schedule = find_violation(spec, committee, inputs, property_)
            if schedule is not None:
                loss = Loss(name, property_, inputs, schedule)
                kept = losses.setdefault(property_, loss)
                if len(schedule) < len(kept.schedule):
                    losses[property_] = loss
        for silent in committee.members:
            if not decides_without(spec, committee, inputs, silent):
                losses.setdefault("termination", Loss(name, "termination", inputs, (), silent))
    return list(losses.values())


def find_violation(
    spec: AgreementSpec, committee: Committee, inputs: tuple[int, ...], property_: str
) -> tuple[Move, ...] | None:
    """A shortest schedule that breaks a property, if there is any."""
    world = World(Table(committee), Liberties(timers=False), spec.is_stale)
    start = world.begin(
        [spec.create(me, committee) for me in committee.members], make_openings(inputs)
    )

    def judge(configuration: Configuration) -> str | None:
        return property_ if property_ in find_broken(world, configuration, inputs) else None

    found = explore(world, [start], judge, configurations_max=CONFIGURATIONS_MAX)
    if found.violation is None:
        return None
    return tuple(world.table.moves[move] for move in found.path(found.violation[0]))


def find_broken(
    world: World, configuration: Configuration, inputs: tuple[int, ...], values_max: int = 1
) -> frozenset[str]:
    """Which properties do not hold of the words said so far: uniform agreement, and validity V1.

    Of weak agreement more than one value may be decided, up to `values_max`.
    """
    said = {
        value for words in world.words(configuration) for _, values in words for value in values
    }
    broken = set()
    if len(said) > values_max:
        broken.add(AGREEMENT)
    if said - {bytes([bit]) for bit in inputs}:
        broken.add(VALIDITY)
    return frozenset(broken)


@dataclass(frozen=True, slots=True)
class Ends:
    """How all runs of an agreement end in which up to one participant crashes, from all inputs."""

    agreement: str
    configurations: int
    ends: int
    """Configurations in which nothing more can happen."""
    undecided: int
    """Ends in which somebody who is up has not decided."""
    values_max: int
    """The most different values that are decided in a run."""
    is_finite: bool
    """Does every run end."""

    @property
    def always_decides(self) -> bool:
        """Does everybody who does not crash decide in every run."""
        return self.is_finite and not self.undecided


def find_ends(name: str, size: int = 3) -> Ends:
    """Every order of events, and a crash anywhere, also before the first word."""
    spec, committee = agreements.get(name), Committee.of(size, 1)
    world = World(Table(committee), Liberties(crashes=1, timers=False), spec.is_stale)
    starts = [
        begin(spec, world, inputs, silent)
        for inputs in itertools.product((0, 1), repeat=size)
        for silent in (None, *committee.members)
    ]
    seen = explore(world, starts, lambda _: None, configurations_max=CONFIGURATIONS_MAX)
    ends = [one for one in seen.configurations if not one[size:]]
    said = (
        {value for words in world.words(one) for _, values in words for value in values}
        for one in seen.configurations
    )
    return Ends(
        name,
        len(seen.configurations),
        len(ends),
        sum(not has_decided(world, one) for one in ends),
        max(map(len, said)),
        seen.is_closed and is_finite(world, seen),
    )


def begin(
    spec: AgreementSpec, world: World, inputs: tuple[int, ...], silent: ReplicaId | None
) -> Configuration:
    """All have proposed, but for one, if any, who has crashed before it said anything."""
    committee, openings = world.table.committee, make_openings(inputs)
    if silent is not None:
        openings[committee.members.index(silent)] = []
    start = world.begin([spec.create(me, committee) for me in committee.members], openings)
    return start if silent is None else world.apply(start, world.table.number(Stop(silent)))


def has_decided(world: World, configuration: Configuration) -> bool:
    """Has everybody who is up."""
    states = (world.table.states[state] for state in configuration[: world.size])
    return all(local.words or local.is_down for local in states)


def is_finite(world: World, seen: Exploration) -> bool:
    """Can no configuration come back: then each run through finitely many of them ends."""
    entries = [0] * len(seen.configurations)
    following = [[seen.index[to] for _, to in world.successors(one)] for one in seen.configurations]
    for targets in following:
        for target in targets:
            entries[target] += 1
    waiting = [at for at, count in enumerate(entries) if not count]
    taken = 0
    while waiting:
        taken += 1
        for target in following[waiting.pop()]:
            entries[target] -= 1
            if not entries[target]:
                waiting.append(target)
    return taken == len(entries)


def decides_without(
    spec: AgreementSpec, committee: Committee, inputs: tuple[int, ...], silent: ReplicaId
) -> bool:
    """Do all others decide, once everything that they say to each other has arrived."""
    replay = Replay(committee, spec.create)
    openings = make_openings(inputs)
    openings[committee.members.index(silent)] = []
    replay.begin(openings)
    while waiting := [sent.delivery for sent in replay.mail if sent.delivery.to != silent]:
        replay.play(waiting[0])
    return len(replay.words()) >= committee.size - 1


def make_openings(inputs: tuple[int, ...]) -> list[list[Any]]:
    """What participants take first."""
    return [[Opened(), Propose(bytes([bit]))] for bit in inputs]
