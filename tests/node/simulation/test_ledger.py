"""The real ledger as what a simulated engine orders."""

import pytest

from consensus.message import encode
from consensus.simulation.application import ITEMS_PER_VALUE, OVERDUE_HEIGHTS
from ledger.block import decode_payload, encode_payload
from ledger.errors import MissingBodiesError
from node.simulation.ledger import LedgerApplication, split_ids
from node.simulation.ledger_workload import ACCOUNTS
from node.simulation.ledgers import make_ledgers
from tests.node.simulation.ledgers import Ledgers, make_certificate

WORDS = [f"pay{number}" for number in range(10)]


def heads(ledgers: Ledgers) -> set[bytes]:
    return {host.chain.head_id for host in ledgers.hosts}


def test_hosts_that_hear_items_in_other_orders_derive_the_same_blocks() -> None:
    ledgers = Ledgers()
    for host, words in zip(ledgers.hosts, (WORDS, WORDS[::-1], WORDS[5:], []), strict=True):
        for word in words:
            assert host.submit(word)
    for proposer in (0, 1, 2, 0):
        ledgers.decide(ledgers.propose(proposer))
    assert len(heads(ledgers)) == 1
    for host in ledgers.hosts:
        assert host.executed.keys() == set(WORDS)
        assert host.waiting == []
        assert host.flags() == (False, False)
        assert [block.height for block in host.blocks] == [1, 2, 3, 4]


def test_a_fresh_ledger_stands_at_the_genesis() -> None:
    ledger = make_ledgers("pbft")(0)
    assert isinstance(ledger, LedgerApplication)
    assert ledger.chain.head_id == ledger.genesis_id
    assert (ledger.blocks, ledger.executed, ledger.certificates) == ([], {}, {})
    assert ledger.flags() == (False, False)
    assert ledger.make_value(0, 1, (), required=False) is None


def test_an_item_counts_once() -> None:
    ledgers = Ledgers()
    assert ledgers[0].submit("pay")
    assert not ledgers[0].submit("pay")
    ledgers.decide(ledgers.propose(0))
    assert not ledgers[0].submit("pay")
    assert not ledgers[1].submit("pay")
    assert ledgers[1].executed == {"pay": 1}
    assert ledgers[1].flags() == (False, False)


def test_a_value_orders_what_is_not_in_flight() -> None:
    ledgers = Ledgers()
    ledgers.submit(*WORDS)
    host = ledgers[0]
    flying: list[bytes] = []
    while (value := host.make_value(0, 1 + len(flying), flying, required=False)) is not None:
        flying.append(value)
    assert [len(host.items_of(value)) for value in flying] == [4, 4, 2]
    assert sorted(item for value in flying for item in host.items_of(value)) == WORDS
    assert host.make_value(0, 4, [*flying, b"", b"junk"], required=False) is None
    empty = host.make_value(0, 4, flying, required=True)
    assert empty is not None
    assert host.items_of(empty) == []


def test_a_value_names_its_proposer_and_its_height_is_its_time() -> None:
    ledgers = Ledgers()
    value = ledgers[0].make_value(2, 7, (), required=True)
    assert value is not None
    payload = decode_payload(value)
    assert payload.proposer == ledgers.bodies.network.genesis.validators[2]
    assert payload.timestamp_ms == ledgers.bodies.network.genesis.timestamp_ms + 7


def test_what_pays_more_goes_first() -> None:
    ledgers = Ledgers()
    ledgers.submit(*WORDS)
    fees = {word: ledgers.bodies.make(word).transaction.fee for word in WORDS}
    first = ledgers[0].items_of(ledgers.propose())
    assert min(fees[item] for item in first) >= max(
        fee for word, fee in fees.items() if word not in first
    )


def test_what_is_censored_is_left_out() -> None:
    ledgers = Ledgers()
    ledgers.submit("a", "b")
    ledgers[0].censored = frozenset({"a", "never heard of"})
    assert ledgers[0].items_of(ledgers.propose(0)) == ["b"]
    assert sorted(ledgers[0].items_of(ledgers.propose(1))) == ["a", "b"]


def test_work_that_is_passed_over_becomes_overdue() -> None:
    ledgers = Ledgers()
    ledgers.submit("a")
    ledgers[0].censored = frozenset({"a"})
    for _ in range(OVERDUE_HEIGHTS):
        assert ledgers[1].flags() == (True, False)
        ledgers.decide(ledgers.propose(0))
    assert ledgers[1].flags() == (True, True)
    ledgers.decide(ledgers.propose(1))
    assert ledgers[1].flags() == (False, False)


