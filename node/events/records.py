r"""What the event log keeps: short records, from which events are made when somebody asks.

```text
entry     = [time ms, record]
record    = [1, version]                                         the node started
          | [2, height, block id, is final]                      the head moved up to a block
          | [3, height, block id]                                a block became irreversible
          | [4, fork, [[height, block id], ...], [party, ...]]   blocks were undone; who waits again
          | [5, [party, ...]]                                    transactions came in
          | [6, [[party, reason], ...]]                          transactions left without a block
          | [7, view, previous, leader or nil]                   a view, ballot or round was entered
          | [8, peer (32), name, role, is up]                    a peer has come or gone
          | [9, since, members, faults]                          another committee decides
          | [10, height, members, faults]                        another committee is to decide
          | [11, alarm, detail]                                  a safety alarm
          | [12, first, last, reason]                            heights that nobody was told of
          | [13]                                                 the node stops
party     = [transaction id (32), sender (32), recipient (32 or empty)]
```

What a block holds is not repeated here: the ledger has it.
"""

from typing import TypeAlias

import msgspec

from ledger.transaction import Envelope, Transfer


class Party(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A transaction, and the accounts that it is about."""

    id: bytes
    sender: bytes
    recipient: bytes = b""


def name_party(envelope: Envelope) -> Party:
    """Whom a transaction is about."""
    transaction = envelope.transaction
    payload = transaction.payload
    recipient = payload.recipient if isinstance(payload, Transfer) else b""
    return Party(envelope.id, transaction.sender, recipient)


class Mark(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A block on the adopted branch."""

    height: int
    id: bytes


class Loss(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A transaction that left without a block."""

    party: Party
    reason: str


class Started(msgspec.Struct, frozen=True, array_like=True, tag=1):
    """The node started."""

    version: str


class Grown(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """The head moved up to a block; its transactions wait for `Settled` unless it is final."""

    height: int
    block_id: bytes
    is_final: bool


class Settled(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """A block became irreversible."""

    height: int
    block_id: bytes


class Reorganised(msgspec.Struct, frozen=True, array_like=True, tag=4):
    """Blocks above `fork` were undone, oldest first; `returned` wait again."""

    fork: int
    undone: tuple[Mark, ...]
    returned: tuple[Party, ...] = ()


class Admitted(msgspec.Struct, frozen=True, array_like=True, tag=5):
    """Transactions came into the mempool."""

    parties: tuple[Party, ...]


class Lost(msgspec.Struct, frozen=True, array_like=True, tag=6):
    """Transactions left the mempool without a block."""

    losses: tuple[Loss, ...]


class ViewEntered(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """The engine's view, ballot or round is another one; those between were too short to see."""

    view: int
    previous: int
    leader: int | None = None


class PeerChanged(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """A peer got its first link, or lost its last."""

    peer: bytes
    name: str
    role: str
    is_up: bool


class CommitteeChanged(msgspec.Struct, frozen=True, array_like=True, tag=9):
    """These keys decide all heights above `since`."""

    since: int
    members: tuple[bytes, ...]
    faults: int


class CommitteeScheduled(msgspec.Struct, frozen=True, array_like=True, tag=10):
    """A change is carried: these keys are to decide all heights above `height`."""

    height: int
    members: tuple[bytes, ...]
    faults: int


class Alarmed(msgspec.Struct, frozen=True, array_like=True, tag=11):
    """Something that must not happen in a correct network did."""

    alarm: str
    detail: str


class Missed(msgspec.Struct, frozen=True, array_like=True, tag=12):
    """The ledger holds heights `first` … `last`, but no event tells of them."""

    first: int
    last: int
    reason: str


class Stopped(msgspec.Struct, frozen=True, array_like=True, tag=13):
    """The node stopped in an orderly way."""


Record: TypeAlias = (
    Started
    | Grown
    | Settled
    | Reorganised
    | Admitted
    | Lost
    | ViewEntered
    | PeerChanged
    | CommitteeChanged
    | CommitteeScheduled
    | Alarmed
    | Missed
    | Stopped
)


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A record, and when it was written (Unix time in milliseconds, this node's clock)."""

    time_ms: int
    record: Record


encode_entry = msgspec.msgpack.Encoder().encode
decode_entry = msgspec.msgpack.Decoder(Entry).decode
