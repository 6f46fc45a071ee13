"""A cluster of simulated hosts over virtual time: the wiring of hosts, links, time and history.

A run is a function of its seed and of what is done to it. Hosts sit at addresses; a twin is a
second host with the name, and the key, of another.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from consensus import catalog
from consensus.block import Header
from consensus.committee import Committee, ReplicaId
from consensus.engine_spec import EngineSpec
from consensus.events import Suspected, Tag, Timer, Tossed, Trusted
from consensus.message import Height, compute_digest
from consensus.simulation import carrying, fetching, tree_host
from consensus.simulation.application import (
    BareApplication,
    Block,
    MakeApplication,
)
from consensus.simulation.byzantine.behaviour import Behaviour
from consensus.simulation.chance import Chance
from consensus.simulation.coins import CommonCoins
from consensus.simulation.digesting import RunDigest
from consensus.simulation.history import (
    Accusation,
    Divergence,
    Execution,
    HeadMoved,
    History,
    Proposal,
    Reading,
    Submission,
)
from consensus.simulation.host import Host
from consensus.simulation.links import Address, Links, Quality
from consensus.simulation.membership import Assembly
from consensus.simulation.properties import Watch, promises_of, watch
from consensus.simulation.timeline import Timeline
from consensus.simulation.trace import Trace
from consensus.simulation.tree import Adoption, BareTree
from consensus.simulation.words import ScenarioError

COIN_MS = 1
"""How long a common coin takes from the last share to its face."""


@dataclass(slots=True)
class Cluster:
    """Hosts, links, the clock, and what has happened. Make one with `make_cluster`."""

    spec: EngineSpec
    committee: Committee
    parameters: Any
    chance: Chance
    links: Links
    history: History
    promises: Watch
    make_application: MakeApplication
    timeline: Timeline = field(default_factory=Timeline)
    trace: Trace | None = None
    run_digest: RunDigest = field(default_factory=RunDigest)
    hosts: dict[Address, Host] = field(default_factory=dict)
    addresses: dict[ReplicaId, list[Address]] = field(default_factory=dict)
    """Where the engines of each name sit."""
    behaviours: dict[Address, Behaviour] = field(default_factory=dict)
    """What lying hosts say instead of what their engines mean."""
    messages: int = 0
    """Messages numbered so far."""
    sent: Counter[str] = field(default_factory=Counter)
    """Copies put on links, by kind; a replica's messages to itself do not count."""
    sent_bytes: Counter[str] = field(default_factory=Counter)
    coins: CommonCoins = field(init=False)

    def __post_init__(self) -> None:
        self.coins = CommonCoins(self.chance, self.committee.weak_quorum)

    # --- time ---------------------------------------------------------------------------------

    @property
    def now_ms(self) -> int:
        """Virtual time since the start."""
        return self.timeline.now_ms

    def step(self) -> bool:
        """Let the next thing happen; False if nothing will."""
        return self.timeline.step()

    def run(self, for_ms: int) -> None:
        """Let time pass."""
        self.timeline.run(for_ms)

    def run_until(self, goal: Callable[[], bool], within_ms: int) -> bool:
        """Let time pass until a goal is reached; False if it is not within the time."""
        return self.timeline.run_until(goal, within_ms)

    def later(self, host: Host, delay_ms: int, action: Callable[..., None], *args: Any) -> None:
        """Schedule something for this incarnation of a host."""
        self.timeline.schedule(delay_ms, self.act, host, host.incarnation, action, args)

    def act(
        self, host: Host, incarnation: int, action: Callable[..., None], args: tuple[Any, ...]
    ) -> None:
        """Do it, if the host has not crashed since."""
        if host.engine is not None and host.incarnation == incarnation:
            action(*args)

    # --- messages and blocks ------------------------------------------------------------------

    def say(self, host: Host, to: ReplicaId | None, message: Any) -> None:
        """Send to one or to all others; a liar's behaviour decides what really leaves."""
        carrying.say(self, host, to, message)

    def find_blocks(self, host: Host, height: Height) -> None:
        """Some connected host that is further serves its next blocks."""
        fetching.find_blocks(self, host, height)

    # --- what happens to hosts ----------------------------------------------------------------

    def start(self) -> None:
        """Start every host that is down, in order."""
        for place, host in self.hosts.items():
            if not host.is_up:
                self.restart(place)

    def crash(self, place: Address, *, power: bool = False) -> None:
        """A host stops; its messages under way still arrive elsewhere. `power`: so does its disk."""
        host = self.hosts[place]
        if not host.is_up:
            return
        self.note_event(place, "crash", "power" if power else "")
        self.history.faltered.add(host.name)
        self.links.down.add(place)
        if power:
            if host.journal.unsynced:
                self.history.probes["unsynced-tail-lost"] += 1
            host.journal.fail_power(self.chance)
        else:
            host.journal.sync()
        if host.stop(loses_unsynced=power):
            self.history.probes["blocks-lost"] += 1

    def restart(self, place: Address) -> None:
        """A host that is down starts again from its disk."""
        host = self.hosts[place]
        assert not host.is_up
        if host.incarnation:
            self.note_event(place, "restart")
        self.links.down.discard(place)
        host.start()

    def wipe(self, place: Address, *, journal_only: bool = False) -> None:
        """A host that is down loses its journal, or its whole disk."""
        host = self.hosts[place]
        assert not host.is_up
        self.history.probes["disk-wiped"] += 1
        self.history.forgetful.add(host.name)
        host.journal.wipe()
        if not journal_only:
            host.application.wipe()

    def add_host(self, name: ReplicaId, *, is_follower: bool = False) -> Host:
        """A host at the next address; one that has a taken name is a twin."""
        place = len(self.hosts)
        host = Host(
            place,
            name,
            self.spec,
            self.parameters,
            self.committee,
            self,
            self.make_application(place),
            is_follower,
        )
        host.miner.chance = self.chance.fork(f"miner/{place}")
        host.spread = self.chance.fork(f"spread/{place}")
        host.tosses = self.chance.fork(f"tosses/{place}")
        if host.watchman is not None:
            host.watchman.chance = self.chance.fork(f"watchman/{place}")
        self.hosts[place] = host
        self.addresses.setdefault(name, []).append(place)
        self.links.places.add(place)
        return host

    def behave(self, place: Address, behaviour: Behaviour) -> None:
        """A host begins to lie."""
        self.history.byzantine.add(self.hosts[place].name)
        self.behaviours[place] = behaviour

    def submit(self, item: str, to: Iterable[Address] | None = None) -> None:
        """A client's work reaches all hosts, or some; one that is down keeps it for later."""
        self.promises.see(Submission(item))
        for place in self.hosts if to is None else to:
            self.hosts[place].submit(item)

    # --- what is seen of it -------------------------------------------------------------------

    def note_accusation(self, host: Host, offender: ReplicaId) -> None:
        """A host holds proof that somebody lied."""
        if self.history.is_bound(host.name):
            self.promises.see(Accusation(host.name, offender))

    def note_divergence(self, host: Host, height: Height) -> None:
        """A host's ledger differs from a certified one."""
        if self.history.is_bound(host.name):
            self.promises.see(Divergence(host.name, height))

    @property
    def decided_height(self) -> Height:
        """The greatest height that any correct host has decided."""
        return self.history.reached

    def note_decision(self, host: Host, height: Height) -> None:
        """A host has decided a height."""
        if self.history.is_bound(host.name):
            self.history.reached = max(self.history.reached, height)

    def note_asked(self, host: Host, ticket: int) -> None:
        """A client reads at a host."""
        self.run_digest.add(b"%d %d ?%d" % (self.timeline.now_ms, host.place, ticket))
        self.note_event(host.place, "read", detail=f"after {self.history.reached}")

    def note_answered(self, host: Host, height: Height, before: Height) -> None:
        """A client may be told at a height."""
        self.run_digest.add(b"%d %d =%d" % (self.timeline.now_ms, host.place, height))
        if self.history.is_bound(host.name):
            self.promises.see(Reading(host.name, height, before, height > host.height))

    def note_proposal(self, host: Host, value: bytes) -> None:
        """A host made a value."""
        self.promises.see(Proposal(host.name, compute_digest(value)))
        if host.name not in self.history.byzantine:
            self.history.proposed.add(compute_digest(value))

    def note_block(self, host: Host, block: Block) -> None:
        """A host executed a block."""
        self.run_digest.add(b"%d %d %b" % (self.timeline.now_ms, host.place, block.block_id))
        self.note_event(host.place, "apply", detail=f"{block.height} {block.block_id.hex()[:8]}")
        if self.history.is_bound(host.name):
            header = host.ledger.get(block.block_id).header if host.ledger is not None else None
            self.promises.see(Execution(host.name, block, header))

    def note_adoption(
        self, host: Host, block_id: bytes, adoption: Adoption, gained: int | None
    ) -> None:
        """A host's ledger stands elsewhere."""
        self.run_digest.add(b"%d %d +%b" % (self.timeline.now_ms, host.place, block_id))
        undone = f" undone {adoption.undone}" if adoption.undone else ""
        self.note_event(host.place, "head", detail=f"{host.height} {block_id.hex()[:8]}{undone}")
        if self.history.is_bound(host.name):
            ahead_ms = tree_host.compute_ahead_ms(host, block_id)
            self.promises.see(HeadMoved(host.name, block_id, adoption.undone, ahead_ms, gained))

    def note_found(self, host: Host, block_id: bytes, header: Header) -> None:
        """Chance granted a host a block."""
        self.history.found.add(block_id)
        detail = f"{header.height} {block_id.hex()[:8]} on {header.parent.hex()[:8]}"
        self.note_event(host.place, "found", detail=detail)

    def note_timer(self, host: Host, timer: Timer) -> None:
        """A timer ran out."""
        self.run_digest.add(b"%d %d %b" % (self.timeline.now_ms, host.place, str(timer).encode()))
        self.note_event(host.place, "timer", str(timer[0]))

    def note_word(self, host: Host, word: Suspected | Trusted) -> None:
        """A host's failure detector has said something."""
        kind = "suspect" if isinstance(word, Suspected) else "trust"
        said = f"{self.timeline.now_ms} {host.place} {kind} {word.replica}"
        self.run_digest.add(said.encode())
        self.note_event(host.place, kind, detail=f"{word.replica}")

    def toss_common(self, host: Host, tag: Tag) -> None:
        """Enough hosts may have asked now."""
        self.coins.ask(tag, host.place, self.tell_face)

    def tell_face(self, place: Address, tossed: Tossed) -> None:
        """A host that asked for a common coin learns what it shows, a little later."""
        host = self.hosts[place]
        said = f"{self.timeline.now_ms} {place} coin {tossed.tag} {tossed.face}"
        self.run_digest.add(said.encode())
        self.later(host, COIN_MS, host.feed, tossed)

    def note_probe(self, host: Host, probe: str) -> None:  # noqa: ARG002 - a host's surroundings
        """A rare situation."""
        self.history.probes[probe] += 1

    def note_event(self, place: Address, kind: str, name: str = "", detail: str = "") -> None:
        """Something that is no effect."""
        if self.trace is not None:
            self.trace.note(self.timeline.now_ms, place, kind, name, detail)

    def digest(self) -> str:
        """64 hexadecimal digits that name the run so far."""
        return self.run_digest.compute()

    @property
    def correct(self) -> list[Host]:
        """The hosts that do not lie."""
        return [h for h in self.hosts.values() if h.name not in self.history.byzantine]

    def heights(self) -> tuple[Height, ...]:
        """The heads of all hosts, in order."""
        return tuple(host.height for host in self.hosts.values())

    def have_executed(self, *items: str) -> bool:
        """Has every correct host that is up executed these items."""
        return all(i in h.application.executed for h in self.correct if h.is_up for i in items)

    def are_at_rest(self, places: Iterable[Address] | None = None) -> bool:
        """Do these hold the same head, certified, and no work; all correct hosts that are up.

        A tree of blocks grows for ever; it is at rest when all work is final.
        """
        if places is None:
            up = [host for host in self.correct if host.is_up]
        else:
            up = [self.hosts[place] for place in places]
        if self.spec.tree is not None:
            return all(host.ledger is not None and host.ledger.is_settled() for host in up)
        if not up:
            return False
        head, block_id = up[0].height, up[0].block_id
        for host in up:  # asked after every step of a run, so the first who is not ends it
            if host.height != head or host.application.flags()[0] or host.block_id != block_id:
                return False
        return not head or all(head in host.application.certificates for host in up)


