"""One Multi-Paxos replica on a bench: the test plays all the others."""

from dataclasses import dataclass
from typing import Any, TypeVar

from consensus import catalog
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Effect, Ignore, Persist, Send
from consensus.engine import step
from consensus.events import (
    Applied,
    Checked,
    Elapsed,
    Event,
    Pending,
    Proposed,
    Received,
    Started,
    Suspected,
    Verdict,
)
from consensus.message import Signed, compute_digest, sign_message
from consensus.paxos.ballot import Ballot
from consensus.paxos.engine import MultiPaxos
from consensus.paxos.messages import (
    Accept,
    Accepted,
    Checkpoint,
    CheckpointCertificate,
    ChosenSeal,
    Entry,
    Heartbeat,
    Learned,
    Promise,
    Support,
)
from consensus.paxos.replica import Replica
from consensus.simulation.signatures import make_sign

E = TypeVar("E")
GENESIS_ID = bytes(32)
FIRST = Ballot(0, 0)
"""The ballot in which every network begins."""


def entry(ballot: Ballot, height: int, value: bytes) -> Entry:
    """What an acceptor has accepted."""
    return Entry(ballot, height, value)


def accept(
    ballot: Ballot, height: int, value: bytes, chosen: int = 0, *, imposed: bool = False
) -> Accept:
    """A proposal."""
    return Accept(ballot, height, value, chosen, imposed)


def learned(height: int, value: bytes, ballot: Ballot = FIRST) -> Learned:
    """A decided height; an empty value stands for the null."""
    return Learned(height, (value,) if value else (), ChosenSeal(ballot))


def vote(signer: ReplicaId, body: Any) -> Any:
    """A signed checkpoint vote of anybody's."""
    return sign_message(Signed(signer, body), make_sign(signer))


def certificate(height: int, block_id: bytes, signers: tuple[int, ...] = (0, 1)) -> Any:
    """A checkpoint certificate."""
    return CheckpointCertificate(tuple(vote(r, Checkpoint(height, block_id)) for r in signers))


def block_id_of(height: int) -> bytes:
    """What every correct ledger derives on the bench."""
    return compute_digest(b"block %d" % height)


