"""The real ledger below a simulated engine: blocks and signed transactions, in memory.

What a node does around an engine (`node.ordering`, `node.body_log`, `node.admission`) is done here
with the same parts of `ledger`, but at once and without a clock: a payload's time follows from its
height. A host that crashes opens its chain from the store again, and reloads its mempool from the
log; a power failure first takes back what was not synced.

    outcome = run_seed(request, seed, make_ledgers(request.engine))     # see `ledgers`
"""

from collections.abc import Iterable, Sequence
from typing import Any

from consensus.committee import ReplicaId
from consensus.message import Height, encode
from consensus.simulation.application import (
    ITEMS_PER_VALUE,
    OVERDUE_HEIGHTS,
    Block,
)
from consensus.simulation.membership import Tenure
from ledger.apply import AppliedBlock
from ledger.block import Header, decode_payload, encode_payload, header_id
from ledger.chain import Chain
from ledger.errors import PayloadError, TransactionError
from ledger.ledger import Ledger
from ledger.mempool import Mempool, MempoolLimits
from ledger.mempool_log import forget_batch, load, log_batch
from ledger.transaction import Envelope
from ledger.validation import check_payload, check_payload_bodies, check_payload_time
from node.simulation.ledger_store import PowerStore
from node.simulation.ledger_workload import Bodies

MEMPOOL_LIMITS = MempoolLimits(overdue_heights=OVERDUE_HEIGHTS, block_full_count=ITEMS_PER_VALUE)
"""A node's policy, but for blocks as small as simulations make them."""


