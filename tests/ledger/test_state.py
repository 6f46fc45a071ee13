import pytest

from ledger import state as state_module
from ledger import state_tree
from ledger.codec import encode
from ledger.errors import StoreError
from ledger.leaves import (
    COMMITTEE_KEY,
    AccountState,
    RecordState,
    account_key,
    hash_key,
    hash_value,
)
from ledger.state import Changes, State, View
from ledger.store.memory import MemoryStore
from ledger.store.schema import STATE
from ledger.store.store import Batch
from tests.ledger.support import ALICE, BOB, CAROL, STRANGER


def make_state(**accounts: AccountState) -> tuple[MemoryStore, State]:
    store = MemoryStore()
    batch = Batch()
    for name, account in accounts.items():
        key = {"alice": ALICE, "bob": BOB, "carol": CAROL}[name].public_key
        batch.put(STATE + hash_key(account_key(key)), encode(account))
    store.write(batch)
    return store, State.load(store)


def keep(store: MemoryStore, state: State, changes: Changes) -> None:
    batch = Batch()
    batch.extend([(STATE + key_hash, new) for key_hash, _, new in changes.leaves])
    store.write(batch)
    state.commit(changes)


def test_reading() -> None:
    _, state = make_state(alice=AccountState(5, 1))
    assert state.get_account(ALICE.public_key) == AccountState(5, 1)
    assert state.get_account(ALICE.public_key) == AccountState(5, 1)
    assert state.get_account(STRANGER) == AccountState(0, 0)
    assert state.get_record(ALICE.public_key, b"k") is None


def test_a_view_changes_nothing_until_it_is_committed() -> None:
    store, state = make_state(alice=AccountState(5, 1), bob=AccountState(1, 0))
    before = state.root
    view = View(state)
    view.account(ALICE.public_key).balance -= 2
    view.account(STRANGER).balance += 2
    view.set_record(ALICE.public_key, b"k", b"v")
    changes = view.seal()
    assert state.root is before
    assert state.get_account(ALICE.public_key).balance == 5
    keep(store, state, changes)
    assert state.get_account(ALICE.public_key) == AccountState(3, 1)
    assert state.get_account(STRANGER) == AccountState(2, 0)
    assert state.get_record(ALICE.public_key, b"k") == b"v"
    assert State.load(store).root.hash == state.root.hash != before.hash


def test_a_view_sees_its_own_changes() -> None:
    _, state = make_state(alice=AccountState(5, 1))
    view = View(state)
    view.account(ALICE.public_key).balance = 4
    assert view.account(ALICE.public_key).balance == 4


def test_what_did_not_change_is_not_written() -> None:
    _, state = make_state(alice=AccountState(5, 1))
    view = View(state)
    account = view.account(ALICE.public_key)
    account.balance -= 1
    account.balance += 1
    view.account(STRANGER)
    view.set_record(ALICE.public_key, b"never written", None)
    changes = view.seal()
    assert changes.leaves == []
    assert changes.root is state.root


def test_old_leaves_are_told_for_the_undo() -> None:
    store, state = make_state(alice=AccountState(5, 1))
    view = View(state)
    view.account(ALICE.public_key).nonce = 2
    view.account(BOB.public_key).balance = 1
    view.set_record(ALICE.public_key, b"k", b"v")
    changes = view.seal()
    olds = {leaf.old for leaf in changes.leaves}
    assert olds == {encode(AccountState(5, 1)), None}
    keep(store, state, changes)
    view = View(state)
    view.set_record(ALICE.public_key, b"k", None)
    (change,) = view.seal().leaves
    assert (change.old, change.new) == (encode(RecordState(b"v")), None)


def test_the_root_is_that_of_the_leaves() -> None:
    _, state = make_state(alice=AccountState(5, 1), bob=AccountState(1, 0))
    leaves = {
        hash_key(account_key(ALICE.public_key)): hash_value(encode(AccountState(5, 1))),
        hash_key(account_key(BOB.public_key)): hash_value(encode(AccountState(1, 0))),
    }
    assert state.root.hash == state_tree.update(state_tree.EMPTY, leaves).hash


def test_the_cache_is_bounded_and_forgetting_is_harmless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "CACHED_ACCOUNTS_MAX", 8)
    _, state = make_state(alice=AccountState(5, 1))
    for number in range(100):
        assert state.get_account(number.to_bytes(32, "big")) == AccountState(0, 0)
        assert len(state._cache) <= 8
    assert state.get_account(ALICE.public_key) == AccountState(5, 1)


def test_a_leaf_of_the_wrong_kind_is_corruption() -> None:
    store, _ = make_state()
    batch = Batch()
    batch.put(STATE + hash_key(account_key(ALICE.public_key)), encode(RecordState(b"v")))
    store.write(batch)
    with pytest.raises(StoreError):
        State.load(store).get_account(ALICE.public_key)


def test_a_state_without_a_committee_is_corruption() -> None:
    _, state = make_state()
    with pytest.raises(StoreError):
        state.get_committee()
    assert hash_key(COMMITTEE_KEY) not in dict(state_tree.iterate_leaves(state.root))
