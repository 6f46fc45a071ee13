"""Writes down what happens: the rest of the node tells it here, and nothing of it ever waits.

What the chain does is not taken from whoever tells it but read off the ledger (`announcing`), so
that a crash between a block and its record loses nothing.
"""

import time
from collections.abc import Iterable, Sequence
from importlib.metadata import version

from ledger.ledger import Ledger
from ledger.mempool import Dropped, Mempool
from ledger.transaction import Envelope
from node.events.announcing import Announcer, decode_announced, describe, encode_announced
from node.events.hub import EventHub
from node.events.log import EventLog
from node.events.records import (
    Admitted,
    Alarmed,
    Entry,
    Loss,
    Lost,
    Party,
    PeerChanged,
    Record,
    Started,
    Stopped,
    ViewEntered,
    name_party,
)


class EventRecorder:
    """The node's diary; every method is cheap and returns at once. Raises `StoreError`."""

    def __init__(self, log: EventLog, hub: EventHub, ledger: Ledger, mempool: Mempool) -> None:
        self._is_off = hub.is_off
        self._log = log
        self._hub = hub
        self._mempool = mempool
        self._waiting: dict[bytes, Envelope] = {}
        """What is in the mempool, for the day when only its id is told; never more than that."""
        known = log.get_announced()
        announced = describe(ledger) if known is None else decode_announced(known)
        self._announcer = Announcer(ledger, announced)
        self._view: int | None = None
        self._peers: dict[bytes, tuple[str, str]] = {}

    def start(self) -> None:
        """Note the start, and what the chain did that nobody was told of before the last end."""
        if self._is_off:
            return
        self._append([Started(version("quorate")), *self._announcer.follow()], is_chain=True)
        for id_ in self._mempool.ids():
            if envelope := self._mempool.get(id_):
                self._waiting[id_] = envelope

    def stop(self) -> None:
        """Note that the node stops."""
        self._append([Stopped()])

    def on_admitted(self, envelopes: Sequence[Envelope]) -> None:
        """Transactions came into the mempool."""
        if self._is_off:
            return
        self._waiting.update((envelope.id, envelope) for envelope in envelopes)
        self._append([Admitted(tuple(map(name_party, envelopes)))])

    def on_dropped(self, dropped: Iterable[Dropped]) -> None:
        """Transactions left the mempool without a block."""
        self._note_losses([self._lose(drop.id, drop.reason.value) for drop in dropped])

    def _lose(self, id_: bytes, reason: str) -> Loss:
        envelope = self._waiting.pop(id_, None)
        return Loss(Party(id_, b"") if envelope is None else name_party(envelope), reason)

    def _note_losses(self, losses: list[Loss]) -> None:
        if losses:
            self._append([Lost(tuple(losses))])

    def on_chain(self, included: Iterable[bytes] = (), orphans: Sequence[Envelope] = ()) -> None:
        """The head moved, or a block became final.

        `included` left the mempool for a block; `orphans` came back into it from blocks undone.
        """
        if self._is_off:
            return
        self._waiting.update((envelope.id, envelope) for envelope in orphans)
        for id_ in included:
            self._waiting.pop(id_, None)
        said = self._announcer.follow(tuple(map(name_party, orphans)))
        if said:
            self._append(said, is_chain=True)

    def on_peer(self, peer: bytes, name: str, role: str, *, is_up: bool) -> None:
        """A peer got its first link, or lost its last; whoever goes keeps the name it came with."""
        if is_up:
            self._peers[peer] = (name, role)
        known_name, known_role = self._peers.get(peer, (name, role))
        if not is_up:
            self._peers.pop(peer, None)
        self._append([PeerChanged(peer, known_name, known_role, is_up)])

    def on_view(self, view: int, leader: int | None) -> None:
        """The engine is in this view; the first one that is told is no change."""
        previous, self._view = self._view, view
        if previous is not None and view != previous:
            self._append([ViewEntered(view, previous, leader)])

    def on_alarm(self, alarm: str, detail: str) -> None:
        """Something that must not happen did."""
        self._append([Alarmed(alarm, detail)])

    def _append(self, records: Sequence[Record], *, is_chain: bool = False) -> None:
        if self._is_off:
            return
        now_ms = time.time_ns() // 1_000_000
        announced = encode_announced(self._announcer.announced) if is_chain else None
        reads = self._log.append([Entry(now_ms, record) for record in records], announced)
        self._hub.offer(reads)
