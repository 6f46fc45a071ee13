r"""What stands in the state, and under which key.

```text
state key = 0x00 public key (32)  | 0x01 owner (32) record key | 0x02 name of a system entry
leaf      = [0, balance, nonce]   | [1, value]                 | [2, [validator (32), ...], faults]
          | [3, [key (32), ...], members, faults, since, former members, former faults,
             scheduled, [[voter, add, remove, faults], ...]]
members   = [replica id, ...]       scheduled = nil | [height, members, faults]
key hash   = SHA-256("quorate/state-key/1\0" state key)
value hash = SHA-256("quorate/state-value/1\0" leaf)
```

An account that was never paid has no leaf: it reads as balance 0 and nonce 0. "committee" is always
there (kind 2); "membership" (kind 3) from the first vote for another committee on.
"""

from hashlib import sha256
from typing import TypeAlias

import msgspec

from ledger.codec import U64, Codec, PublicKey
from ledger.errors import StoreError
from ledger.hashing import STATE_KEY_DOMAIN, STATE_VALUE_DOMAIN
from ledger.reasons import Reason


class AccountState(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=0, gc=False
):
    """One account: `nonce` is the number of its transactions so far, thus the next one's nonce."""

    balance: U64 = 0
    nonce: U64 = 0


class RecordState(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=1, gc=False
):
    """One key-value entry of an account."""

    value: bytes


class CommitteeState(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=2
):
    """Who takes part in the agreement, in order, and how many faults it stands."""

    validators: tuple[PublicKey, ...]
    faults: U64


class Scheduled(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The next committee: `members` (replica ids) and their faults, for all heights above `height`."""

    height: U64
    members: tuple[U64, ...]
    faults: U64


class CastVote(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What the member `voter` wants, in the words of `ledger.transaction.Reconfigure`."""

    voter: U64
    add: bytes
    remove: bytes
    faults: U64


class MembershipState(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=3
):
    """All validators there ever were, and who of them decides.

    `keys[i]` is the key of replica i: an id is never given to another key. `members` decide the
    heights above `since`, the former ones those up to it.
    """

    keys: tuple[PublicKey, ...]
    members: tuple[U64, ...]
    faults: U64
    since: U64 = 0
    former_members: tuple[U64, ...] = ()
    former_faults: U64 = 0
    scheduled: Scheduled | None = None
    votes: tuple[CastVote, ...] = ()


Leaf: TypeAlias = AccountState | RecordState | CommitteeState | MembershipState

leaf_codec: Codec[Leaf] = Codec(
    AccountState | RecordState | CommitteeState | MembershipState,
    StoreError,
    Reason.STORE_CORRUPT,
    Reason.STORE_CORRUPT,
)

EMPTY_ACCOUNT = AccountState(0, 0)
COMMITTEE_KEY = b"\x02committee"
MEMBERSHIP_KEY = b"\x02membership"


def account_key(public_key: bytes) -> bytes:
    """The state key of an account."""
    return b"\x00" + public_key


def record_key(owner: bytes, key: bytes) -> bytes:
    """The state key of a record; owners have 32 bytes, so no two pairs share a key."""
    return b"\x01" + owner + key


def hash_key(state_key: bytes) -> bytes:
    """Where the leaf stands in the state tree."""
    return sha256(STATE_KEY_DOMAIN + state_key).digest()


def hash_value(leaf: bytes) -> bytes:
    """What the state tree commits to for an encoded leaf."""
    return sha256(STATE_VALUE_DOMAIN + leaf).digest()
