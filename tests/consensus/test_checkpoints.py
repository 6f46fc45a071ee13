"""Whichever engine it is: certificates reach the ledger in an order that light clients can follow."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from consensus import catalog
from consensus.checkpoints import (
    certify_in_turn,
    forget_oldest,
    is_announced,
    is_last_height,
    is_out_of_turn,
    lacks_handover,
)
from consensus.committee import Committee, Former, ReplicaId
from consensus.effects import Certify, Diverge, Effect
from consensus.engine import Engine, step
from consensus.events import Applied, Offered, Received, Started
from consensus.message import Height
from consensus.paxos.parameters import Parameters
from tests.consensus.paxos import bench as paxos
from tests.consensus.pbft import bench as pbft

OLD, NEW = Committee((0, 1, 2, 3), 1), Committee((0, 1, 2, 3, 4), 1)
E, AFTER, LATER = 8, 12, 16
"""The last height of the former committee, and two more checkpoint heights."""
SIGNERS = {E: (1, 2, 3), AFTER: (1, 2, 3, 4), LATER: (1, 2, 3, 4)}
FORMER = Former(E, OLD)


@dataclass
class Following:
    """A replica that takes decided heights from its host."""

    name: str
    me: ReplicaId | None
    engine: Engine

    @classmethod
    def start(cls, name: str, me: ReplicaId | None, **started: Any) -> "Following":
        spec = catalog.get(name)
        parameters = catalog.parse_parameters(spec, {"checkpoint_interval": 4, "window": 8})
        committee = started.setdefault("committee", OLD)
        made = cls(name, me, spec.create(me, committee, parameters))
        first: dict[str, Any] = {"records": (), "height": 0, "block_id": bytes(32), "until": E}
        step(made.engine, Started(**(first | started)))
        return made

    def certificate(self, height: Height) -> Any:
        bench = pbft if self.name == "pbft" else paxos
        return bench.certificate(height, bench.block_id_of(height), SIGNERS[height])

    def offer(self, height: Height, *, certified: bool = False) -> list[Effect]:
        """A decided height comes, and is executed if it is new."""
        value = b"value"
        seal = (
            pbft.seal(height, value, signers=(0, 1, 2, 3) if height <= E else (1, 2, 3, 4))
            if self.name == "pbft"
            else paxos.learned(height, value).seal
        )
        proof = self.certificate(height) if certified else None
        effects = step(self.engine, Offered(height, (value,), seal, proof))
        committee, until = (NEW, 2 * E) if height >= E else (OLD, E)
        bench = pbft if self.name == "pbft" else paxos
        me = self.me if self.me is not None and committee.is_member(self.me) else None
        applied = Applied(height, bench.block_id_of(height), committee, until, me)
        return effects + step(self.engine, applied)

    def reach(self, height: Height, start: Height = 1) -> None:
        for at in range(start, height + 1):
            self.offer(at)

    def hear(self, height: Height) -> list[Height]:
        """A certificate is handed on; what the ledger is told."""
        return certified(step(self.engine, Received(2, self.certificate(height))))


def certified(effects: list[Effect]) -> list[Height]:
    return [effect.height for effect in effects if isinstance(effect, Certify)]


ENGINES = pytest.mark.parametrize("name", ["pbft", "paxos"])
SEATS = pytest.mark.parametrize("me", [None, 1, 4])


@ENGINES
@SEATS
def test_nothing_is_certified_above_the_last_height_before_it(
    name: str, me: ReplicaId | None
) -> None:
    replica = Following.start(name, me)
    replica.reach(LATER)
    assert replica.hear(AFTER) == []
    assert replica.hear(LATER) == []
    assert replica.hear(E) == [E, AFTER, LATER]


@ENGINES
@SEATS
def test_a_certificate_that_comes_with_its_height_waits_too(
    name: str, me: ReplicaId | None
) -> None:
    replica = Following.start(name, me)
    replica.reach(AFTER - 1)
    assert certified(replica.offer(AFTER, certified=True)) == []
    assert certified(replica.offer(E, certified=True)) == [E, AFTER]


@ENGINES
@SEATS
def test_in_order_each_counts_at_once(name: str, me: ReplicaId | None) -> None:
    replica = Following.start(name, me)
    replica.reach(LATER)
    assert [replica.hear(height) for height in (E, AFTER, LATER)] == [[E], [AFTER], [LATER]]


@ENGINES
@SEATS
def test_what_the_ledger_holds_needs_no_certificate_again(name: str, me: ReplicaId | None) -> None:
    started: dict[str, Any] = {"height": E + 1, "committee": NEW, "until": 2 * E, "former": FORMER}
    behind = Following.start(name, me, **started, certified=E - 4)
    behind.reach(AFTER, start=E + 2)
    assert behind.hear(AFTER) == []
    level = Following.start(name, me, **started, certified=E)
    level.reach(AFTER, start=E + 2)
    assert level.hear(AFTER) == [AFTER]


@dataclass
class Record:
    until: Height | None = None
    former: Former | None = None
    certified: Height = 0
    ledger_certified: Height = 0
    applied: Height = LATER
    own_checkpoints: dict[Height, bytes] = field(default_factory=dict)
    handover: Any = None
    parameters: Parameters = field(default_factory=lambda: Parameters(checkpoint_interval=4))


def test_where_no_committee_has_ended_everything_is_in_turn() -> None:
    assert not lacks_handover(Record())
    assert not is_out_of_turn(Record(), LATER)
    assert not is_last_height(Record(), E)


@pytest.mark.parametrize(("engine", "ledger"), [(0, 0), (4, 0), (0, 4), (7, 7)])
def test_all_above_the_last_height_is_out_of_turn_before_it(engine: int, ledger: int) -> None:
    record = Record(2 * E, FORMER, engine, ledger)
    assert lacks_handover(record)
    assert [is_out_of_turn(record, height) for height in (4, E, AFTER)] == [False, False, True]


@pytest.mark.parametrize(("engine", "ledger"), [(E, 0), (0, E), (AFTER, 4)])
def test_after_it_nothing_is(engine: int, ledger: int) -> None:
    assert not is_out_of_turn(Record(2 * E, FORMER, engine, ledger), AFTER)


@pytest.mark.parametrize(
    ("until", "height", "expected"), [(E, E, True), (E, 4, False), (6, 6, False)]
)
def test_another_committee_comes_at_the_known_end(until: int, height: int, expected: bool) -> None:
    event = Applied(height, bytes(32), NEW)
    assert is_announced(Record(until), event) is expected


def test_another_block_than_the_certified_one_ends_it() -> None:
    own = {4: b"own", E: b"other"}
    record = Record(applied=E, own_checkpoints=own)
    waiting = {height: paxos.certificate(height, b"own" + bytes(29)) for height in (4, E, AFTER)}
    own[4] = b"own" + bytes(29)
    certify, diverge = certify_in_turn(record, waiting)
    assert isinstance(certify, Certify)
    assert diverge == Diverge(E, b"other", b"own" + bytes(29))
    assert (record.certified, record.own_checkpoints) == (4, {E: b"other"})
    assert sorted(waiting) == [AFTER]


def test_the_newest_are_kept_and_what_ends_a_committee() -> None:
    kept = dict.fromkeys(range(4, 40, 4), "")
    forget_oldest(kept, 2, Record(2 * E, FORMER))
    assert sorted(kept) == [E, 2 * E, 32, 36]
    forget_oldest(kept, 2, Record())
    assert sorted(kept) == [32, 36]
