"""Twins: every partition of a few rounds, with replicas whose keys are used twice (Bano et al. 2021).

Two honest engines under one key, each unaware of the other, do between them what liars do:
equivocate, forget, vote twice. So a handful of rounds, each with every partition of the hosts into
at most two blocks, covers what would otherwise take a catalogue of lies.

A round is a view, led by its fixed primary; the twins are those of the first primaries. Whatever is
said about view r < ROUNDS passes only within the blocks of round r; a message that names no view
counts as one of the view that its sender is in. So that no round goes on for ever, a host gets only
HEIGHTS heights of its own proposals through in each, and the partition of round r ends when the
patience for that view has passed twice. From view ROUNDS on all passes. Then all that was submitted,
and new work, has to be executed within the bound that the engine states.

The number of a scenario has one digit for each round, the first round's last, in base 2^(hosts-1):
bit i - 1 of a digit says that the host at address i is not in the block of the one at address 0.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from consensus import catalog
from consensus.committee import Committee, View
from consensus.engine_spec import Contract
from consensus.errors import ConsensusError
from consensus.message import Height, Message, Signed
from consensus.model.faults import FaultKind
from consensus.simulation.byzantine.fields import VALUE_NAMES, VIEW_NAMES, find_height
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.history import ViolationError
from consensus.simulation.links import Address, Quality
from consensus.simulation.schedule import Violation
from consensus.simulation.stage import Stage
from consensus.simulation.trace import Trace

ROUNDS = 3
HEIGHTS = 2
"""So many of a host's proposals pass in a round: enough to decide something, and to leave work."""
PATIENCES = 2
"""How long a partition lasts: so often the timeout, which is doubled with each round."""
DELAY_MS = 5
SLICE_MS = 25
"""How often it is asked whether all have come out of the rounds."""
HOSTS_MAX = 9
"""More would make scenarios without number."""


class TwinsError(ConsensusError):
    """Scenarios that cannot be."""

    reason = "bad-twins"


class Twins(msgspec.Struct, frozen=True):
    """What scenarios have in common: `twins` replicas, the first primaries, have a second host."""

    engine: str = "pbft"
    nodes: int = 4
    twins: int = 1

    @property
    def hosts(self) -> int:
        """All addresses."""
        return self.nodes + self.twins

    @property
    def partitions(self) -> int:
        """In how many ways the hosts fall into at most two blocks."""
        return 1 << (self.hosts - 1)

    @property
    def scenarios(self) -> int:
        """How many there are."""
        return int(self.partitions**ROUNDS)


class TwinOutcome(msgspec.Struct, frozen=True):
    """What became of one scenario.

    `decided` heights under the partitions, by the furthest correct host; `views`: in which views the
    correct hosts were when these ended; `events`: what happened in all; `sim_ms`: in so much time.
    """

    number: int
    violation: Violation | None
    decided: int
    views: tuple[View, ...]
    events: int
    sim_ms: int
    digest: str


def check_twins(twins: Twins, *, beyond_bound: bool = False) -> None:
    """Refuse what cannot be run; raises `ConsensusError`.

    More twins than f are for demonstrations: they break agreement, as they must.
    """
    spec = catalog.get(twins.engine)
    if twins.nodes < 1 or not 0 <= twins.twins <= twins.nodes:
        raise TwinsError(f"{twins.twins} of {twins.nodes} nodes cannot have twins")
    if twins.hosts > HOSTS_MAX:
        raise TwinsError(f"nodes and twins are {HOSTS_MAX} at most, not {twins.hosts}")
    advice = "it signs nothing, so a twin is one more miner and proves nothing"
    catalog.check_contract(spec, {Contract.CHAIN}, advice)
    if twins.twins and spec.model.assumes.fault_kind is not FaultKind.BYZANTINE:
        raise TwinsError(f"twins lie, and {spec.name} stands members that crash, none that lie")
    faults = spec.default_faults(twins.nodes)
    catalog.check_configuration(spec, Committee.of(twins.nodes, faults))
    if twins.twins > faults and not beyond_bound:
        raise TwinsError(
            f"{twins.twins} twins are more than f = {faults}: that is beyond the bound, "
            f"and has to be asked for"
        )


def check_scenarios(twins: Twins, numbers: range) -> None:
    """Refuse numbers that no scenario has; raises `TwinsError`."""
    if numbers and not 0 <= min(numbers) <= max(numbers) < twins.scenarios:
        raise TwinsError(f"there are scenarios 0 to {twins.scenarios - 1}")


def run_twin_scenario(twins: Twins, number: int) -> TwinOutcome:
    """One scenario to its end, or to the first broken promise; raises `TwinsError`."""
    return _play(open_twins(twins), twins, number)


def trace_twin_scenario(twins: Twins, number: int) -> tuple[TwinOutcome, Trace]:
    """The same run with everything written down; the digest is the same."""
    cluster = open_twins(twins, is_traced=True)
    outcome = _play(cluster, twins, number)
    assert cluster.trace is not None
    return outcome, cluster.trace


