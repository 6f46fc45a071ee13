"""A node's view of the committee follows its ledger."""

from dataclasses import replace

from consensus import catalog
from consensus.committee import Committee, Former
from ledger.chain import Chain
from ledger.store.memory import MemoryStore
from ledger.transaction import Reconfigure, build
from node.seats import Seats, make_change_rule
from tests.ledger.support import GENESIS, VALIDATORS, World, make_genesis, make_key

SPEC = catalog.get("pbft")
PARAMETERS = catalog.parse_parameters(SPEC, {"checkpoint_interval": 2, "window": 4})
KEYS = [key.public_key for key in VALIDATORS]
NEW = make_key(200).public_key
FIRST, SECOND = Committee((0, 1, 2, 3), 1), Committee((1, 2, 3, 4), 1)


class Changing(World):
    """A chain under PBFT's own terms, with one vote of each validator for NEW instead of the first."""

    def __post_init__(self) -> None:
        rule = make_change_rule(SPEC, PARAMETERS)
        self.chain = Chain.open(self.store, self.genesis, rule=rule)

    def vote(self) -> None:
        payload = Reconfigure(NEW, KEYS[0], 1)
        chain_id = GENESIS.chain_id
        self.order(*(build(chain_id, key, 0, 0, 99, payload) for key in VALIDATORS[:3]))


def test_before_during_and_after() -> None:
    world = Changing()
    first, new, other = (Seats(world.chain, key) for key in (KEYS[0], NEW, b"\x07" * 32))
    seats = (first, new, other)
    assert [one.me for one in seats] == [0, None, None]
    assert (other.committee, other.former, other.until) == (FIRST, None, 6)
    assert other.audience == KEYS
    world.vote()
    assert not any(one.refresh() for one in seats)
    assert other.is_changing
    assert other.until == 6
    assert other.audience == [*KEYS, NEW]
    assert new.find(NEW) == 4
    assert NEW in first.known
    for _ in range(4):
        world.order()
        assert not any(one.refresh() for one in seats)
    world.order()
    assert all(one.refresh() for one in seats)
    assert [one.me for one in seats] == [None, 4, None]
    assert [one.voice for one in seats] == [0, 4, None]
    assert (other.committee, other.former, other.since) == (SECOND, Former(6, FIRST), 6)
    assert [other.committee_at(height) for height in (6, 7, 99)] == [FIRST, SECOND, None]
    assert other.members == {1: KEYS[1], 2: KEYS[2], 3: KEYS[3], 4: NEW}
    assert new.audience == KEYS
    world.order()
    world.order()
    world.certify(6)
    assert new.audience == KEYS
    world.certify(8)
    assert new.audience == KEYS[1:]


def test_one_that_only_follows_never_takes_its_place() -> None:
    seats = Seats(World().chain, KEYS[1], is_silent=True)
    assert (seats.me, seats.voice) == (None, None)


def test_a_fixed_committee_is_known_for_ever() -> None:
    genesis = make_genesis()
    seats = Seats(Chain.open(MemoryStore(), genesis), KEYS[1])
    assert (seats.until, seats.committee_at(10**9)) == (None, FIRST)


def test_the_rule_is_the_engines() -> None:
    rule = make_change_rule(SPEC, PARAMETERS)
    assert rule is not None
    assert (rule.delay, rule.interval, rule.compute_boundary(3)) == (4, 2, 8)
    assert [rule.compute_quorum(size, 1) for size in (4, 5, 6)] == [3, 4, 4]
    assert [rule.is_within(size, 1) for size in (3, 4)] == [False, True]
    pow_ = catalog.get("pow")
    assert make_change_rule(pow_, catalog.parse_parameters(pow_, {})) is None


def test_shares_of_a_coin_are_dealt_to_a_committee_that_never_changes() -> None:
    assert make_change_rule(SPEC, PARAMETERS) is not None
    coined = replace(SPEC, needs_coin=lambda _parameters: True)
    assert make_change_rule(coined, PARAMETERS) is None
    other = replace(SPEC, needs_coin=lambda _parameters: False)
    assert make_change_rule(other, PARAMETERS) is not None
