"""The accounts between which the measured transfers move money, funded by the faucet."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.keys import KeyPair
from ledger.transaction import Transfer, build
from node.client import Client
from node.derivation import derive_key
from node.load.errors import LoadError
from node.load.parcel import Parcel
from node.load.reader import Reader
from node.load.signing import Draft
from node.load.stream import Stream

LABEL = "load"
GRANT = 1_000_000
"""So many payments of 1 an account can make before it needs another grant."""
IN_FLIGHT_MAX = 512
VALID_HEIGHTS = 1_000_000


@dataclass(slots=True)
class Payer:
    """One account and the nonce of its next payment."""

    key: KeyPair
    nonce: int


class Grants:
    """Payments from the faucet to accounts, a bounded number at a time."""

    def __init__(
        self, chain_id: bytes, faucet: Payer, valid_until: int, keys: Sequence[KeyPair]
    ) -> None:
        self._chain_id = chain_id
        self._faucet = faucet
        self._valid_until = valid_until
        self._keys = deque(keys)
        self._sent: deque[Parcel] = deque()

    def make(self, now: float, most: int) -> list[Parcel]:
        """The next grants, as far as the network has kept up."""
        while self._sent and self._sent[0].is_settled:
            self._sent.popleft()
        room = min(most, IN_FLIGHT_MAX - len(self._sent), len(self._keys))
        parcels = [self._grant(self._keys.popleft(), now) for _ in range(room)]
        self._sent.extend(parcels)
        return parcels

    def _grant(self, key: KeyPair, now: float) -> Parcel:
        payment, faucet = Transfer(key.public_key, GRANT), self._faucet
        made = build(self._chain_id, faucet.key, faucet.nonce, 0, self._valid_until, payment)
        faucet.nonce += 1
        return Parcel(made.id.hex(), made.raw, now)

    def is_done(self) -> bool:
        """Was every grant sent."""
        return not self._keys


async def open_payers(clients: Sequence[Client], faucet: KeyPair, count: int) -> list[Payer]:
    """The load's accounts, derived from the faucet's seed, with enough money on each.

    Raises `LoadError` where the grants do not become final.
    """
    reader = Reader(clients)
    keys = [derive_key(faucet.seed, LABEL, number) for number in range(count)]
    answers = await asyncio.gather(*(reader.account(key) for key in keys))
    poor = [key for key, answer in zip(keys, answers, strict=True) if answer.balance < GRANT // 2]
    if poor:
        status = await reader.status()
        payer = Payer(faucet, (await reader.account(faucet)).next_nonce)
        until = status.final_height + VALID_HEIGHTS
        stream = Stream(clients, status.final_height)
        await stream.run([Grants(status.chain_id, payer, until, poor)], lambda: None)
        if stream.tracker.final < len(poor):
            raise LoadError(
                f"{len(poor) - stream.tracker.final} accounts could not be funded",
                reason="load-not-funded",
                advice="is the faucet rich enough? see `quorate status`",
            )
    nonces = [answer.next_nonce for answer in answers]
    return [Payer(key, nonce) for key, nonce in zip(keys, nonces, strict=True)]


class Drafts:
    """Batches of distinct transfers: each node has accounts of its own, used in turn."""

    def __init__(self, payers: Sequence[Payer], nodes: int, batch_size: int) -> None:
        self._groups = [deque(payers[node::nodes]) for node in range(nodes)]
        self._batch_size = batch_size

    def make_batch(self, node: int) -> list[Draft]:
        """The next batch for a node."""
        group = self._groups[node]
        drafts = []
        for _ in range(self._batch_size):
            payer = group[0]
            group.rotate(-1)
            drafts.append(Draft(payer.key.seed, payer.nonce, group[0].key.public_key))
            payer.nonce += 1
        return drafts