def _play(cluster: Cluster, twins: Twins, number: int) -> TwinOutcome:
    check_scenarios(twins, range(number, number + 1))
    rounds = Rounds(cluster, find_sides(twins, number))
    cluster.links.filters.append(rounds.let)
    decided, violation = 0, None
    views: tuple[View, ...] = ()
    try:
        submit_everywhere(cluster)
        rounds.play()
        decided, views = cluster.history.height, read_views(cluster)
        cluster.links.heal()
        if twins.twins <= cluster.committee.faults:
            demand_progress(cluster)
    except ViolationError as error:
        violation = Violation(error.property_name, error.detail, cluster.now_ms)
        cluster.note_event(0, "violated", error.property_name, error.detail)
    events, sim_ms = cluster.timeline.happened, cluster.now_ms
    return TwinOutcome(number, violation, decided, views, events, sim_ms, cluster.digest())


@dataclass(slots=True)
class Rounds:
    """What passes between hosts. `sides` is a bit mask for each round: see `find_sides`."""

    cluster: Cluster
    sides: tuple[int, ...]
    began_ms: dict[View, int] = field(default_factory=dict)
    """When a view was first spoken of."""
    proposed: dict[tuple[Address, View], set[Height]] = field(default_factory=dict)
    """The heights of which a host's proposals pass."""

    def let(self, sender: Address, receiver: Address, message: Any) -> bool:
        """Does a message pass."""
        view = find_view(message)
        is_free = view is None or not has_value(message)
        if view is None:
            view = self.cluster.spec.account(self.cluster.hosts[sender].engine).view
        if view >= ROUNDS:
            return True
        if not is_free and not self.may_propose(sender, view, message):
            return False
        is_over, apart = self.is_over(view), self.sides[view]
        return is_over or (apart >> sender & 1) == (apart >> receiver & 1)

    def may_propose(self, sender: Address, view: View, message: Any) -> bool:
        """Is a proposal among the first that this host has made in a view."""
        heights = self.proposed.setdefault((sender, view), set())
        if len(heights) < HEIGHTS:
            heights.add(find_height(message))
        return find_height(message) in heights

    def is_over(self, view: View) -> bool:
        """Has the partition of a round ended."""
        now_ms = self.cluster.now_ms
        return now_ms >= self.began_ms.setdefault(view, now_ms) + self.compute_length_ms(view)

    def compute_length_ms(self, view: View) -> int:
        """How long the partition of a round lasts."""
        cluster = self.cluster
        return PATIENCES * cluster.spec.patience_ms(cluster.parameters) << view

    def play(self) -> None:
        """Until every correct host has come out of the rounds, or no longer than they last."""
        cluster = self.cluster
        left_ms = sum(map(self.compute_length_ms, range(ROUNDS)))
        while left_ms > 0 and min(read_views(cluster)) < ROUNDS:
            cluster.run(SLICE_MS)
            left_ms -= SLICE_MS


def find_sides(twins: Twins, number: int) -> tuple[int, ...]:
    """For each round a bit mask: the hosts that are not in the block of the one at address 0."""
    digits = (number // twins.partitions**at for at in range(ROUNDS))
    return tuple((digit % twins.partitions) << 1 for digit in digits)


def open_twins(twins: Twins, *, is_traced: bool = False) -> Cluster:
    """The cluster of all scenarios, started, with the most nervous timers of the engine."""
    spec = catalog.get(twins.engine)
    nervous = min(spec.restless, key=lambda p: spec.patience_ms(catalog.parse_parameters(spec, p)))
    cluster = make_cluster(
        twins.engine,
        twins.nodes,
        quality=Quality(DELAY_MS, DELAY_MS),
        parameters=nervous,
        is_traced=is_traced,
    )
    for name in range(twins.twins):
        cluster.add_host(name)
        cluster.history.byzantine.add(name)
    cluster.start()
    return cluster


def submit_everywhere(cluster: Cluster) -> None:
    """All hosts get the same work, each in another order, so that twins propose different values."""
    places = list(cluster.hosts)
    for place in places:
        for item in (*places[place:], *places[:place]):
            cluster.submit(f"w{item}", [place])


def read_views(cluster: Cluster) -> tuple[View, ...]:
    """Where the correct hosts are."""
    return tuple(cluster.spec.account(host.engine).view for host in cluster.correct)


def demand_progress(cluster: Cluster) -> None:
    """Everything submitted is executed within the bound, and so is new work; or a violation."""
    committee = cluster.committee
    bound_ms = cluster.spec.model.progress_bound_ms(
        cluster.parameters, committee.size, committee.faults, DELAY_MS
    )
    places = " ".join(str(host.place) for host in cluster.correct)
    Stage(cluster).do(f"demand {bound_ms} {places}")


def find_view(message: Any) -> View | None:
    """The view that a message is about: its body's own, or that of a proposal it carries.

    Votes kept as proof, in certificates and seals, say nothing about the message around them.
    """
    body = message.body if isinstance(message, Signed) else message
    view = read_view(body)
    if view is not None:
        return view
    parts = (getattr(body, name) for name in body.__struct_fields__)
    views = (read_view(part.body) for part in parts if isinstance(part, Signed))
    return next((view for view in views if view is not None), None)


def read_view(body: Message) -> View | None:
    """A struct's own view, or what the engine calls so."""
    for name in body.__struct_fields__:
        if name in VIEW_NAMES and isinstance(getattr(body, name), int):
            return int(getattr(body, name))
    return None


def has_value(message: Any) -> bool:
    """Does a message bring a value itself: if it names a view, it is a proposal."""
    return any(name in VALUE_NAMES for name in message.__struct_fields__)
