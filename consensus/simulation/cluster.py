"""A cluster of simulated hosts over a virtual clock: one seeded heap, one order of events.

Time is in milliseconds. Things due at the same moment happen in the order in which they were put
on the heap, so a run is a function of its seed and of what the test does.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from consensus import catalog
from consensus.committee import Committee, ReplicaId
from consensus.effects import Effect
from consensus.events import Elapsed, Offered, Received, Timer
from consensus.message import Height, Signed
from consensus.simulation.chance import Chance
from consensus.simulation.checkers import check_agreement, check_divergence, check_vote
from consensus.simulation.disk import Block
from consensus.simulation.host import OFFERED_BLOCKS, Host
from consensus.simulation.links import Links, Quality
from consensus.simulation.signatures import is_genuine
from consensus.simulation.trace import Trace, name_message

Mask: TypeAlias = Callable[[ReplicaId, Any], Iterable[Any]]
"""A byzantine replica's face: (receiver, message its engine meant) -> messages it says instead."""
Ear: TypeAlias = Callable[[ReplicaId, Any], Iterable[tuple[ReplicaId, Any]]]
"""What a byzantine replica adds: (sender, message it heard) -> (receiver, message) pairs."""


@dataclass(slots=True)
class Cluster:
    """Hosts, links and the clock. Make one with `make_cluster`."""

    spec: catalog.EngineSpec
    committee: Committee
    hosts: dict[ReplicaId, Host]
    chance: Chance
    links: Links
    trace: Trace = field(default_factory=Trace)
    masks: dict[ReplicaId, Mask] = field(default_factory=dict)
    ears: dict[ReplicaId, Ear] = field(default_factory=dict)
    """Only for replicas that wear a mask."""
    said: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    """What correct replicas ever signed, by signer, kind, view and height."""
    decided: dict[Height, Block] = field(default_factory=dict)
    """What correct hosts ever executed."""
    now_ms: int = 0
    heap: list[tuple[int, int, Callable[[], None]]] = field(default_factory=list)
    scheduled: int = 0
    timers: dict[tuple[ReplicaId, Timer], int] = field(default_factory=dict)
    forged: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    """Messages put on links, by kind; a replica's messages to itself do not count."""

    def later(self, host: Host, delay_ms: int, action: Callable[[], None]) -> None:
        """Schedule something for this incarnation of a host."""
        incarnation = host.incarnation

        def act() -> None:
            if host.is_up and host.incarnation == incarnation:
                action()

        self.schedule(delay_ms, act)

    def schedule(self, delay_ms: int, action: Callable[[], None]) -> None:
        """Put an action on the heap."""
        self.scheduled += 1
        heapq.heappush(self.heap, (self.now_ms + delay_ms, self.scheduled, action))

    def start_timer(self, host: Host, timer: Timer, after_ms: int) -> None:
        """Setting again replaces: only the newest setting of a name elapses."""
        key = (host.name, timer)
        self.scheduled += 1
        number = self.timers[key] = self.scheduled

        def elapse() -> None:
            if self.timers.get(key) == number:
                del self.timers[key]
                kind = str(timer[0])
                self.trace.note_event(self.now_ms, host.name, f"{kind} timer ran out", kind)
                host.feed(Elapsed(timer))

        self.later(host, after_ms, elapse)

    def stop_timer(self, host: Host, timer: Timer) -> None:
        """The timer will not elapse."""
        self.timers.pop((host.name, timer), None)

    def say(self, sender: ReplicaId, to: ReplicaId | None, message: Any) -> None:
        """Send to one or to all others, through the mask of a byzantine sender."""
        mask = self.masks.get(sender)
        if mask is None and isinstance(message, Signed):
            check_vote(self.said, message)
        for receiver in [to] if to is not None else list(self.hosts):
            if receiver == sender or receiver not in self.hosts:
                continue
            for said in mask(receiver, message) if mask else (message,):
                self.transmit(sender, receiver, said)

    def transmit(self, sender: ReplicaId, receiver: ReplicaId, message: Any) -> None:
        """Carry the canonical bytes over the link; the receiving host drops what does not verify."""
        self.sent[name_message(message)] += 1
        delays = self.links.draw_delays_ms(sender, receiver, message)
        if not delays:
            return
        codec = self.spec.messages
        data = codec.encode(message)
        for delay_ms in delays:
            self.schedule(delay_ms, lambda: self.deliver(sender, receiver, data))

    def deliver(self, sender: ReplicaId, receiver: ReplicaId, data: bytes) -> None:
        """A message arrives, if its receiver is up and still connected."""
        host = self.hosts[receiver]
        if not host.is_up or not self.links.is_connected(sender, receiver):
            return
        message = self.spec.messages.decode(data)
        if not is_genuine(message):
            self.forged += 1
            return
        if ear := self.ears.get(receiver):
            for other, said in ear(sender, message):
                self.transmit(receiver, other, said)
        host.feed(Received(sender, message))

    def find_blocks(self, host: Host, height: Height) -> None:
        """Some connected host that is further serves its next blocks, two message delays later."""
        delay_ms = 2 * self.links.quality.delay_ms_max

        def serve() -> None:
            head = host.disk.height
            servers = [
                other
                for other in self.hosts.values()
                if other.is_up
                and other.disk.height > head
                and self.links.is_connected(other.name, host.name)
            ]
            if servers:
                self.offer(host, self.chance.choose(servers), head, height)

        self.later(host, delay_ms, serve)

    def offer(self, host: Host, server: Host, head: Height, height: Height) -> None:
        """Hand a server's blocks above `head` to a host's engine."""
        for block in server.disk.blocks[head : min(height, head + OFFERED_BLOCKS)]:
            certificate = server.disk.certificates.get(block.height)
            host.feed(Offered(block.height, block.values, block.seal, certificate))

    def note(self, host: Host, effect: Effect) -> None:
        """Write an effect into the trace, and look whether it is a broken promise."""
        if host.name not in self.masks:
            check_divergence(host.name, effect)
        self.trace.note_effect(self.now_ms, host.name, effect)

    def note_block(self, host: Host, block: Block) -> None:
        """A host executed a block."""
        if host.name not in self.masks:
            check_agreement(self.decided, host.name, block)

    def start(self) -> None:
        """Start every host that is down, in order."""
        for name, host in self.hosts.items():
            if not host.is_up:
                self.restart(name)

    def crash(self, name: ReplicaId) -> None:
        """A host stops; its messages under way still arrive elsewhere."""
        self.trace.note_event(self.now_ms, name, "crashes")
        self.hosts[name].stop()
        for key in [key for key in self.timers if key[0] == name]:
            del self.timers[key]

    def restart(self, name: ReplicaId, *, wipe_journal: bool = False) -> None:
        """A host that is down starts again from its disk, perhaps without its journal."""
        host = self.hosts[name]
        assert not host.is_up
        if wipe_journal:
            host.disk.records = []
        if host.incarnation:
            self.trace.note_event(self.now_ms, name, "restarts")
        host.start()

    def submit(self, item: str, to: Iterable[ReplicaId] | None = None) -> None:
        """A client's work reaches all hosts, or some."""
        for name in self.hosts if to is None else to:
            self.hosts[name].submit(item)

    def step(self) -> bool:
        """Let the next thing happen; False if nothing will."""
        if not self.heap:
            return False
        self.now_ms, _, action = heapq.heappop(self.heap)
        action()
        return True

    def run(self, for_ms: int) -> None:
        """Let time pass."""
        end_ms = self.now_ms + for_ms
        while self.heap and self.heap[0][0] <= end_ms:
            self.step()
        self.now_ms = end_ms

    def run_until(self, goal: Callable[[], bool], within_ms: int) -> bool:
        """Let time pass until a goal is reached; False if it is not within the time."""
        end_ms = self.now_ms + within_ms
        while not goal():
            if not self.heap or self.heap[0][0] > end_ms:
                self.now_ms = end_ms
                return goal()
            self.step()
        return True

    @property
    def correct(self) -> list[Host]:
        """The hosts that wear no mask."""
        return [host for host in self.hosts.values() if host.name not in self.masks]

    def heights(self) -> tuple[Height, ...]:
        """The heads of all hosts, in order."""
        return tuple(host.disk.height for host in self.hosts.values())

    def have_executed(self, *items: str) -> bool:
        """Has every correct host that is up executed these items."""
        return all(item in host.executed for host in self.correct if host.is_up for item in items)

    def are_at_rest(self) -> bool:
        """Do all correct hosts that are up hold the same head, certified, and no work."""
        up = [host for host in self.correct if host.is_up]
        heads = {(host.disk.height, host.disk.block_id) for host in up}
        certified = all(
            host.disk.height in host.disk.certificates or not host.disk.height for host in up
        )
        return len(heads) == 1 and certified and not any(host.work for host in up)


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
) -> Cluster:
    """A cluster that has not started; followers have the names after the members.

    A configuration beyond the engine's bound is allowed here: breaking things is the purpose.
    """
    spec = catalog.get(engine)
    if committee is None:
        committee = Committee.of(size, spec.default_faults(size) if faults is None else faults)
    catalog.check_configuration(spec, committee, allow_beyond_bound=True)
    chance = Chance(seed)
    links = Links(chance, quality or Quality())
    cluster = Cluster(spec, committee, {}, chance, links)
    values = catalog.parse_parameters(spec, parameters or {})
    for name in range(size + followers):
        is_follower = name >= size
        cluster.hosts[name] = Host(name, spec, values, committee, cluster, is_follower)
    return cluster
