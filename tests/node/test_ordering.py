"""Ordering: what is proposed, when a value counts as valid, and how decided heights are executed."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest

from consensus.effects import Check, Request
from consensus.events import Applied, Checked, Event, Pending, Proposed, Verdict
from consensus.message import compute_digest
from ledger.block import decode_payload, encode_payload
from ledger.errors import StoreError
from ledger.mempool import MempoolLimits
from ledger.reasons import Reason
from ledger.transaction import Envelope
from node import ordering as module
from node.body_log import BodyLog
from node.ordering import Ordering
from tests.ledger.support import ALICE, BOB, PROPOSER, make_genesis, make_key, transfer
from tests.node.parts import BrittleStore, logged, make_core
from tests.node.support import leaving_nothing, until

A, B, C = (transfer(ALICE, nonce) for nonce in range(3))
FROM_BOB = transfer(BOB, 0)


class Bench:
    """An ordering over memory; peers hold the bodies in `held`."""

    def __init__(self, home: Path, **fields: Any) -> None:
        self.store = BrittleStore()
        self.core = make_core(home, store=self.store, **fields)
        self.events: list[Event] = []
        self.failures: list[BaseException] = []
        self.asked: list[list[bytes]] = []
        self.held: dict[bytes, Envelope] = {}
        self.spread_s = 0.0
        self.applied: list[int] = []
        self.log = BodyLog(
            self.store, self.core.stages, self.core.metrics, self._is_needed, self.failures.append
        )
        self.ordering = Ordering(
            self.core,
            self.log,
            fetch=self.fetch,
            spread_s=lambda: self.spread_s,
            post=self.events.append,
            on_applied=lambda applied, dropped: self.applied.append(applied.header.height),
            on_failure=self.failures.append,
        )

    def _is_needed(self, id_: bytes) -> bool:
        return self.ordering.find_body(id_) is not None

    async def fetch(self, ids: list[bytes], first: bytes | None) -> list[Envelope]:
        self.asked.append(ids)
        await asyncio.sleep(0)
        return [self.held[id_] for id_ in ids if id_ in self.held]

    def admit(self, *envelopes: Envelope) -> None:
        for envelope in envelopes:
            self.core.mempool.add(envelope, self.core.chain.height)
        self.log.add(envelopes)
        self.ordering.on_admitted(list(envelopes))

    def check(self, raw: bytes, height: int = 1, *, forced: bool = False) -> None:
        self.ordering.check(Check(height, compute_digest(raw), raw, forced))

    def decide(self, *raws: bytes, height: int = 1) -> None:
        self.ordering.decide(height, raws, b"seal")

    def verdicts(self, raw: bytes) -> list[Verdict]:
        digest = compute_digest(raw)
        return [e.verdict for e in self.events if isinstance(e, Checked) and e.digest == digest]

    async def until_verdict(self, raw: bytes, verdict: Verdict) -> None:
        await until(lambda: verdict in self.verdicts(raw), 5)

    @property
    def proposed(self) -> list[tuple[int, list[bytes]]]:
        return [
            (event.height, decode_payload(event.value).split_ids())
            for event in self.events
            if isinstance(event, Proposed)
        ]

    async def until_height(self, height: int) -> None:
        await until(lambda: self.core.chain.height >= height, 5)


def value(*envelopes: Envelope, ms: int = 1) -> bytes:
    return encode_payload(ms, PROPOSER.public_key, [envelope.id for envelope in envelopes])


def value_of(ids: Iterable[bytes]) -> bytes:
    return encode_payload(1, PROPOSER.public_key, list(ids))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with leaving_nothing():
        bench = Bench(tmp_path, batch={"proposal_delay_ms": 0})
        bench.ordering.start()
        yield bench
        await bench.ordering.close()
        bench.log.close()


# Checking


async def test_a_value_whose_bodies_are_here_is_valid_at_once(bench: Bench) -> None:
    bench.admit(A, B)
    bench.check(value(A, B))
    assert bench.verdicts(value(A, B)) == [Verdict.VALID]


async def test_a_missing_body_makes_it_later_and_its_arrival_valid(bench: Bench) -> None:
    bench.admit(A)
    bench.check(value(A, B))
    assert bench.verdicts(value(A, B)) == [Verdict.LATER]
    bench.admit(B)
    await bench.until_verdict(value(A, B), Verdict.VALID)
    assert bench.asked == []


async def test_what_does_not_arrive_is_fetched_and_logged_before_the_vote(bench: Bench) -> None:
    bench.held = {A.id: A}
    bench.check(value(A))
    await bench.until_verdict(value(A), Verdict.VALID)
    bench.log.write()
    assert logged(bench.store) == {A.id}


async def test_what_nobody_has_is_asked_for_ever_more_seldom(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FETCH_PAUSE_S", 0.01)
    bench.check(value(A))
    started = time.monotonic()
    await until(lambda: len(bench.asked) == 4)
    assert time.monotonic() - started >= 0.01 + 0.02 + 0.04 + 0.08
    assert bench.verdicts(value(A)) == [Verdict.LATER]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff garbage",
        value(A)[:-1],
        value(A, A),
        value_of(bytes([n % 251, n // 251]) * 16 for n in range(4_001)),
    ],
    ids=["null", "garbage", "cut", "twice", "too-many"],
)
async def test_bad_form_is_invalid_and_nothing_is_kept_of_it(bench: Bench, raw: bytes) -> None:
    bench.check(raw)
    assert bench.verdicts(raw) == [Verdict.INVALID]
    assert bench.ordering._values == {}


async def test_bodies_beyond_the_limit_are_invalid(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = bench.core.chain.genesis.limits
    bench.admit(A, B)
    monkeypatch.setattr(type(limits), "block_bytes_max", len(A.raw) + 1, raising=False)
    bench.check(value(A, B))
    assert bench.verdicts(value(A, B)) == [Verdict.INVALID]


async def test_a_time_ahead_makes_it_later_until_it_has_come(bench: Bench) -> None:
    drift_ms = bench.core.chain.genesis.limits.clock_drift_ms
    soon = value(ms=time.time_ns() // 1_000_000 + drift_ms + 50)
    bench.check(soon)
    assert bench.verdicts(soon) == [Verdict.LATER]
    await bench.until_verdict(soon, Verdict.VALID)


async def test_a_time_beyond_all_clocks_stays_later(bench: Bench) -> None:
    never = value(ms=2**64 - 1)
    bench.check(never)
    bench.check(value(), height=2)
    await bench.until_verdict(value(), Verdict.VALID)
    assert bench.verdicts(never) == [Verdict.LATER]


async def test_a_clock_set_back_meanwhile_never_ends_in_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    drift_ms = bench.core.chain.genesis.limits.clock_drift_ms
    now_ms = 1_000_000
    monkeypatch.setattr(module, "_now_ms", lambda: now_ms)
    raw = value(ms=now_ms + drift_ms + 20)
    bench.check(raw)
    now_ms -= 100  # the sleep ends before the value's time
    task = next(iter(bench.ordering._values.values())).task
    assert task is not None
    await asyncio.wait({task}, timeout=0.1)
    assert bench.verdicts(raw) == [Verdict.LATER]
    now_ms += 200
    await bench.until_verdict(raw, Verdict.VALID)


async def test_a_forced_value_needs_only_its_bodies(bench: Bench) -> None:
    never = value(A, ms=2**64 - 1)
    bench.check(never)
    bench.check(never, forced=True)
    bench.admit(A)
    await bench.until_verdict(never, Verdict.VALID)
    assert bench.verdicts(never) == [Verdict.LATER, Verdict.LATER, Verdict.VALID]


async def test_a_second_check_of_a_value_joins_the_first(bench: Bench) -> None:
    bench.check(value(A), height=1)
    bench.check(value(A), height=2)
    bench.admit(A)
    await bench.until_verdict(value(A), Verdict.VALID)
    assert bench.verdicts(value(A)) == [Verdict.LATER, Verdict.VALID]


async def test_an_error_while_a_value_is_completed_reaches_the_node(bench: Bench) -> None:
    async def fail(ids: list[bytes], first: bytes | None) -> list[Envelope]:
        raise StoreError(Reason.STORE_IO, "no space left")

    bench.ordering._fetch = fail
    bench.check(value(A))
    await until(lambda: bench.failures, 5)
    assert isinstance(bench.failures[0], StoreError)


# Executing


async def test_decided_heights_are_executed_in_turn(bench: Bench) -> None:
    bench.admit(A, B)
    bench.decide(value(A), height=1)
    bench.decide(height=2)
    bench.decide(value(B), height=3)
    await bench.until_height(3)
    chain = bench.core.chain
    assert [chain.block(height).ids for height in (1, 2, 3)] == [(A.id,), (), (B.id,)]
    applied = [event for event in bench.events if isinstance(event, Applied)]
    assert [(event.height, event.block_id) for event in applied] == [
        (height, chain.block(height).id) for height in (1, 2, 3)
    ]
    assert bench.applied == [1, 2, 3]
    assert bench.core.mempool.count == 0


async def test_a_height_decided_again_is_only_told_again(bench: Bench) -> None:
    bench.admit(A)
    bench.decide(value(A))
    await bench.until_height(1)
    bench.decide(value(A))
    await until(lambda: len([e for e in bench.events if isinstance(e, Applied)]) == 2)
    assert bench.core.chain.height == 1
    assert bench.applied == [1]


async def test_execution_waits_for_bodies_and_says_so(bench: Bench) -> None:
    bench.decide(value(A))
    await until(lambda: bench.asked)
    await until(lambda: bench.ordering.is_starved)
    bench.held = {A.id: A}
    await bench.until_height(1)
    assert not bench.ordering.is_starved
    assert bench.core.chain.contains(A.id)


async def test_bodies_that_come_with_a_decided_height_are_held_for_it(bench: Bench) -> None:
    bench.ordering.hold(1, (value(A),), {A.id: A, B.id: B})
    assert bench.ordering.find_body(A.id) == A
    assert bench.ordering.find_body(B.id) is None
    bench.decide(value(A))
    await bench.until_height(1)
    assert bench.asked == []
    assert bench.ordering._values == {}


async def test_a_held_body_is_logged_if_a_vote_may_follow(bench: Bench) -> None:
    bench.check(value(A))
    bench.ordering.hold(1, (value(A),), {A.id: A})
    await bench.until_verdict(value(A), Verdict.VALID)
    bench.log.write()
    assert logged(bench.store) == {A.id}


async def test_values_are_forgotten_when_their_height_is_settled(bench: Bench) -> None:
    bench.admit(A)
    bench.check(value(B))
    bench.check(value(A, ms=7))
    bench.check(value(C), height=2)
    bench.decide(value(A))
    await bench.until_height(1)
    assert [v.height for v in bench.ordering._values.values()] == [2]
    bench.decide(height=2)
    await bench.until_height(2)
    assert bench.ordering._values == {}


async def test_a_body_that_came_in_a_block_is_not_waited_for(bench: Bench) -> None:
    later = value(A, ms=5)
    bench.check(later, height=2)
    bench.ordering.hold(1, (value(A),), {A.id: A})
    bench.decide(value(A))
    await bench.until_verdict(later, Verdict.VALID)
    assert bench.core.chain.contains(A.id)


async def test_what_a_dropped_value_brought_leaves_the_log(bench: Bench) -> None:
    bench.held = {A.id: A, B.id: B, FROM_BOB.id: FROM_BOB}
    bench.check(value(A))
    bench.check(value(B, FROM_BOB, ms=2))
    await bench.until_verdict(value(A), Verdict.VALID)
    await bench.until_verdict(value(B, FROM_BOB, ms=2), Verdict.VALID)
    bench.log.write()
    assert logged(bench.store) == {A.id, B.id, FROM_BOB.id}
    bench.admit(FROM_BOB)
    bench.decide(height=1)
    await until(lambda: logged(bench.store) == {FROM_BOB.id}, 5)


async def test_a_skipped_transaction_leaves_the_log_with_its_value(bench: Bench) -> None:
    bench.held = {B.id: B}  # its nonce has a gap before it
    bench.check(value(B))
    await bench.until_verdict(value(B), Verdict.VALID)
    bench.log.write()
    bench.decide(value(B))
    await bench.until_height(1)
    assert [skipped.id for skipped in bench.core.chain.block(1).skipped] == [B.id]
    assert logged(bench.store) == set()


async def test_a_replaced_body_stays_in_the_log_while_a_value_names_it(bench: Bench) -> None:
    bench.admit(A)
    bench.check(value(A))
    better = transfer(ALICE, 0, fee=5)
    added = bench.core.mempool.add(better, 0)
    assert added.replaced == A.id
    bench.log.add([better])
    bench.log.write()
    bench.log.forget([A.id])
    assert logged(bench.store) == {A.id, better.id}
    bench.decide(value(better))
    await bench.until_height(1)
    assert logged(bench.store) == set()


async def test_a_spared_body_serves_a_value(bench: Bench) -> None:
    bench.log.spare([A], height=0)
    bench.check(value(A), forced=True)
    assert bench.verdicts(value(A)) == [Verdict.VALID]


async def test_a_disk_error_in_the_middle_of_an_execution_ends_the_node(bench: Bench) -> None:
    bench.admit(A)
    root = bench.core.chain.head.state_root
    bench.store.is_broken = True
    bench.decide(value(A))
    bench.decide(height=2)
    await until(lambda: bench.failures, 5)
    assert isinstance(bench.failures[0], StoreError)
    bench.store.is_broken = False
    await asyncio.sleep(0)
    chain = bench.core.chain
    assert (chain.height, chain.head.state_root) == (0, root)
    assert chain.account(ALICE.public_key).nonce == 0
    assert A.id in bench.core.mempool
    assert not [event for event in bench.events if isinstance(event, Applied)]


async def test_closing_leaves_no_work_behind(bench: Bench) -> None:
    bench.check(value(A))
    bench.check(value(ms=2**63), height=2)
    bench.decide(value(B), height=1)
    bench.spread_s = 10.0
    bench.admit(C)
    bench.ordering.request(Request(5, (), required=True))
    await until(lambda: bench.asked)


async def test_closing_ends_a_wait_that_is_over_at_the_same_moment(bench: Bench) -> None:
    bench.decide(value(A))
    await until(lambda: bench.ordering.is_starved)
    closing = asyncio.create_task(bench.ordering.close())
    bench.admit(A)
    await asyncio.wait_for(closing, 5)
    assert bench.core.chain.height == 0


# Proposing


async def test_a_request_is_answered_with_what_is_pending(bench: Bench) -> None:
    bench.admit(A, B)
    bench.ordering.request(Request(1, ()))
    assert bench.proposed == [(1, [A.id, B.id])]


async def test_a_request_waits_until_there_is_something(bench: Bench) -> None:
    bench.ordering.request(Request(1, ()))
    assert bench.proposed == []
    bench.admit(A)
    assert bench.proposed == [(1, [A.id])]


async def test_a_required_value_may_be_empty(bench: Bench) -> None:
    bench.ordering.request(Request(1, (), required=True))
    assert bench.proposed == [(1, [])]


async def test_what_is_in_flight_is_not_proposed_again(bench: Bench) -> None:
    bench.admit(A, B)
    bench.check(value(A))
    bench.ordering.request(Request(2, (compute_digest(value(A)),)))
    assert bench.proposed == [(2, [B.id])]


@pytest.mark.parametrize("engine", ["acs", "benor"])
async def test_where_values_are_united_members_propose_different_work(
    tmp_path: Path, engine: str
) -> None:
    keys = [make_key(number) for number in range(16)]
    genesis = make_genesis(allocations={key.public_key: 1_000 for key in keys})
    work = [transfer(key, chain_id=genesis.chain_id) for key in keys]
    chosen = []
    for me in range(4):
        batch = {"proposal_delay_ms": 0, "proposal_count_max": 3}
        bench = Bench(tmp_path, me=me, engine=engine, genesis=genesis, batch=batch)
        bench.admit(*work)
        bench.ordering.request(Request(1, ()))
        ((_, ids),) = bench.proposed
        chosen.append(frozenset(ids))
        bench.log.close()
    assert len(frozenset[bytes]().union(*chosen)) == 9, "without shares it would be 3"


async def test_where_values_are_united_each_may_fill_its_part_of_a_block(tmp_path: Path) -> None:
    ids = [bytes([number // 256, number % 256]) * 16 for number in range(1_001)]
    verdicts = {}
    for engine in ("acs", "pbft"):
        bench = Bench(tmp_path, engine=engine)
        for count in (1_000, 1_001):
            raw = value_of(ids[:count])
            bench.check(raw)
            verdicts[engine, count] = bench.verdicts(raw)
        await bench.ordering.close()
        bench.log.close()
    later, invalid = [Verdict.LATER], [Verdict.INVALID]
    assert verdicts == {
        ("acs", 1_000): later,
        ("acs", 1_001): invalid,
        ("pbft", 1_000): later,
        ("pbft", 1_001): later,
    }


async def test_proposals_keep_a_pause(tmp_path: Path) -> None:
    bench = Bench(tmp_path, batch={"proposal_delay_ms": 60})
    bench.admit(A, B)
    bench.ordering.request(Request(1, ()))
    started = time.monotonic()
    bench.ordering.request(Request(2, (compute_digest(value(A)),)))
    assert len(bench.proposed) == 1
    await until(lambda: len(bench.proposed) == 2, 5)
    assert time.monotonic() - started >= 0.05
    await bench.ordering.close()


async def test_a_proposal_waits_while_its_bodies_spread(bench: Bench) -> None:
    bench.spread_s = 0.05
    bench.admit(A)
    bench.ordering.request(Request(1, ()))
    assert bench.proposed == []
    await until(lambda: bench.proposed == [(1, [A.id])], 5)


async def test_a_body_that_was_replaced_while_it_spread_is_logged_with_the_proposal(
    bench: Bench,
) -> None:
    bench.spread_s = 0.05
    bench.admit(A)
    bench.log.write()
    bench.ordering.request(Request(1, ()))
    bench.core.mempool.add(transfer(ALICE, 0, fee=5), 0)
    bench.log.forget([A.id])
    assert logged(bench.store) == set()
    await until(lambda: bench.proposed == [(1, [A.id])], 5)
    bench.log.write()
    assert logged(bench.store) == {A.id}


async def test_a_new_request_takes_the_place_of_a_proposal_still_spreading(bench: Bench) -> None:
    bench.spread_s = 0.05
    bench.admit(A)
    bench.ordering.request(Request(1, ()))
    first = bench.ordering._spreading
    bench.ordering.request(Request(3, ()))
    await until(lambda: bench.proposed, 5)
    assert first is not None
    assert first.cancelled()
    assert bench.proposed == [(3, [A.id])]


async def test_the_number_proposed_is_bounded(tmp_path: Path) -> None:
    bench = Bench(tmp_path, batch={"proposal_count_max": 2, "proposal_delay_ms": 0})
    bench.admit(A, B, C)
    bench.ordering.request(Request(1, ()))
    assert bench.proposed == [(1, [A.id, B.id])]
    await bench.ordering.close()


async def test_the_engine_hears_of_work_on_change_only(bench: Bench) -> None:
    bench.admit(A)
    bench.admit(B)
    bench.decide(value(A, B))
    await bench.until_height(1)
    pending = [event for event in bench.events if isinstance(event, Pending)]
    assert pending == [Pending(True), Pending(False)]


async def test_overdue_work_is_told(tmp_path: Path) -> None:
    bench = Bench(tmp_path, limits=MempoolLimits(overdue_heights=2), batch={"proposal_delay_ms": 0})
    bench.ordering.start()
    bench.admit(A)
    for height in range(1, 5):
        bench.decide(height=height)
    await bench.until_height(4)
    assert Pending(True, overdue=True) in bench.events
    await bench.ordering.close()