def test_full_blocks_pass_over_nothing() -> None:
    ledgers = Ledgers()
    ledgers.submit(*(f"pay{number}" for number in range(ITEMS_PER_VALUE * 3 * OVERDUE_HEIGHTS)))
    for _ in range(3 * OVERDUE_HEIGHTS):
        assert ledgers[1].flags() == (True, False)
        ledgers.decide(ledgers.propose(0))
    assert ledgers[1].flags() == (False, False)


# Validity


def test_a_liar_composes_values_of_what_nobody_submitted() -> None:
    ledgers = Ledgers()
    good = ledgers[3].compose(3, 1, ["invented"])
    assert all(host.is_valid(good) for host in ledgers.hosts)
    ledgers.decide(good)
    assert ledgers[0].executed == {"invented": 1}
    assert not ledgers[0].is_valid(ledgers[3].compose(3, 1, ["invented", "!x"]))


def test_a_value_of_known_transactions_is_valid_everywhere() -> None:
    ledgers = Ledgers()
    assert ledgers[0].submit("pay")
    value = ledgers.propose(0)
    assert all(host.is_valid(value) for host in ledgers.hosts)


def test_an_invalid_item_is_proposed_by_its_host_and_refused_by_all() -> None:
    ledgers = Ledgers()
    for word in ("!a", "!b", "!c", "!d", "!e"):
        assert ledgers[0].submit(word)
        assert not ledgers[0].submit(word)
    assert ledgers[0].flags() == (True, False)
    assert list(ledgers[0].waiting) == ["!a", "!b", "!c", "!d", "!e"]
    value = ledgers.propose(0)
    assert ledgers[0].items_of(value) == ["!a", "!b", "!c", "!d"]
    assert not any(host.is_valid(value) for host in ledgers.hosts)
    assert ledgers[0].items_of(ledgers[0].make_value(0, 2, (value,), required=False) or b"") == [
        "!e"
    ]


def test_what_a_broken_quorum_decides_is_executed_come_what_may() -> None:
    ledgers = Ledgers()
    forged = [f"!{number}" for number in range(ITEMS_PER_VALUE)]
    for word in forged:
        ledgers[0].submit(word)
    ledgers.decide(ledgers.propose(0))
    ledgers.decide(b"no payload")
    ledgers.decide()
    assert len(heads(ledgers)) == 1
    assert set(ledgers[0].forged) == set(forged) - ledgers[0].executed.keys()


@pytest.mark.parametrize("value", [b"", b"0/1: pay1", b"\x93\x00\x00\x00"])
def test_what_is_no_payload_is_invalid_and_orders_nothing(value: bytes) -> None:
    ledgers = Ledgers()
    assert not ledgers[0].is_valid(value)
    assert ledgers[0].items_of(value) == []
    assert split_ids(value) == []


def test_unknown_repeated_and_too_many_ids_are_invalid() -> None:
    ledgers = Ledgers()
    ledgers.submit("pay")
    key, known = ledgers.bodies.network.genesis.validators[0], ledgers.bodies.make("pay").id
    assert ledgers[0].is_valid(encode_payload(1, key, [known]))
    assert not ledgers[0].is_valid(encode_payload(1, key, [known, known]))
    assert not ledgers[0].is_valid(encode_payload(1, key, [known, bytes(32)]))
    many = [b"%032d" % number for number in range(5_000)]
    assert not ledgers[0].is_valid(encode_payload(1, key, many))


def test_a_time_far_ahead_is_invalid() -> None:
    ledgers = Ledgers()
    key, limits = (
        ledgers.bodies.network.genesis.validators[0],
        ledgers.bodies.network.genesis.limits,
    )
    assert ledgers[0].is_valid(encode_payload(1 + limits.clock_drift_ms, key, []))
    assert not ledgers[0].is_valid(encode_payload(2 + limits.clock_drift_ms, key, []))


def test_a_decided_value_that_nobody_has_bodies_for_cannot_be_executed() -> None:
    ledgers = Ledgers()
    value = encode_payload(1, ledgers.bodies.network.genesis.validators[0], [bytes(32)])
    with pytest.raises(MissingBodiesError):
        ledgers[0].execute(1, (value,), None)
    assert ledgers[0].blocks == []


# Executing


def test_an_item_ordered_twice_is_executed_once() -> None:
    ledgers = Ledgers()
    ledgers.submit("pay")
    value = ledgers.propose()
    ledgers.decide(value)
    ledgers.decide(value)
    ledgers.decide(ledgers.propose())
    assert ledgers[0].executed == {"pay": 1}
    assert [len(ledgers[0].chain.block(height).ids) for height in (1, 2, 3)] == [1, 0, 0]
    assert ledgers[0].chain.block(2).skipped[0].reason == "tx-already-included"


