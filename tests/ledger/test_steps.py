"""Whatever counts as certified can be proved from the genesis on, in whichever order certificates come."""

from itertools import permutations

import msgspec
import pytest

from ledger.chain import Chain
from ledger.errors import ProofError
from ledger.following import verify_followed
from ledger.light import VerifiedTransaction
from ledger.reasons import Reason
from ledger.steps import LastHeight
from ledger.store.memory import MemoryStore
from ledger.store.store import Batch
from tests.ledger.apps.test_committee import NEW, OTHER, Assembly
from tests.ledger.support import ALICE, GENESIS, VALIDATORS, transfer
from tests.ledger.test_following import KEYS, judge_for

FIRST = (0, 1, 2, 3)
SECOND = (0, 1, 2, 3, 4)
THIRD = (1, 2, 3, 4, 5)
SIGNERS = {4: FIRST, 8: FIRST, 12: SECOND, 16: SECOND, 20: THIRD}
"""(0, 1, 2, 3) decide up to 8, with 4 up to 16, then without 0 and with 5."""


class Late(Assembly):
    """Executes everything and certifies what it is told to."""

    def reach(self, height: int) -> None:
        while self.chain.height < height:
            self.order()

    def attest(self, height: int) -> None:
        block_id = self.chain.block(height).id
        self.chain.certify(height, msgspec.msgpack.encode([height, block_id, SIGNERS[height]]))

    def verify(self) -> int:
        """An account's proof convinces; the height that it shows."""
        proof = self.chain.follow(self.chain.prove_account(ALICE.public_key))
        verify_followed(GENESIS, proof, judge_for)
        return self.chain.certified_height


def make_world(store: MemoryStore | None = None) -> Late:
    """Two changes, of which nothing is certified yet."""
    world = Late(store=store or MemoryStore())
    world.reach(4)
    world.vote(*VALIDATORS[:3], add=NEW.public_key)
    world.reach(12)
    world.vote(*VALIDATORS, add=OTHER.public_key, remove=KEYS[0])
    world.order(transfer(ALICE, 0))
    world.reach(20)
    return world


def test_the_committees_of_these_tests() -> None:
    world = make_world()
    assert (world.chain.membership().since, world.chain.membership().members) == (16, THIRD)
    assert world.chain.uncertified_changes() == [
        LastHeight(8, FIRST, 1),
        LastHeight(16, SECOND, 1),
    ]


@pytest.mark.parametrize("order", list(permutations([8, 12, 16, 20])))
def test_every_order_of_certificates_convinces_at_every_moment(order: tuple[int, ...]) -> None:
    world = make_world()
    world.attest(4)
    for height in order:
        world.attest(height)
        assert world.verify() <= max(order)
    assert world.verify() == 20
    assert world.chain.uncertified_changes() == []


def test_nothing_is_certified_above_a_step_that_is_missing() -> None:
    world = make_world()
    for height in (4, 20, 12):
        world.attest(height)
    assert world.chain.certified_height == 4
    payment = transfer(ALICE, 0)
    with pytest.raises(ProofError) as caught:
        world.chain.prove_transaction(payment.id)
    assert caught.value.reason is Reason.PROOF_NOT_CERTIFIED
    world.attest(16)
    world.attest(8)
    proof = world.chain.follow(world.chain.prove_transaction(payment.id))
    assert isinstance(verify_followed(GENESIS, proof, judge_for)[0], VerifiedTransaction)


@pytest.mark.parametrize("crash_after", [0, 4, 20, 12, 16, 8])
def test_a_restart_forgets_no_step(crash_after: int) -> None:
    store = MemoryStore()
    world = make_world(store)
    for height in (4, 20, 12, 16, 8):
        if height == crash_after:
            world.chain = Chain.open(store, GENESIS, rule=world.chain._rule)
        world.attest(height)
    world.chain = Chain.open(store, GENESIS, rule=world.chain._rule)
    assert world.verify() == 20


def test_a_certificate_that_was_kept_before_a_crash_counts_after_it() -> None:
    """Certificate and meta are two batches; the crash comes between them."""
    store = MemoryStore()
    world = make_world(store)
    kept = store.get(b"M")
    world.attest(4)
    batch = Batch()
    batch.put(b"M", kept or b"")
    store.write(batch)
    assert Chain.open(store, GENESIS, rule=world.chain._rule).certified_height == 4


def test_a_step_made_at_the_schedule_needs_no_certificate_of_the_last_height() -> None:
    world = Late()
    world.reach(3)
    world.vote(*VALIDATORS[:3], add=NEW.public_key)
    world.attest(4)
    world.reach(12)
    assert world.chain.uncertified_changes() == [LastHeight(8, FIRST, 1)]
    world.attest(12)
    assert world.verify() == 12
    assert world.chain.uncertified_changes() == []


def test_it_still_convinces_long_after() -> None:
    """The state of the last height is forgotten long before its certificate comes."""
    world = make_world()
    world.attest(4)
    for _ in range(300):
        world.order()
    for height in (20, 16, 12, 8):
        world.attest(height)
    assert world.chain.certified_height == 20
    assert len(world.chain._steps.follow(20)) == 2
