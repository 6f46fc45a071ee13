"""A whole replay: read the chain, fund, pay, account."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ledger.keys import KeyPair
from node.client import Client
from node.load.lane import Source
from node.load.reader import Reader
from node.load.stream import Stream
from node.load.tracker import Tracker
from node.replay.account import Account, draw_account
from node.replay.book import Book
from node.replay.errors import ReplayError
from node.replay.funding import fill_purse
from node.replay.progress import Bar
from node.replay.rows import Row
from node.replay.sources import Funding, Payments, Terms, plan_payments

_SEED_DOMAIN = b"quorate/replay-seed/1\x00"


def derive_seed(text: str | None, faucet_seed: bytes | None) -> bytes:
    """The replay's seed, 32 bytes: from --seed, or else from the faucet's key."""
    if text is not None:
        return hashlib.sha256(_SEED_DOMAIN + b"text\x00" + text.encode()).digest()
    if faucet_seed is not None:
        return hashlib.sha256(_SEED_DOMAIN + b"faucet\x00" + faucet_seed).digest()
    raise ReplayError(
        "there is neither a faucet nor a seed to derive the members' keys from",
        reason="no-seed",
        advice="give --faucet KEYFILE, or the --seed of the run that is to go on",
    )


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be replayed: rows, key material, terms. `rate` is payments a second."""

    rows: Sequence[Row]
    seed: bytes
    faucet: KeyPair | None
    rate: float
    fee: int = 0


class Replay:
    """One run over opened clients; `stop` lets it end early, a second run goes on."""

    def __init__(self, order: Order, clients: Sequence[Client], bar: Bar) -> None:
        self.book = Book(order.rows, order.seed)
        self._order = order
        self._clients = clients
        self._reader = Reader(clients)
        self._bar = bar
        self._stream: Stream | None = None
        self._is_stopped = False

    @property
    def tracker(self) -> Tracker:
        """What is on its way just now: fundings first, then payments."""
        return Tracker() if self._stream is None else self._stream.tracker

    def stop(self) -> None:
        """Send nothing new; what was accepted is still waited for."""
        self._is_stopped = True
        if self._stream is not None:
            self._stream.stop()

    async def run(self) -> Account:
        """To the end.

        Raises `ReplayError` where the senders cannot be funded, `ClientError` where no node
        answers at the start.
        """
        loop, book = asyncio.get_running_loop(), self.book
        started = loop.time()
        status = await self._reader.status()
        terms = Terms.at(status.chain_id, self._order.fee, status.final_height)
        funded = (await self._reader.account(book.purse)).nonce
        senders = [sender.key for sender in book.senders]
        done = await self._reader.nonces(senders) if funded else [0] * len(senders)
        amount = await self._fund(terms, funded)
        paying = loop.time()
        sources = self._plan(terms, done)
        stream = await self._flow(sources, status.final_height, "payments", sum(done))
        finished = loop.time()
        pending, lost = await stream.tracker.inquire(self._clients, finished)
        return draw_account(
            stream.tracker,
            rows=len(book.rows),
            before=sum(done),
            withheld=sum((source.withheld for source in sources), Counter()),
            unsent=sum(source.left for source in sources),
            pending=pending,
            lost=lost,
            resent=stream.resent,
            funded_senders=len(senders) - funded,
            funded_amount=amount,
            funding_s=paying - started,
            payment_s=finished - paying,
            pauses=stream.pauses,
        )

    async def _fund(self, terms: Terms, funded: int) -> int:
        """Fund the senders that are not, in full and finally; returns what the faucet paid."""
        if funded >= len(self.book.senders):
            return 0
        order = self._order
        amount = await fill_purse(self.book, funded, order.faucet, terms, self._reader)
        height = (await self._reader.status()).final_height
        source = Funding(self.book, terms, funded)
        stream = await self._flow([source], height, "funding", funded)
        tracker = stream.tracker
        if not self._is_stopped and (funded + tracker.final < len(self.book.senders)):
            why = dict(tracker.failed + tracker.refused + tracker.dropped)
            raise ReplayError(
                f"{len(tracker.waiting)} fundings are not final, others failed: {why}",
                reason="funding-incomplete",
                advice="see `quorate status`; then run the same command again",
            )
        return amount

    def _plan(self, terms: Terms, done: Sequence[int]) -> list[Payments]:
        """One source per node."""
        order, lanes = self._order, len(self._clients)
        plan = plan_payments(self.book.senders, done, order.rate, lanes)
        return [Payments(self.book, terms, due) for due in plan]

    async def _flow(self, sources: Sequence[Source], height: int, what: str, done: int) -> Stream:
        """Run sources to their end, with a bar."""
        stream = self._stream = Stream(self._clients, height)
        if self._is_stopped:
            stream.stop()
        total = len(self.book.senders) if what == "funding" else len(self.book.rows)
        self._bar.begin(what, total, done)
        tracker = stream.tracker
        await stream.run(sources, lambda: self._bar.show(done + tracker.settled, tracker))
        return stream