def make_cluster(
    engine: str = "pbft",
    size: int = 4,
    *,
    faults: int | None = None,
    followers: int = 0,
    seed: int = 0,
    quality: Quality | None = None,
    parameters: Mapping[str, int] | None = None,
    committee: Committee | None = None,
    make_application: MakeApplication | None = None,
    is_traced: bool = False,
    is_changing: bool = False,
) -> Cluster:
    """A cluster that has not started; followers have the names after the members.

    A configuration beyond the engine's bound is allowed here: breaking things is the purpose. Where
    `is_changing`, items change the committee (see `membership`); followers may be added to it.
    """
    spec = catalog.get(engine)
    if committee is None:
        committee = Committee.of(size, spec.default_faults(size) if faults is None else faults)
    catalog.check_configuration(spec, committee, allow_beyond_bound=True)
    chance = Chance(seed)
    if make_application is None:
        make_application = make_bare_application if spec.tree is None else make_bare_tree
    history = History()
    parsed = catalog.parse_parameters(spec, {**(parameters or {}), **spec.simulated})
    if is_changing:
        make_application = make_changing(spec, parsed, committee)
    cluster = Cluster(
        spec,
        committee,
        parsed,
        chance,
        Links(chance, quality or Quality()),
        history,
        watch(history, promises_of(spec, make_application(-1).is_valid, parsed)),
        make_application,
        trace=Trace() if is_traced else None,
    )
    for name in range(size + followers):
        cluster.add_host(name, is_follower=name >= size)
    if is_changing:
        fetching.poll(cluster)
    return cluster


def make_bare_application(_place: Address) -> BareApplication:
    """Opaque items."""
    return BareApplication()


def make_changing(spec: EngineSpec, parameters: Any, first: Committee) -> MakeApplication:
    """Opaque items, some of which change the committee; raises `ScenarioError`."""
    if spec.find_terms(parameters) is None:
        raise ScenarioError(f"{spec.name} has a fixed committee")
    return lambda _place: BareApplication(assembly=Assembly.make(spec, parameters, first))


def make_bare_tree(_place: Address) -> BareTree:
    """Opaque items, on branches."""
    return BareTree()
