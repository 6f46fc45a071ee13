"""The state at the end of a branch that is not the ledger's, or not yet.

It starts from the ledger's state with some leaves put back as they were below the fork, and takes in
what the branch's blocks change. Nothing of it is in the store before the whole branch is adopted.
"""

from collections.abc import Mapping

from ledger import state_tree
from ledger.leaves import EMPTY_ACCOUNT, AccountState, hash_value, leaf_codec
from ledger.state import CachedAccount, Changes, State
from ledger.store.store import Store


class BranchState(State):
    """`leaves` are those that differ from the ledger's state, by key hash."""

    def __init__(self, base: State, store: Store, undone: Mapping[bytes, bytes | None]) -> None:
        hashes = {key: None if leaf is None else hash_value(leaf) for key, leaf in undone.items()}
        super().__init__(store, state_tree.update(base.root, hashes))
        self._base = base
        self.leaves: dict[bytes, bytes | None] = dict(undone)
        self.accounts: dict[bytes, CachedAccount] = {}
        """Accounts that a block of the branch has touched."""

    def get_leaf(self, key_hash: bytes) -> bytes | None:
        """The encoded leaf under a key hash."""
        if key_hash in self.leaves:
            return self.leaves[key_hash]
        return self._base.get_leaf(key_hash)

    def get_cached(self, public_key: bytes) -> CachedAccount:
        """The account with its place in the tree."""
        if (found := self.accounts.get(public_key)) is not None:
            return found
        found = self._base.get_cached(public_key)
        if found.key_hash not in self.leaves:
            return found
        raw = self.leaves[found.key_hash]
        account = EMPTY_ACCOUNT if raw is None else leaf_codec.decode(raw)
        assert isinstance(account, AccountState)
        return CachedAccount(found.key_hash, raw, account)

    def commit(self, changes: Changes) -> None:
        """Go on from after a block."""
        self.root = changes.root
        self.leaves.update((leaf.key_hash, leaf.new) for leaf in changes.leaves)
        self.accounts.update(changes.accounts)
