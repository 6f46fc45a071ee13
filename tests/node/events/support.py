"""A ledger over memory with an event log, and outlets that take what they are told to take."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from ledger.block import encode_payload
from ledger.chain import Chain
from ledger.keys import KeyPair
from ledger.mempool import Mempool, MempoolLimits
from ledger.store.memory import MemoryStore
from ledger.store.store import Store
from ledger.transaction import Envelope, Transfer, build
from node.events.cursor import Place
from node.events.forms import Wire
from node.events.hub import EventHub
from node.events.log import EventLog, Read
from node.events.recorder import EventRecorder
from node.events.records import Entry, Record, Started
from node.events.telling import Teller
from node.metrics import Metrics
from tests.ledger.support import ALICE, BOB, GENESIS, VALIDATORS

FAR = 1_000_000


def open_log(
    store: Store | None = None, count_max: int = 1_000, bytes_max: int = 10**6
) -> EventLog:
    """A log over memory."""
    return EventLog(
        MemoryStore() if store is None else store, count_max=count_max, bytes_max=bytes_max
    )


def entries(*records: Record) -> list[Entry]:
    """Records written at time 0."""
    return [Entry(0, record) for record in records]


def started(text: str = "x") -> Entry:
    """A record of any kind."""
    return Entry(0, Started(text))


def read_all(log: EventLog) -> list[Read]:
    """Everything that is in a log."""
    return log.read(Place(0, 0), log.newest, 10**6, 10**9)


class World:
    """A chain whose blocks are made by hand, with everything that tells of them."""

    def __init__(self, subscribers_max: int = 10, log_store: Store | None = None) -> None:
        self.log_store = MemoryStore() if log_store is None else log_store
        self.chain = Chain.open(MemoryStore(), GENESIS)
        self.mempool = Mempool(MempoolLimits(), self.chain.account)
        self.metrics = Metrics()
        self.failures: list[BaseException] = []
        self.nonces: dict[bytes, int] = {}
        self.subscribers_max = subscribers_max
        self.open()

    def open(self, **limits: int) -> None:
        """Open the log, as a start of the node does."""
        self.log = open_log(self.log_store, **limits)
        self.hub = EventHub(
            self.log,
            Teller(self.chain),
            self.metrics,
            subscribers_max=self.subscribers_max,
            on_failure=self.failures.append,
        )
        self.recorder = EventRecorder(self.log, self.hub, self.chain, self.mempool)
        self.recorder.start()

    def pay(self, sender: KeyPair = ALICE, recipient: KeyPair = BOB, amount: int = 1) -> Envelope:
        """A signed payment, the sender's next."""
        nonce = self.nonces.get(sender.public_key, 0)
        self.nonces[sender.public_key] = nonce + 1
        payload = Transfer(recipient.public_key, amount)
        return build(self.chain.chain_id, sender, nonce, 1, FAR, payload)

    def admit(self, *envelopes: Envelope) -> None:
        """Take transactions in."""
        for envelope in envelopes:
            self.mempool.add(envelope, self.chain.height)
        self.recorder.on_admitted(envelopes)

    def grow(self, *envelopes: Envelope, is_told: bool = True) -> int:
        """Decide a block; as if the node died just after writing it, unless it `is_told`."""
        bodies = {envelope.id: envelope for envelope in envelopes}
        height = self.chain.height + 1
        stamp = self.chain.head.timestamp_ms + 1000
        value = encode_payload(stamp, VALIDATORS[0].public_key, list(bodies))
        applied = self.chain.execute(height, (value,), b"", bodies.get)
        dropped = self.mempool.apply_block(applied)
        if is_told:
            self.recorder.on_chain(applied.ids)
            self.recorder.on_dropped(dropped)
        return height


@dataclass
class FakeOutlet:
    """A connection that takes everything, or nothing while it `is_stuck`."""

    wire: Wire = Wire.WEBSOCKET
    is_stuck: bool = False
    is_lost: bool = False
    breaks: bool = False
    sent: list[bytes] = field(default_factory=list)
    waiting: int = 0

    def is_gone(self) -> bool:
        return self.is_lost

    def count_waiting(self) -> int:
        return self.waiting

    async def send(self, payloads: Sequence[bytes]) -> None:
        if self.breaks:
            raise ConnectionResetError
        self.sent.extend(payloads)
        if self.is_stuck:
            self.waiting += sum(map(len, payloads))

    def events(self) -> Iterator[dict[str, Any]]:
        """What came over a WebSocket, without signs of life."""
        for payload in self.sent:
            event = msgspec.json.decode(payload)
            if event["kind"] != "position":
                yield event

    def kinds(self) -> list[str]:
        """Their kinds."""
        return [event["kind"] for event in self.events()]

    def heights(self, kind: str) -> list[int]:
        """The heights of those of one kind."""
        return [event["height"] for event in self.events() if event["kind"] == kind]
