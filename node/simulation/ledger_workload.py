"""The network that simulated ledgers share: its genesis, its keys, and what clients ask of it.

An item is one word. It stands for one signed transaction, made from the word and its number, which
is its place among all items of the run. The sender is the account of that number, so that no two
items share a sender and the order of arrival never makes a gap between nonces. The accounts of the
genesis pay: mostly they transfer, sometimes they write a record. Items beyond them write records
for nothing, from accounts that the ledger has never heard of. A word that starts with `!` is an
invalid transaction, in one of four ways.

Keys, and with Ed25519 also signatures, follow from numbers and words alone; making and verifying a
transaction is a pure function whose results are kept for all runs of the process.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from hashlib import sha256

import msgspec

from consensus.message import Height
from consensus.simulation.scenario import SIZE_MAX
from ledger.chain import Chain
from ledger.codec import encode
from ledger.errors import TransactionError
from ledger.genesis import Genesis
from ledger.keys import KeyPair
from ledger.store.memory import MemoryStore
from ledger.transaction import Envelope, Record, Transfer, build, decode_transaction
from ledger.validation import check_signature, check_transaction

ACCOUNTS = 256
"""Funded in the genesis; more make every restart slower, for the state is read again."""
BALANCE = 1_000_000
AMOUNT_MAX = 1_000
FEE_MAX = 4
VALID_UNTIL = 1_000_000
"""A height that no run reaches."""
CACHED_TRANSACTIONS_MAX = 8_192
"""Kept over all runs of a process: some 8 MB."""


def make_key(name: str) -> KeyPair:
    """The key pair of that name, always the same."""
    return KeyPair(sha256(b"quorate/simulation/key/" + name.encode()).digest())


@dataclass(frozen=True, eq=False)
class Network:
    """What all nodes of a network start from; compared by identity, made by `make_network`.

    Its genesis has as many validators as a cluster may have members, so that a run need not say how
    many it will have: the committee is the engine's affair.
    """

    genesis: Genesis
    accounts: tuple[KeyPair, ...]
    content: tuple[tuple[bytes, bytes], ...]
    """Every key and value of a fresh database."""
    genesis_id: bytes


@cache
def make_network(engine: str) -> Network:
    """The network of an engine, the same in every process and for every size of cluster."""
    validators = tuple(make_key(f"validator {name}").public_key for name in range(SIZE_MAX))
    accounts = tuple(make_key(f"account {number}") for number in range(ACCOUNTS))
    genesis = Genesis(
        name="simulation",
        engine=engine,
        validators=validators,
        allocations={key.public_key: BALANCE for key in accounts},
    )
    store = MemoryStore()
    chain = Chain.open(store, genesis)
    content = tuple(store.scan(b"", b"\xff"))
    return Network(genesis, accounts, content, chain.head_id)


@lru_cache(CACHED_TRANSACTIONS_MAX)
def make_transaction(network: Network, item: str, number: int) -> Envelope:
    """The signed transaction that an item, the run's `number`-th, stands for."""
    draw = int.from_bytes(sha256(item.encode()).digest()[:8], "big")
    if item.startswith("!"):
        return FLAWS[draw % len(FLAWS)](network, item, number)
    return _make_sound(network, item, number, draw)


def _make_sound(network: Network, item: str, number: int, draw: int) -> Envelope:
    chain_id, word = network.genesis.chain_id, item.encode()
    fee, choice = 1 + draw % FEE_MAX, draw // FEE_MAX
    note = Record(sha256(word).digest(), word)
    if number >= len(network.accounts):
        return build(chain_id, make_key(f"item {number} {item}"), 0, 0, VALID_UNTIL, note)
    sender = network.accounts[number]
    if choice % 8 == 0:
        return build(chain_id, sender, 0, fee, VALID_UNTIL, note)
    payment = Transfer(_choose_recipient(network, item, choice), 1 + choice % AMOUNT_MAX)
    return build(chain_id, sender, 0, fee, VALID_UNTIL, payment)


def _choose_recipient(network: Network, item: str, choice: int) -> bytes:
    """Somebody of the genesis, or somebody new, or one whom many pay."""
    if choice % 3 == 0:
        return sha256(b"somebody new, " + item.encode()).digest()
    return network.accounts[choice % 5 if choice % 3 == 1 else choice % ACCOUNTS].public_key


def _bend_signature(network: Network, item: str, number: int) -> Envelope:
    """Signed, and one bit of the signature turned."""
    transaction = _pay(network, item, number).transaction
    first, *rest = transaction.signature
    return _respell(transaction, bytes([first ^ 1, *rest]))


def _sign_for_another(network: Network, item: str, number: int) -> Envelope:
    """Signed by somebody else than the sender."""
    transaction = _pay(network, item, number).transaction
    other = _pay(network, item, number + 1).transaction
    return _respell(transaction, other.signature)


def _respell(transaction: object, signature: bytes) -> Envelope:
    changed = msgspec.structs.replace(transaction, signature=signature)  # type: ignore[type-var]
    return decode_transaction(encode(changed))


def _pay_nothing(network: Network, item: str, number: int) -> Envelope:
    """A transfer of nothing, which the form of a transfer forbids."""
    return _pay(network, item, number, amount=0)


def _pay_elsewhere(network: Network, item: str, number: int) -> Envelope:
    """Meant for another network."""
    return _pay(network, item, number, chain_id=sha256(b"another network").digest())


def _pay(
    network: Network, item: str, number: int, amount: int = 1, chain_id: bytes | None = None
) -> Envelope:
    sender = network.accounts[number % ACCOUNTS]
    payment = Transfer(sha256(item.encode()).digest(), amount)
    return build(chain_id or network.genesis.chain_id, sender, 0, 1, VALID_UNTIL, payment)


FLAWS: tuple[Callable[[Network, str, int], Envelope], ...] = (
    _bend_signature,
    _sign_for_another,
    _pay_nothing,
    _pay_elsewhere,
)


@lru_cache(CACHED_TRANSACTIONS_MAX)
def is_sound(network: Network, raw: bytes) -> bool:
    """Would every correct node let this transaction in at the door: form, limits, signature."""
    genesis = network.genesis
    try:
        envelope = decode_transaction(raw)
        check_transaction(envelope, genesis.chain_id, genesis.limits)
        check_signature(envelope)
    except TransactionError:
        return False
    return True


@dataclass(slots=True)
class Bodies:
    """The transactions of one run, by item and by id: what gossip has told every host.

    Real values carry ids, and bodies travel apart; a node that lacks one asks its peers. Here all
    hosts of a run share one of these, so a value of known ids can be completed at once. It holds
    invalid bodies too, as a liar may spread them.
    """

    network: Network
    height: Height = 0
    """The greatest that any host has executed: the clock of a run that has no other."""
    by_item: dict[str, Envelope] = field(default_factory=dict)
    by_id: dict[bytes, Envelope] = field(default_factory=dict)
    names: dict[bytes, str] = field(default_factory=dict)
    sound: set[bytes] = field(default_factory=set)

    def make(self, item: str) -> Envelope:
        """The item's transaction; an item that is new gets the next number."""
        if (known := self.by_item.get(item)) is not None:
            return known
        envelope = make_transaction(self.network, item, len(self.by_item))
        self.by_item[item] = self.by_id[envelope.id] = envelope
        self.names[envelope.id] = item
        if is_sound(self.network, envelope.raw):
            self.sound.add(envelope.id)
        return envelope