class LedgerApplication:
    """One host's chain, mempool and database (see `consensus.simulation.application`)."""

    tenure: Tenure | None = None
    """The committee of a simulated ledger is fixed."""

    def __init__(self, bodies: Bodies) -> None:
        self.bodies = bodies
        self.network = bodies.network
        self.genesis_id = self.network.genesis_id
        self.censored: frozenset[str] = frozenset()
        self.known: dict[str, None] = {}
        """What clients have sent here, in order; they remember it."""
        self.forged: dict[str, bytes] = {}
        """Invalid items, which a correct host would refuse, and their ids."""
        self._begin()

    def _begin(self) -> None:
        """Start with an empty disk."""
        self.store = PowerStore(self.network.content)
        self.blocks: list[Block] = []
        self.certificates: dict[Height, Any] = {}
        self.executed: dict[str, Height] = {}
        self._open()

    def _open(self) -> None:
        """Open what is on the disk, with all checks of a node that starts."""
        self.chain = Chain.open(self.store, self.network.genesis)
        self.mempool = Mempool(MEMPOOL_LIMITS, self.chain.account, self.chain.height)
        for envelope in sorted(load(self.store), key=lambda logged: logged.transaction.nonce):
            self._add(envelope)

    def reopen(self) -> Ledger:
        """The same database, opened once more."""
        return Chain.open(self.store, self.network.genesis)

    def name_block(self, header: Header) -> bytes:
        """The id that follows from a header."""
        return header_id(header)

    def payloads_of(self, block: Block) -> tuple[bytes, ...]:
        """What a block orders, as the ledger encodes it."""
        return block.values

    # Work.

    @property
    def waiting(self) -> Iterable[str]:
        """Items known and not executed, oldest first."""
        names = self.bodies.names
        return [*(names[id_] for id_ in self.mempool.ids()), *self.forged]

    def submit(self, item: str) -> bool:
        """Let a client's transaction in; False if it is known or included already.

        An invalid one is kept aside, to be proposed all the same: only liars are given such.
        """
        if item in self.known:
            return False
        self.known[item] = None
        return self._admit(item)

    def _admit(self, item: str) -> bool:
        envelope = self.bodies.make(item)
        if envelope.id not in self.bodies.sound:
            self.forged[item] = envelope.id
            return True
        if not self._add(envelope):
            return False
        self.store.write(log_batch([envelope]), sync=True)
        return True

    def _add(self, envelope: Envelope) -> bool:
        try:
            self.mempool.add(envelope, self.chain.height)
        except TransactionError:
            return False
        return True

    def flags(self) -> tuple[bool, bool]:
        """Is there work, and has some been passed over too long."""
        some = self.mempool.executable_count > 0 or bool(self.forged)
        return some, self.mempool.is_overdue()

    # Values.

    def make_value(
        self, proposer: ReplicaId, height: Height, after: Sequence[bytes], *, required: bool
    ) -> bytes | None:
        """A payload of the best waiting transactions that are not in flight."""
        limits = self.network.genesis.limits
        excluded = {id_ for value in after for id_ in split_ids(value)}
        excluded |= {self.bodies.by_item[i].id for i in self.censored if i in self.bodies.by_item}
        chosen = self.mempool.select(ITEMS_PER_VALUE, limits.block_bytes_max, excluded)
        ids = [envelope.id for envelope in chosen]
        ids += [id_ for id_ in self.forged.values() if id_ not in excluded]
        if not ids and not required:
            return None
        return self._encode(proposer, height, ids[:ITEMS_PER_VALUE])

    def compose(self, proposer: ReplicaId, height: Height, items: Iterable[str]) -> bytes:
        """A value of these very items, as a liar may make it; their bodies are known to all."""
        return self._encode(proposer, height, [self.bodies.make(item).id for item in items])

    def _encode(self, proposer: ReplicaId, height: Height, ids: list[bytes]) -> bytes:
        key = self.network.genesis.validators[proposer]
        return encode_payload(self._time_ms(height), key, ids)

    def _time_ms(self, height: Height) -> int:
        """The payload time at a height: one millisecond each, and no clock."""
        return self.network.genesis.timestamp_ms + height

    def is_valid(self, value: bytes) -> bool:
        """Form, limits and time of a payload, and form and signature of all its transactions."""
        limits = self.network.genesis.limits
        try:
            payload = check_payload(value, limits)
            check_payload_time(payload, self._time_ms(self.bodies.height + 1), limits)
            ids = payload.split_ids()
            if not self.bodies.sound.issuperset(ids):
                return False
            check_payload_bodies([self.bodies.by_id[id_] for id_ in ids], limits)
        except PayloadError:
            return False
        return True

    def items_of(self, value: bytes) -> list[str]:
        """The items that a value orders, as far as anybody has heard of them."""
        names = self.bodies.names
        return [names[id_] for id_ in split_ids(value) if id_ in names]

    # The chain.

    def execute(self, height: Height, values: tuple[bytes, ...], seal: Any) -> Block:
        """Execute the next height, as `node.ordering` does once all bodies are here."""
        assert height == self.chain.height + 1, f"height {height} decided at {self.chain.height}"
        applied = self.chain.execute(height, values, encode(seal), self._find_body)
        dropped = self.mempool.apply_block(applied)
        if dropped:
            self.store.write(forget_batch(gone.id for gone in dropped))
        block = Block(height, values, seal, applied.block_id)
        self.blocks.append(block)
        self.bodies.height = max(self.bodies.height, height)
        self._note_executed(applied)
        return block

    def _find_body(self, id_: bytes) -> Envelope | None:
        """From the mempool, or else from others, unless the ledger has it already."""
        if (waiting := self.mempool.get(id_)) is not None:
            return waiting
        return None if self.chain.contains(id_) else self.bodies.by_id.get(id_)

    def _note_executed(self, applied: AppliedBlock) -> None:
        for id_ in applied.ids:
            item = self.bodies.names[id_]
            self.executed[item] = applied.header.height
            self.forged.pop(item, None)

    def certify(self, height: Height, certificate: Any) -> None:
        """Keep a later proof."""
        self.chain.certify(height, encode(certificate))
        self.certificates[height] = certificate

    # The disk.

    def sync(self) -> None:
        """Everything so far survives a power failure from here on."""
        self.chain.sync()

    def crash(self, *, loses_unsynced: bool) -> int:
        """Open the disk again, after a power failure without what was not synced."""
        before = self.chain.height
        if loses_unsynced:
            self.store.fail_power()
        self._open()
        self._forget_lost()
        return before - self.chain.height

    def _forget_lost(self) -> None:
        """Keep of the blocks what the database holds; a block's id names all before it."""
        chain, height = self.chain, self.chain.height
        del self.blocks[height:]
        head_id = self.blocks[-1].block_id if self.blocks else self.genesis_id
        assert head_id == chain.head_id, f"another block at height {height} after a crash"
        self.executed = {item: at for item, at in self.executed.items() if at <= height}
        self.certificates = {
            at: certificate
            for at, certificate in self.certificates.items()
            if at <= height and chain.block(at).certificate is not None
        }

    def wipe(self) -> None:
        """A new disk; clients' work is sent again."""
        self.forged = {}
        self._begin()
        for item in self.known:
            self._admit(item)


def split_ids(value: bytes) -> list[bytes]:
    """The ids that a value orders; none if it is no payload."""
    try:
        return decode_payload(value).split_ids() if value else []
    except PayloadError:
        return []
