"""A small world for tests: keys, a genesis, and a chain that decides what it is told."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.apply import AppliedBlock
from ledger.block import encode_payload
from ledger.chain import Chain
from ledger.genesis import Genesis
from ledger.keys import KeyPair
from ledger.ledger import Ledger
from ledger.light import Judge
from ledger.store.memory import MemoryStore
from ledger.store.store import Store
from ledger.transaction import Envelope, Record, TransactionPayload, Transfer, build


def make_key(number: int) -> KeyPair:
    """The key pair number `number`, always the same."""
    return KeyPair(number.to_bytes(32, "big"))


ALICE, BOB, CAROL, DAVE = (make_key(number) for number in (1, 2, 3, 4))
VALIDATORS = tuple(make_key(100 + number) for number in range(4))
PROPOSER = VALIDATORS[0]
STRANGER = b"\x09" * 32


def make_genesis(name: str = "test", **fields: object) -> Genesis:
    """Four validators; Alice owns 1,000,000, Bob 1,000, Carol 10."""
    defaults: dict[str, object] = {
        "engine": "pbft",
        "validators": tuple(key.public_key for key in VALIDATORS),
        "faults": 1,
        "engine_parameters": {"window": 4, "checkpoint": 8},
        "allocations": {
            ALICE.public_key: 1_000_000,
            BOB.public_key: 1_000,
            CAROL.public_key: 10,
        },
        "timestamp_ms": 1_700_000_000_000,
    }
    return Genesis(name=name, **(defaults | fields))  # type: ignore[arg-type]


GENESIS = make_genesis()


def transfer(
    sender: KeyPair = ALICE,
    nonce: int = 0,
    amount: int = 1,
    to: bytes = BOB.public_key,
    fee: int = 1,
    valid_until: int = 1_000,
    chain_id: bytes = GENESIS.chain_id,
) -> Envelope:
    """A signed transfer."""
    return build(chain_id, sender, nonce, fee, valid_until, Transfer(to, amount))


def record(
    sender: KeyPair = ALICE,
    nonce: int = 0,
    key: bytes = b"key",
    value: bytes = b"value",
    fee: int = 1,
    valid_until: int = 1_000,
) -> Envelope:
    """A signed record."""
    return build(GENESIS.chain_id, sender, nonce, fee, valid_until, Record(key, value))


def make_transaction(sender: KeyPair, nonce: int, payload: TransactionPayload) -> Envelope:
    """A signed transaction with a fee of 1."""
    return build(GENESIS.chain_id, sender, nonce, 1, 1_000, payload)


@dataclass
class World:
    """A chain together with every body it ever needs."""

    store: Store = field(default_factory=MemoryStore)
    genesis: Genesis = GENESIS
    bodies: dict[bytes, Envelope] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chain = Chain.open(self.store, self.genesis)

    def value(
        self,
        *envelopes: Envelope,
        timestamp_ms: int = 0,
        proposer: KeyPair = PROPOSER,
    ) -> bytes:
        """The bytes that order these transactions, whose bodies are kept."""
        self.bodies.update({envelope.id: envelope for envelope in envelopes})
        ids = [envelope.id for envelope in envelopes]
        return encode_payload(timestamp_ms, proposer.public_key, ids)

    def decide(self, *values: bytes) -> AppliedBlock:
        """Execute values at the next height."""
        height = self.chain.height + 1
        return self.chain.execute(height, values, b"seal %d" % height, self.bodies.get)

    def order(self, *envelopes: Envelope, proposer: KeyPair = PROPOSER) -> AppliedBlock:
        """Execute one payload at the next height."""
        return self.decide(self.value(*envelopes, proposer=proposer))

    def certify(self, height: int) -> None:
        """Keep a certificate that `judge` believes."""
        self.chain.certify(height, b"certificate %d" % height)

    def judge(self) -> Judge:
        """Believes this world's certificates."""

        def judge(certificate: bytes) -> tuple[int, bytes] | None:
            for height in range(1, self.chain.height + 1):
                if certificate == b"certificate %d" % height:
                    return height, self.chain.block(height).id
            return None

        return judge

    def reopen(self) -> Chain:
        """Open a second chain over the same store."""
        return Chain.open(self.store, self.genesis)


def balances(chain: Ledger, keys: Iterable[KeyPair]) -> list[int]:
    """Balances in order."""
    return [chain.account(key.public_key).balance for key in keys]