@dataclass
class Bench:
    """The replica under test."""

    engine: MultiPaxos
    committee: Committee

    @property
    def replica(self) -> Replica:
        """Its record."""
        return self.engine.replica

    @property
    def me(self) -> ReplicaId:
        """Its id."""
        assert self.replica.me is not None
        return self.replica.me

    @property
    def phase(self) -> str:
        """What it does about leadership."""
        return self.replica.phase.value

    @property
    def timers(self) -> set[str]:
        """The timers that run."""
        names = ("election", "beat", "silence", "learn", "idle", "resend")
        return {name for name in names if getattr(self.replica.clock, name)}

    def feed(self, event: Event) -> list[Effect]:
        """One event; loop-back is the test's business."""
        return step(self.engine, event)

    def hear(self, sender: ReplicaId, message: Any) -> list[Effect]:
        """A message arrives."""
        return self.feed(Received(sender, message))

    def elapse(self, name: str) -> list[Effect]:
        """A timer runs out."""
        return self.feed(Elapsed((name,)))

    def check(self, value: bytes, verdict: Verdict = Verdict.VALID) -> list[Effect]:
        """The host's word on a value."""
        return self.feed(Checked(compute_digest(value), verdict))

    def loop_back(self, effects: list[Effect]) -> list[Effect]:
        """Give the replica what it says to itself, until there is no more; all effects."""
        queue, seen = list(effects), list(effects)
        while queue:
            effect = queue.pop(0)
            is_own = isinstance(effect, Broadcast) or (
                isinstance(effect, Send) and effect.to == self.me
            )
            if is_own:
                message = sign_message(effect.message, make_sign(self.me))  # type: ignore[union-attr]
                more = self.hear(self.me, message)
                queue += more
                seen += more
        return seen

    def follow(self, ballot: Ballot, chosen: int = 0) -> list[Effect]:
        """The leader of a ballot says that it lives, and has decided so much."""
        return self.hear(ballot.proposer, Heartbeat(ballot, chosen, 1))

    def accept(self, ballot: Ballot, height: int, value: bytes, chosen: int = 0) -> list[Effect]:
        """A proposal comes, and the host finds it valid."""
        effects = self.hear(ballot.proposer, accept(ballot, height, value, chosen))
        return effects + self.check(value)

    def decide(self, height: int, value: bytes, ballot: Ballot = FIRST) -> list[Effect]:
        """A height is accepted, chosen as the leader says, and executed."""
        effects = self.accept(ballot, height, value)
        effects += self.hear(ballot.proposer, Heartbeat(ballot, height, 0))
        return effects + self.apply(height)

    def apply(self, height: int, block_id: bytes | None = None) -> list[Effect]:
        """The ledger executed a height."""
        return self.feed(Applied(height, block_id or block_id_of(height), self.committee))

    def stand(self) -> list[Effect]:
        """The leader is silent and the patience is over: it asks for support."""
        if self.replica.leader is not None and self.replica.leader.proposer != self.me:
            self.feed(Suspected(self.replica.leader.proposer))
        return self.elapse("election")

    def prepare(self) -> list[Effect]:
        """It stands, and just a majority supports it."""
        effects = self.loop_back(self.stand())
        for member in self.others[: self.committee.majority - 1]:
            effects += self.loop_back(self.hear(member, Support(self.replica.candidate)))
        return effects

    def lead(self, *promises: tuple[int, tuple[Entry, ...]]) -> list[Effect]:
        """It is elected; what others promise is (decided, entries), nothing if not given."""
        self.prepare()
        given = [*promises, *[(0, ())] * self.committee.size]
        effects: list[Effect] = []
        for member, (decided, entries) in zip(
            self.others[: self.committee.majority - 1], given, strict=False
        ):
            promise = Promise(self.replica.candidate, decided, entries)
            effects += self.loop_back(self.hear(member, promise))
        assert self.replica.is_leading
        return effects

    def propose(self, height: int, value: bytes) -> list[Effect]:
        """At a leader: the host has a value."""
        return self.loop_back(self.feed(Proposed(height, value)))

    def accepted(self, height: int, *members: ReplicaId) -> list[Effect]:
        """At a leader: these have accepted what it proposed."""
        message = Accepted(self.replica.candidate, height)
        return [e for member in members for e in self.loop_back(self.hear(member, message))]

    def pending(self, *, some: bool = True) -> list[Effect]:
        """Is there work."""
        return self.feed(Pending(some))

    @property
    def others(self) -> list[ReplicaId]:
        """All members but this one."""
        return [member for member in self.committee.members if member != self.me]


def make_bench(
    me: ReplicaId | None = 1,
    size: int = 3,
    *,
    start: bool = True,
    records: tuple[Any, ...] = (),
    height: int = 0,
    fresh: bool = True,
    committee: Committee | None = None,
    **parameters: int,
) -> Bench:
    """A replica, started unless told otherwise."""
    spec = catalog.get("paxos")
    members = committee or Committee.of(size, spec.default_faults(size))
    engine = spec.create(me, members, catalog.parse_parameters(spec, parameters))
    assert isinstance(engine, MultiPaxos)
    bench = Bench(engine, members)
    if start:
        bench.feed(start_event(bench, records, height, fresh=fresh))
    return bench


def start_event(
    bench: Bench, records: tuple[Any, ...] = (), height: int = 0, *, fresh: bool = False
) -> Started:
    """What a disk held."""
    block_id = block_id_of(height) if height else GENESIS_ID
    return Started(records, height, block_id, bench.committee, fresh)


def restart(
    me: ReplicaId, *records: Any, height: int = 0, size: int = 3, **parameters: Any
) -> tuple[Bench, list[Effect]]:
    """A replica that starts from records, and what it then does."""
    bench = make_bench(me, size, start=False, **parameters)
    return bench, bench.feed(start_event(bench, records, height))


def of_type(effects: list[Effect], kind: type[E]) -> list[E]:
    """The effects of one kind."""
    return [effect for effect in effects if isinstance(effect, kind)]


def said(effects: list[Effect]) -> list[Any]:
    """The bodies of all that is sent or broadcast."""
    messages = [e.message for e in effects if isinstance(e, Broadcast | Send)]
    return [m.body if isinstance(m, Signed) else m for m in messages]


def written(effects: list[Effect]) -> list[Any]:
    """What is persisted."""
    return [effect.record for effect in of_type(effects, Persist)]


def refusals(effects: list[Effect]) -> list[str]:
    """Why messages were ignored."""
    return [effect.refusal for effect in of_type(effects, Ignore)]