def test_several_values_of_one_height_are_united() -> None:
    ledgers = Ledgers()
    ledgers[0].submit("a")
    ledgers[1].submit("b")
    both = ledgers.propose(0), ledgers.propose(1)
    ledgers.decide(*both, *both)
    assert ledgers[2].executed == {"a": 1, "b": 1}
    assert len(heads(ledgers)) == 1


def test_seals_and_certificates_are_kept_with_the_chain() -> None:
    ledgers = Ledgers()
    seal = make_certificate(1, bytes(32), [0])
    block = ledgers[0].execute(1, (ledgers.propose(),), seal)
    assert block.seal == seal
    assert ledgers[0].chain.block(1).seal == encode(seal)
    certificate = make_certificate(1, block.block_id, range(3))
    ledgers[0].certify(1, certificate)
    assert ledgers[0].certificates == {1: certificate}
    assert ledgers[0].chain.block(1).certificate == encode(certificate)
    assert ledgers[0].chain.certified_height == 1


def test_more_items_than_accounts_all_execute() -> None:
    ledgers = Ledgers()
    words = [f"pay{number}" for number in range(ACCOUNTS + 50)]
    for word in words:
        ledgers[1].submit(word)
    while ledgers[1].flags()[0]:
        ledgers.decide(ledgers.propose(1))
    assert ledgers[3].executed.keys() == set(words)
    assert len(ledgers[3].blocks) == -(-len(words) // ITEMS_PER_VALUE)


# Crashes


def test_a_killed_host_finds_everything_again() -> None:
    ledgers = Ledgers()
    ledgers.order("a", "b")
    ledgers.submit("c", "d")
    host = ledgers[0]
    before = host.blocks[:], dict(host.executed), host.chain
    assert host.crash(loses_unsynced=False) == 0
    assert (host.blocks, host.executed) == before[:2]
    assert host.chain is not before[2]
    assert sorted(host.waiting) == ["c", "d"]
    ledgers.decide(ledgers.propose(0))
    assert len(heads(ledgers)) == 1


def test_a_power_failure_takes_the_blocks_after_the_last_sync() -> None:
    ledgers = Ledgers()
    ledgers.order("a")
    host = ledgers[0]
    host.sync()
    ledgers.order("b")
    ledgers.order("c")
    ledgers.submit("d")
    assert host.crash(loses_unsynced=True) == 2
    assert [block.height for block in host.blocks] == [1]
    assert host.executed == {"a": 1}
    assert sorted(host.waiting) == ["b", "c", "d"]
    assert host.flags() == (True, False)
    ledgers.catch_up(0, 1)
    assert len(heads(ledgers)) == 1
    assert list(host.waiting) == ["d"]


def test_without_any_sync_a_power_failure_leaves_the_genesis_and_the_work() -> None:
    ledgers = Ledgers()
    ledgers.order("a")
    assert ledgers[0].crash(loses_unsynced=True) == 1
    assert ledgers[0].chain.head_id == ledgers[0].genesis_id
    assert list(ledgers[0].waiting) == ["a"]


def test_a_certificate_that_was_not_synced_is_lost_though_its_block_is_not() -> None:
    ledgers = Ledgers()
    for word in ("a", "b"):
        ledgers.order(word)
        ledgers[0].sync()
        ledgers.certify()
    for host, left in ((ledgers[0], [1]), (ledgers[1], [1, 2])):
        host.crash(loses_unsynced=host is ledgers[0])
        assert list(host.certificates) == left
        assert host.chain.certified_height == left[-1]
        assert host.chain.height == 2


def test_work_survives_a_power_failure_though_no_block_does() -> None:
    ledgers = Ledgers()
    ledgers.submit("a", "b")
    ledgers[0].submit("!forged")
    ledgers[0].crash(loses_unsynced=True)
    assert sorted(ledgers[0].waiting) == ["!forged", "a", "b"]
    assert not ledgers[0].submit("a")


def test_a_wiped_host_replays_the_blocks_of_another() -> None:
    ledgers = Ledgers()
    for word in WORDS:
        ledgers.order(word)
    ledgers.submit("late")
    ledgers[0].submit("!forged")
    ledgers.certify()
    host = ledgers[0]
    host.wipe()
    assert (host.blocks, host.executed, host.certificates) == ([], {}, {})
    assert sorted(host.waiting) == sorted([*WORDS, "late", "!forged"])
    ledgers.catch_up(0, 3)
    assert len(heads(ledgers)) == 1
    assert host.blocks == ledgers[3].blocks
    assert host.executed == ledgers[3].executed
    assert list(host.waiting) == ["late", "!forged"]
