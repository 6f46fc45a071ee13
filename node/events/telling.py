"""From the log's records to events: what a block holds is looked up in the ledger.

A block that was undone and has gone from the disk since is told of without its transactions; that
they wait again is said by the reorganisation, which names them.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, assert_never

from ledger.block import Header, Receipt, ReceiptStatus
from ledger.ledger import Ledger
from ledger.transaction import decode_transaction
from ledger.tree_chain import TreeChain
from node.api.fields import spell_address
from node.events.cursor import Place, Position
from node.events.forms import Event
from node.events.kinds import Fate, Kind
from node.events.log import Read
from node.events.records import (
    Admitted,
    Alarmed,
    CommitteeChanged,
    CommitteeScheduled,
    Grown,
    Lost,
    Mark,
    Missed,
    Party,
    PeerChanged,
    Reorganised,
    Settled,
    Started,
    Stopped,
    ViewEntered,
    name_party,
)

Fields = dict[str, Any]


class _Maker:
    """Numbers the events of one record."""

    def __init__(self, place: Place, time_ms: int) -> None:
        self._place = place
        self._time_ms = time_ms
        self._index = 0

    def make(
        self, kind: Kind, data: Fields, height: int | None = None, party: Party | None = None
    ) -> Event:
        position = Position(*self._place, self._index)
        self._index += 1
        return Event(position, kind, self._time_ms, data, height, party)

    def tell(self, party: Party, fate: Fate, height: int | None = None, **more: object) -> Event:
        """A transaction's turn."""
        data: Fields = {
            "id": party.id.hex(),
            "status": fate.value,
            "sender": spell_address(party.sender) if party.sender else None,
            "recipient": spell_address(party.recipient) if party.recipient else None,
            **more,
        }
        return self.make(Kind.TRANSACTION, data, height, party)


class Content(NamedTuple):
    """A block; its receipts are None where it is not on the adopted branch."""

    header: Header
    raws: Sequence[bytes]
    receipts: Sequence[Receipt] | None
    skipped: int


class Teller:
    """Makes events out of records, over one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def tell(self, read: Read, *, with_transactions: bool) -> Iterator[Event]:
        """The events of a record, in order; those of transactions cost some 20 µs each.

        Their positions are the same with and without the transactions' events, which come last.
        """
        maker = _Maker(read.place, read.entry.time_ms)
        match record := read.entry.record:
            case Grown(height, block_id, is_final):
                yield from self._tell_block(maker, height, block_id)
                if with_transactions and not is_final:
                    yield from self._tell_transactions(maker, height, block_id, is_final=False)
            case Settled(height, block_id):
                yield maker.make(Kind.FINAL, {"id": block_id.hex()}, height)
                if with_transactions:
                    yield from self._tell_transactions(maker, height, block_id, is_final=True)
            case Reorganised(fork, undone, returned):
                yield maker.make(Kind.REORGANISATION, show_reorganisation(fork, undone), fork)
                if with_transactions:
                    yield from (maker.tell(party, Fate.RETURNED) for party in returned)
            case Admitted(parties):
                if with_transactions:
                    yield from (maker.tell(party, Fate.ADMITTED) for party in parties)
            case Lost(losses):
                if with_transactions:
                    for loss in losses:
                        yield maker.tell(loss.party, Fate.DROPPED, reason=loss.reason)
            case _:
                yield maker.make(*show_plain(record))

    def _find(self, height: int, block_id: bytes) -> Content | None:
        """A block of the adopted branch, or one beside it that is still kept."""
        ledger = self._ledger
        if ledger.header_by_id(block_id) is not None:
            block = ledger.block(height)
            return Content(block.header, ledger.bodies(height), block.receipts, len(block.skipped))
        if isinstance(ledger, TreeChain) and (stored := ledger.get_block(block_id)) is not None:
            return Content(stored.header, stored.raws, None, 0)
        return None

    def _tell_block(self, maker: _Maker, height: int, block_id: bytes) -> Iterator[Event]:
        data: Fields = {"id": block_id.hex()}
        if content := self._find(height, block_id):
            data |= show_block(content)
        yield maker.make(Kind.BLOCK, data, height)

    def _tell_transactions(
        self, maker: _Maker, height: int, block_id: bytes, *, is_final: bool
    ) -> Iterator[Event]:
        if (content := self._find(height, block_id)) is None:
            return
        name, receipts = block_id.hex(), content.receipts
        count = len(content.raws) if receipts is None else len(receipts)
        for index in range(count):
            party = name_party(decode_transaction(content.raws[index]))
            failed = receipts is not None and receipts[index].status == ReceiptStatus.FAILED
            fate = Fate.INCLUDED
            if is_final:
                fate = Fate.FAILED if failed else Fate.FINAL
            more: Fields = {"reason": receipts[index].reason} if failed and receipts else {}
            yield maker.tell(party, fate, height, block=name, index=index, **more)


def show_block(content: Content) -> Fields:
    """What a `block` event says beside the id; how many failed is known on the adopted branch."""
    header, receipts = content.header, content.receipts
    failed = None
    if receipts is not None:
        failed = sum(one.status == ReceiptStatus.FAILED for one in receipts)
    return {
        "parent": header.parent.hex(),
        "timestamp_ms": header.timestamp_ms,
        "proposer": spell_address(header.proposer) if header.proposer else None,
        "transactions": len(content.raws) if receipts is None else len(receipts),
        "failed": failed,
        "skipped": content.skipped,
    }


def show_reorganisation(fork: int, undone: tuple[Mark, ...]) -> Fields:
    """What a `reorganisation` event says; `undone` stands oldest first."""
    blocks = [{"height": mark.height, "id": mark.id.hex()} for mark in undone]
    return {"fork_height": fork, "depth": len(undone), "undone": blocks}


Plain = (
    Started
    | Stopped
    | ViewEntered
    | PeerChanged
    | CommitteeChanged
    | CommitteeScheduled
    | Alarmed
    | Missed
)


def show_plain(record: Plain) -> tuple[Kind, Fields, int | None]:
    """The one event of a record that is about no block."""
    match record:
        case Started(version):
            return Kind.NODE, {"state": "started", "version": version}, None
        case Stopped():
            return Kind.NODE, {"state": "stopped"}, None
        case ViewEntered(view, previous, leader):
            name = None if leader is None else f"validator-{leader}"
            return Kind.VIEW, {"view": view, "previous": previous, "leader": name}, None
        case PeerChanged(peer, name, role, is_up):
            state = "up" if is_up else "down"
            data = {"public_key": peer.hex(), "name": name, "role": role, "state": state}
            return Kind.PEER, data, None
        case CommitteeChanged(since, members, faults):
            return Kind.COMMITTEE, show_committee("in-force", since, members, faults), since
        case CommitteeScheduled(height, members, faults):
            return Kind.COMMITTEE, show_committee("scheduled", height, members, faults), height
        case Alarmed(alarm, detail):
            return Kind.ALARM, {"alarm": alarm, "detail": detail}, None
        case Missed(first, last, reason):
            missed: Fields = {"reason": reason, "from_height": first, "to_height": last}
            return Kind.GAP, missed, last
        case _:
            assert_never(record)


def show_committee(state: str, since: int, members: tuple[bytes, ...], faults: int) -> Fields:
    """Who decides all heights above `since`."""
    validators = [spell_address(member) for member in members]
    return {"state": state, "since": since, "faults": faults, "validators": validators}
