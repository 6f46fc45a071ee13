"""What a run costs: messages, bytes, rounds, state, durable writes, virtual time (chapter 3.2).

A meter is attached to a cluster and read whenever one likes; it changes nothing of the run. Counts
leave out a replica's messages to itself and start at the last `reset`.

rounds   Causal depth: a message is one deeper than the deepest that its sender had received. The
         rounds of a decision are the depth at which it was executed above that at which its value
         was proposed. From rest this is the longest chain of messages that led to it; while other
         heights are in flight, theirs count too.
state    An engine is a record of plain values, so its size is that of its encoding as msgpack, names
         of fields included. What stands in the record twice counts twice.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from consensus.committee import ReplicaId
from consensus.message import Digest, Height, compute_digest
from consensus.simulation.cluster import Cluster
from consensus.simulation.history import Execution, History, Proposal, Submission
from consensus.simulation.host import Host
from consensus.simulation.properties import Kind, Property

_encoder = msgspec.msgpack.Encoder(enc_hook=repr)


class Reading(msgspec.Struct, frozen=True):
    """What was measured since the last reset.

    `messages` and `bytes` count copies put on links, by kind. `writes` are durable writes of all
    hosts together. `rounds` is the greatest depth of a decision at any correct host, None if none
    was watched from its proposal. `state_bytes_peak` is the largest engine record, 0 if states were
    not measured. `first_ms` and `all_ms` are, for each item submitted and decided, in order of
    submission, the virtual time until the first, and until all correct hosts, had executed it.
    """

    messages: dict[str, int]
    bytes: dict[str, int]
    writes: int
    heights: int
    rounds: int | None
    state_bytes_peak: int
    first_ms: tuple[int, ...]
    all_ms: tuple[int, ...]

    @property
    def messages_total(self) -> int:
        """Of all kinds."""
        return sum(self.messages.values())

    @property
    def bytes_total(self) -> int:
        """Of all kinds."""
        return sum(self.bytes.values())


@dataclass(slots=True)
class Meter:
    """Watches one cluster. Make one with `attach_meter`."""

    cluster: Cluster
    sent_before: Counter[str] = field(default_factory=Counter)
    bytes_before: Counter[str] = field(default_factory=Counter)
    writes_before: int = 0
    height_before: Height = 0
    submitted_ms: dict[str, int] = field(default_factory=dict)
    proposed_depth: dict[Digest, int] = field(default_factory=dict)
    executed_ms: dict[tuple[ReplicaId, Height], int] = field(default_factory=dict)
    rounds: dict[Height, int] = field(default_factory=dict)
    state_bytes_peak: int = 0

    def reset(self) -> None:
        """Count from here on. Depths start at 0, so nothing should be on its way."""
        cluster = self.cluster
        self.sent_before = cluster.sent.copy()
        self.bytes_before = cluster.sent_bytes.copy()
        self.writes_before = self.count_writes()
        self.height_before = cluster.history.height
        self.state_bytes_peak = 0
        for known in (self.submitted_ms, self.proposed_depth, self.executed_ms, self.rounds):
            known.clear()
        for host in cluster.hosts.values():
            host.depth = 0

    def count_writes(self) -> int:
        """Durable writes of all hosts since the start."""
        return sum(host.durable for host in self.cluster.hosts.values())

    def read(self) -> Reading:
        """What was measured since the last reset."""
        cluster = self.cluster
        times = [times for item in self.submitted_ms if (times := self.compute_times_ms(item))]
        return Reading(
            dict(sorted((cluster.sent - self.sent_before).items())),
            dict(sorted((cluster.sent_bytes - self.bytes_before).items())),
            self.count_writes() - self.writes_before,
            cluster.history.height - self.height_before,
            max(self.rounds.values(), default=None),
            self.state_bytes_peak,
            tuple(min(times_ms) for times_ms in times),
            tuple(max(ms) for ms in times if len(ms) == sum(h.is_up for h in cluster.correct)),
        )

    def compute_times_ms(self, item: str) -> list[int]:
        """From an item's submission to its execution, at each correct host that is up and has it."""
        submitted_ms = self.submitted_ms[item]
        return [
            self.executed_ms[host.name, height] - submitted_ms
            for host in self.cluster.correct
            if host.is_up and (height := host.application.executed.get(item))
            if (host.name, height) in self.executed_ms
        ]

    # --- what happens -------------------------------------------------------------------------

    def on_submission(self, _history: History, fact: Submission) -> None:
        """A client's work, each item from its first submission on."""
        self.submitted_ms.setdefault(fact.item, self.cluster.now_ms)

    def on_proposal(self, _history: History, fact: Proposal) -> None:
        """A value enters; somebody who proposes it again does not make it younger."""
        self.proposed_depth.setdefault(fact.digest, self.find_depth(fact.name))

    def on_execution(self, _history: History, fact: Execution) -> None:
        """A height is done at a host."""
        block = fact.block
        self.executed_ms.setdefault((fact.name, block.height), self.cluster.now_ms)
        proposed = [self.proposed_depth.get(compute_digest(value)) for value in block.values]
        depths = [depth for depth in proposed if depth is not None]
        if depths:
            rounds = self.find_depth(fact.name) - min(depths)
            self.rounds[block.height] = max(rounds, self.rounds.get(block.height, 0))

    def find_depth(self, name: ReplicaId) -> int:
        """The causal depth that a replica has come to."""
        hosts = self.cluster.hosts
        return max(hosts[place].depth for place in self.cluster.addresses[name])

    def sample_state(self, host: Host) -> None:
        """After a step."""
        self.state_bytes_peak = max(self.state_bytes_peak, compute_state_bytes(host.engine))


def attach_meter(cluster: Cluster, *, measures_state: bool = True) -> Meter:
    """A meter that counts from here on.

    `measures_state` encodes the engine's whole record after each step of each host there is now.
    """
    meter = Meter(cluster)
    watches: tuple[tuple[type[Any], Callable[[History, Any], None]], ...] = (
        (Submission, meter.on_submission),
        (Proposal, meter.on_proposal),
        (Execution, meter.on_execution),
    )
    for fact, look in watches:
        asked = Property("metered", Kind.SOMETIMES, (fact,), look)
        cluster.promises.by_fact.setdefault(fact, []).append(asked)
    if measures_state:
        for host in cluster.hosts.values():
            host.gauge = meter.sample_state
    meter.reset()
    return meter


def compute_state_bytes(engine: Any) -> int:
    """The size of an engine's record: that of its encoding; of constants that it names, their names."""
    return len(_encoder.encode(engine))
