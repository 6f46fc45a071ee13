"""Votes for another committee: who may vote, what is refused, when it takes effect."""

import pytest

from ledger.apps import committee
from ledger.apps.committee import ChangeRule, make_committee
from ledger.chain import Chain
from ledger.errors import TransactionError
from ledger.keys import KeyPair
from ledger.leaves import MEMBERSHIP_KEY, CastVote, MembershipState
from ledger.limits import Limits
from ledger.proofs import StateProof
from ledger.reasons import Reason
from ledger.store.memory import MemoryStore
from ledger.transaction import Envelope, Reconfigure, build, decode_transaction
from tests.ledger.support import ALICE, GENESIS, VALIDATORS, World, make_key

RULE = ChangeRule(
    delay=3,
    interval=4,
    compute_quorum=lambda size, faults: (size + faults) // 2 + 1,
    is_within=lambda size, faults: size > 3 * faults,
)
NEW, OTHER = make_key(200), make_key(201)


class Assembly(World):
    """A chain whose committee changes; each validator's nonce is counted."""

    def __post_init__(self) -> None:
        self.chain = Chain.open(self.store, self.genesis, rule=RULE)
        self.nonces: dict[bytes, int] = {}

    def reopen(self) -> Chain:
        return Chain.open(self.store, self.genesis, rule=RULE)

    def cast(self, voter: KeyPair, add: bytes, remove: bytes = b"", faults: int = 1) -> Envelope:
        nonce = self.nonces.get(voter.public_key, 0)
        self.nonces[voter.public_key] = nonce + 1
        return build(GENESIS.chain_id, voter, nonce, 0, 999, Reconfigure(add, remove, faults))

    def vote(self, *voters: KeyPair, add: bytes = b"", remove: bytes = b"", faults: int = 1) -> str:
        """One block with these votes; the reason that all of them end with."""
        applied = self.order(*(self.cast(voter, add, remove, faults) for voter in voters))
        (reason,) = {receipt.reason for receipt in applied.receipts}
        return reason

    def reach(self, height: int) -> None:
        """Empty blocks."""
        while self.chain.height < height:
            self.order()


@pytest.fixture
def world() -> Assembly:
    return Assembly()


def test_a_quorum_adds_a_validator(world: Assembly) -> None:
    assert world.chain.committee_until() == 4
    assert world.vote(*VALIDATORS[:2], add=NEW.public_key) == "none"
    assert len(world.chain.membership().votes) == 2
    assert world.vote(VALIDATORS[3], add=NEW.public_key) == "none"
    membership = world.chain.membership()
    assert membership.scheduled is not None
    assert membership.scheduled.height == world.chain.committee_until() == 8
    assert (membership.scheduled.members, membership.votes) == ((0, 1, 2, 3, 4), ())
    world.reach(7)
    assert world.chain.committee().validators == GENESIS.validators
    world.reach(8)
    assert world.chain.committee().validators == (*GENESIS.validators, NEW.public_key)
    membership = world.chain.membership()
    assert (membership.members, membership.since) == ((0, 1, 2, 3, 4), 8)
    assert (membership.former_members, membership.former_faults) == ((0, 1, 2, 3), 1)
    assert world.chain.committee_until() == 12


def test_ids_are_never_used_again(world: Assembly) -> None:
    first = VALIDATORS[0].public_key
    world.vote(*VALIDATORS[:3], add=NEW.public_key, remove=first)
    world.reach(8)
    assert world.chain.membership().members == (1, 2, 3, 4)
    world.vote(*VALIDATORS[1:], add=first)
    world.reach(16)
    membership = world.chain.membership()
    assert membership.members == (1, 2, 3, 4, 5)
    assert membership.keys[0] == membership.keys[5] == first
    assert make_committee(membership) == world.chain.committee()


def test_a_vote_replaces_the_last_one(world: Assembly) -> None:
    world.vote(VALIDATORS[0], add=NEW.public_key)
    world.vote(VALIDATORS[0], add=OTHER.public_key)
    assert world.chain.membership().votes == (CastVote(0, OTHER.public_key, b"", 1),)
    world.vote(*VALIDATORS[1:3], add=NEW.public_key)
    assert world.chain.membership().scheduled is None
    world.vote(VALIDATORS[0], add=NEW.public_key)
    assert world.chain.membership().scheduled is not None


