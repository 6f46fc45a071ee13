"""Which transactions are on their way, and what became of each."""

from collections import Counter
from collections.abc import Iterable, Sequence

from node.api.backend import TransactionStatus
from node.client import Client, ClientError
from node.load.final_blocks import FinalBlock
from node.load.parcel import Fate, Parcel

_FATES = {
    TransactionStatus.FINAL: Fate.FINAL,
    TransactionStatus.FAILED: Fate.FAILED,
    TransactionStatus.DROPPED: Fate.DROPPED,
}


class Tracker:
    """Follows parcels until they are settled; keeps counts and latencies, not the parcels."""

    def __init__(self) -> None:
        self.waiting: dict[str, Parcel] = {}
        self.latencies_s: list[float] = []
        self.final = 0
        self.failed: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def add(self, parcels: Iterable[Parcel]) -> None:
        """Follow these from here."""
        self.waiting.update((parcel.id, parcel) for parcel in parcels)

    @property
    def settled(self) -> int:
        """How many stand in a final block, whether they failed or not."""
        return self.final + self.failed.total()

    @property
    def accepted(self) -> int:
        """How many were answered with an acceptance, whatever became of them."""
        settled = self.final + self.failed.total() + self.dropped.total()
        return settled + sum(parcel.was_accepted for parcel in self.waiting.values())

    def on_blocks(self, blocks: Sequence[FinalBlock], now: float) -> list[Parcel]:
        """Settle what stands in these final blocks; returns those parcels."""
        settled = []
        for block in blocks:
            for id_ in block.transactions:
                if parcel := self.waiting.get(id_):
                    reason = block.failed.get(id_)
                    parcel.was_accepted = True  # the answer may be missing, the block is proof
                    parcel.settle(Fate.FINAL if reason is None else Fate.FAILED, now, reason)
                    settled.append(parcel)
        self.collect(settled)
        return settled

    def collect(self, parcels: Iterable[Parcel]) -> None:
        """Count those that are settled and stop following them."""
        for parcel in parcels:
            if not parcel.is_settled or self.waiting.pop(parcel.id, None) is None:
                continue
            match parcel.fate:
                case Fate.FINAL:
                    self.final += 1
                    self.latencies_s.append(parcel.settled_at - parcel.intended_at)
                case Fate.FAILED:
                    self.failed[parcel.reason or "unknown"] += 1
                case Fate.DROPPED:
                    self.dropped[parcel.reason or "unknown"] += 1
                case Fate.REFUSED:
                    self.refused[parcel.reason or "unknown"] += 1
                case Fate.UNSENT | Fate.ACCEPTED:
                    raise AssertionError("not settled")

    async def inquire(self, clients: Sequence[Client], now: float) -> tuple[int, int]:
        """Ask about every parcel that still waits; returns how many are pending, how many lost.

        Lost is what a node accepted and no node knows any more; what was never answered and is
        unknown everywhere was not accepted, so it is neither.
        """
        pending = lost = 0
        for parcel in list(self.waiting.values()):
            status, reason = await ask_everywhere(clients, parcel)
            if fate := _FATES.get(status):
                parcel.was_accepted = True
                parcel.settle(fate, now, reason)
                self.collect([parcel])
            elif status is TransactionStatus.UNKNOWN:
                lost += parcel.was_accepted
            else:
                pending += 1
        return pending, lost


_CERTAINTY = (
    TransactionStatus.UNKNOWN,
    TransactionStatus.DROPPED,
    TransactionStatus.PENDING,
    TransactionStatus.INCLUDED,
    TransactionStatus.FAILED,
    TransactionStatus.FINAL,
)
"""Of what nodes say, the later word counts: a block outweighs one node's mempool."""


async def ask_everywhere(
    clients: Sequence[Client], parcel: Parcel
) -> tuple[TransactionStatus, str | None]:
    """The weightiest word that any node has on a transaction."""
    best: tuple[TransactionStatus, str | None] = (TransactionStatus.UNKNOWN, None)
    for client in clients:
        try:
            answer = await client.transaction(bytes.fromhex(parcel.id))
        except ClientError:
            continue
        if _CERTAINTY.index(answer.status) > _CERTAINTY.index(best[0]):
            best = answer.status, answer.reason
    return best
