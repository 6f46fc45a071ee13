"""The state beside its store: cached accounts, the tree over all leaves, one view per block.

`State` is the ledger's state at the head. A block is executed on a `View`, which collects changes;
`View.seal` turns them into leaves; `State.commit` makes them the state once the store has them.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, TypeVar

import msgspec

from ledger import state_tree
from ledger.codec import encode
from ledger.errors import StoreError
from ledger.leaves import (
    COMMITTEE_KEY,
    EMPTY_ACCOUNT,
    MEMBERSHIP_KEY,
    AccountState,
    CommitteeState,
    Leaf,
    MembershipState,
    RecordState,
    account_key,
    hash_key,
    hash_value,
    leaf_codec,
    record_key,
)
from ledger.reasons import Reason
from ledger.state_tree import Node
from ledger.store.schema import STATE, prefix_range
from ledger.store.store import Store

CACHED_ACCOUNTS_MAX = 200_000
"""About 60 MB; the accounts that were not touched for longest leave first."""


class CachedAccount(msgspec.Struct, frozen=True, gc=False):
    """An account as it stands at the head; `raw` is None while it has no leaf."""

    key_hash: bytes
    raw: bytes | None
    account: AccountState


class WorkingAccount(msgspec.Struct, gc=False):
    """An account while a block is executed."""

    public_key: bytes
    balance: int
    nonce: int
    before: CachedAccount


class LeafChange(NamedTuple):
    """One leaf before and after a block; None where there is none."""

    key_hash: bytes
    old: bytes | None
    new: bytes | None


class Changes(NamedTuple):
    """What a block does to the state."""

    leaves: list[LeafChange]
    accounts: dict[bytes, CachedAccount]
    root: Node


class State:
    """The state at the head, read through to the store."""

    def __init__(self, store: Store, root: Node) -> None:
        self._store = store
        self.root = root
        self._cache: dict[bytes, CachedAccount] = {}

    @classmethod
    def load(cls, store: Store) -> "State":
        """Rebuild the tree by one scan over all leaves; the caller compares the root."""
        start, stop = prefix_range(STATE)
        leaves = ((key[1:], hash_value(leaf)) for key, leaf in store.scan(start, stop))
        return cls(store, state_tree.build(leaves))

    def get_leaf(self, key_hash: bytes) -> bytes | None:
        """The encoded leaf under a key hash."""
        return self._store.get(STATE + key_hash)

    def get_cached(self, public_key: bytes) -> CachedAccount:
        """The account with its place in the tree."""
        if (found := self._cache.get(public_key)) is not None:
            return found
        key_hash = hash_key(account_key(public_key))
        raw = self.get_leaf(key_hash)
        account = EMPTY_ACCOUNT if raw is None else _decode_as(AccountState, raw)
        found = CachedAccount(key_hash, raw, account)
        self._remember({public_key: found})
        return found

    def get_account(self, public_key: bytes) -> AccountState:
        """Balance and nonce; zero and zero for an account never heard of."""
        if (found := self._cache.get(public_key)) is not None:
            return found.account
        return self.get_cached(public_key).account

    def get_record(self, owner: bytes, key: bytes) -> bytes | None:
        """The value of a record, or None."""
        raw = self.get_leaf(hash_key(record_key(owner, key)))
        return None if raw is None else _decode_as(RecordState, raw).value

    def get_committee(self) -> CommitteeState:
        """Who takes part in the agreement."""
        raw = self.get_leaf(hash_key(COMMITTEE_KEY))
        if raw is None:
            raise StoreError(Reason.STORE_CORRUPT, "the committee's entry is missing")
        return _decode_as(CommitteeState, raw)

    def get_membership(self) -> MembershipState | None:
        """All validators there ever were; None while nobody has voted for another committee."""
        raw = self.get_leaf(hash_key(MEMBERSHIP_KEY))
        return None if raw is None else _decode_as(MembershipState, raw)

    def commit(self, changes: Changes) -> None:
        """Make a block's changes, which the store has, the state."""
        self.root = changes.root
        for public_key in changes.accounts:
            self._cache.pop(public_key, None)  # what was touched last leaves the cache last
        self._remember(changes.accounts)

    def move(
        self, root: Node, accounts: Mapping[bytes, CachedAccount], stale: Collection[bytes]
    ) -> None:
        """Make another version, which the store has, the state.

        `accounts` are known to stand so there; what lies under the key hashes `stale` does not.
        """
        self.root = root
        if stale:
            kept = {key: one for key, one in self._cache.items() if one.key_hash not in stale}
            self._cache = kept
        self._remember(accounts)

    def _remember(self, accounts: Mapping[bytes, CachedAccount]) -> None:
        self._cache.update(accounts)
        if len(self._cache) > CACHED_ACCOUNTS_MAX:
            for public_key in list(self._cache)[: CACHED_ACCOUNTS_MAX // 4]:
                del self._cache[public_key]


L = TypeVar("L", AccountState, RecordState, CommitteeState, MembershipState)


def _decode_as(kind: type[L], raw: bytes) -> L:
    leaf: Leaf = leaf_codec.decode(raw)
    if not isinstance(leaf, kind):
        raise StoreError(Reason.STORE_CORRUPT, "a leaf of the wrong kind")
    return leaf


class View:
    """The state as one block in progress sees it."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._accounts: dict[bytes, WorkingAccount] = {}
        self._records: dict[bytes, bytes | None] = {}
        self._entries: dict[bytes, Leaf] = {}

    def account(self, public_key: bytes) -> WorkingAccount:
        """The account, to be changed in place."""
        if (working := self._accounts.get(public_key)) is None:
            before = self._state.get_cached(public_key)
            account = before.account
            working = WorkingAccount(public_key, account.balance, account.nonce, before)
            self._accounts[public_key] = working
        return working

    def set_record(self, owner: bytes, key: bytes, value: bytes | None) -> None:
        """Write or (with None) delete a record."""
        self._records[record_key(owner, key)] = value

    def set_entry(self, state_key: bytes, leaf: Leaf) -> None:
        """Write a system entry."""
        self._entries[state_key] = leaf

    def seal(self) -> Changes:
        """The block's changes, and the tree after them."""
        leaves: list[LeafChange] = []
        accounts: dict[bytes, CachedAccount] = {}
        for public_key, working in self._accounts.items():
            before = working.before
            account = AccountState(working.balance, working.nonce)
            if account == before.account:
                continue
            raw = encode(account)
            leaves.append(LeafChange(before.key_hash, before.raw, raw))
            accounts[public_key] = CachedAccount(before.key_hash, raw, account)
        leaves += self._seal_records()
        return Changes(leaves, accounts, update_root(self._state.root, leaves))

    def _seal_records(self) -> Iterable[LeafChange]:
        written = {
            state_key: None if value is None else encode(RecordState(value))
            for state_key, value in self._records.items()
        }
        written.update((state_key, encode(leaf)) for state_key, leaf in self._entries.items())
        for state_key, new in written.items():
            key_hash = hash_key(state_key)
            if new != (old := self._state.get_leaf(key_hash)):
                yield LeafChange(key_hash, old, new)


def update_root(root: Node, leaves: Iterable[LeafChange]) -> Node:
    """The tree after leaves have changed."""
    return state_tree.update(
        root,
        {key_hash: None if new is None else hash_value(new) for key_hash, _, new in leaves},
    )