@pytest.mark.parametrize(
    ("voter", "change", "reason"),
    [
        (ALICE, {"add": NEW.public_key}, Reason.TX_NOT_A_VALIDATOR),
        (NEW, {"add": OTHER.public_key}, Reason.TX_NOT_A_VALIDATOR),
        (VALIDATORS[0], {"remove": NEW.public_key}, Reason.TX_UNKNOWN_MEMBER),
        (VALIDATORS[0], {"add": VALIDATORS[1].public_key}, Reason.TX_ALREADY_A_MEMBER),
        (VALIDATORS[0], {"remove": VALIDATORS[1].public_key}, Reason.TX_COMMITTEE_BOUND),
        (VALIDATORS[0], {"add": NEW.public_key, "faults": 2}, Reason.TX_COMMITTEE_BOUND),
    ],
)
def test_refusals(
    world: Assembly, voter: KeyPair, change: dict[str, bytes], reason: Reason
) -> None:
    assert world.vote(voter, **change) == reason.value  # type: ignore[arg-type]
    assert world.chain.membership().votes == ()


def test_one_change_at_a_time(world: Assembly) -> None:
    world.vote(*VALIDATORS[:3], add=NEW.public_key)
    late = world.cast(VALIDATORS[3], OTHER.public_key)
    (receipt,) = world.order(late).receipts
    assert receipt.reason == Reason.TX_CHANGE_UNDER_WAY.value
    world.reach(8)
    assert world.vote(NEW, add=OTHER.public_key) == "none"


def test_without_rules_the_committee_is_fixed() -> None:
    world = World()
    vote = build(GENESIS.chain_id, VALIDATORS[0], 0, 0, 9, Reconfigure(NEW.public_key, b"", 1))
    (receipt,) = world.order(vote).receipts
    assert receipt.reason == Reason.TX_COMMITTEE_FIXED.value
    assert world.chain.committee_until() is None


def test_faults_change_with_the_members(world: Assembly) -> None:
    assert world.vote(*VALIDATORS[:3], remove=VALIDATORS[2].public_key, faults=0) == "none"
    world.reach(8)
    assert (world.chain.membership().members, world.chain.committee().faults) == ((0, 1, 3), 0)


@pytest.mark.parametrize(
    ("add", "remove", "faults"),
    [(b"", b"", 0), (b"k", b"", 0), (bytes(32), bytes(32), 0), (bytes(32), b"", 1 << 40)],
)
def test_form(add: bytes, remove: bytes, faults: int) -> None:
    with pytest.raises(TransactionError) as caught:
        committee.check(Reconfigure(add, remove, faults), Limits())
    assert caught.value.reason is Reason.TX_BAD_COMMITTEE_CHANGE


def test_golden_bytes() -> None:
    vote = build(bytes(32), ALICE, 0, 0, 9, Reconfigure(b"\x07" * 32, b"", 1))
    assert b"\x94\x03\xc4\x20" + b"\x07" * 32 + b"\xc4\x00\x01" in vote.raw
    assert decode_transaction(vote.raw).transaction.payload == Reconfigure(b"\x07" * 32, b"", 1)


@pytest.mark.parametrize("height", [1, 4, 8, 9])
def test_a_restart_finds_the_same(world: Assembly, height: int) -> None:
    world.vote(*VALIDATORS[:3], add=NEW.public_key)
    world.reach(height)
    again = world.reopen()
    assert again.membership() == world.chain.membership()
    assert again.committee_until() == world.chain.committee_until()


def test_the_same_votes_twice_make_the_same_blocks() -> None:
    heads = set()
    for _ in range(2):
        world = Assembly(store=MemoryStore())
        world.vote(*VALIDATORS[:3], add=NEW.public_key)
        world.reach(9)
        heads.add(world.chain.head_id)
    assert len(heads) == 1


def test_the_state_proves_the_committee(world: Assembly) -> None:
    world.vote(*VALIDATORS[:3], add=NEW.public_key)
    world.reach(8)
    world.certify(4)
    world.certify(8)
    proof: StateProof = world.chain._prove_state(MEMBERSHIP_KEY)
    assert proof.header.height == 8
    assert isinstance(world.chain.membership(), MembershipState)
