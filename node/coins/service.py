"""The coin service: answers an engine's `Toss(common=True)`.

Asking is giving: this node's own share goes to all members, and with f of theirs the face is known. So
nobody sees a coin before f + 1 members have asked for it, one of them correct. Shares are made,
verified and combined in a thread of their own, a few at a time, only of coins that this node asked for,
and only as many as are needed.

Members do not toss at the same time, and links lose frames. So the own share asks for those of others
where too few are here; whoever has asked for the coin before gives its own again. While the coin is not seen
this is repeated, with growing pauses, to those whose shares are missing. A node
remembers on disk which coins it saw: after a restart it gives its shares to whoever is behind, and
the same answers to its engine. The note is in the same sync as the records that follow from the face,
before them, so it costs no wait.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import TypeVar

import structlog

from consensus.events import Event, Tossed
from ledger.coin.keys import CoinKeys
from ledger.coin.log import Tag, encode_tag, forget_batch, load, note_batch
from ledger.coin.shares import SecretShare, Share, check_share, combine, make_share
from ledger.reasons import Reason
from node.coins.book import Coin, CoinBook, Heard
from node.core import Core
from node.diagnosis.facts import CoinFacts
from node.peers.network import Peers
from node.tasks import OnFailure, end, spawn
from node.wire import CoinShare

_log = structlog.get_logger(__name__)

REPEAT_FIRST_S = 0.5
"""Several round trips: what is not here by then was lost, or not said yet. Links lose seldom."""
REPEAT_MAX_S = 4.0
"""The pauses double up to this: a member that comes back late finds others asking."""
SAID_S = 0.25
"""What was said to a member so lately is on its way, and not said again."""

NOT_A_MEMBER_WEIGHT = 20
TOO_MANY_WEIGHT = 5
BAD_SHARE_WEIGHT = 50

Result = TypeVar("Result")


class Coins:
    """Serves one member; `post` hands the engine its answers."""

    def __init__(
        self,
        core: Core,
        keys: CoinKeys,
        secret: SecretShare | None,
        *,
        post: Callable[[Event], None],
        on_failure: OnFailure,
    ) -> None:
        self._core = core
        self._keys = keys
        self._secret = secret
        self._post = post
        self._on_failure = on_failure
        self._metrics = core.metrics
        self._context = core.chain.chain_id
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="coin")
        self._tasks: dict[Tag, asyncio.Task[None]] = {}
        self._news: dict[Tag, asyncio.Event] = {}
        self._unwritten: dict[Tag, int] = {}
        self._taking = Lock()
        self._swept = core.chain.height
        self.book = CoinBook()
        for tag, face in load(core.store).items():
            self.book.note(tag, face)

    def connect(self, peers: Peers) -> None:
        """Name the peers, which are made after this."""
        self._peers = peers

    async def close(self) -> None:
        """Ask for nothing more; what is not seen by now is asked for again after a restart."""
        await end(*self._tasks.values())
        self._pool.shutdown(wait=True, cancel_futures=True)

    # What the engine asks for

    def toss(self, tag: Tag) -> None:
        """Ask for a coin; one that was seen is told again."""
        self._sweep()
        coin = self.book.ask(tag)
        if coin.face is not None:
            self._post(Tossed(tag, coin.face))
        elif tag not in self._tasks:
            self._news[tag] = asyncio.Event()
            task = spawn(self._pursue(coin), "coin", self._on_failure)
            self._tasks[tag] = task
            task.add_done_callback(lambda _: self._end(tag))

    def _end(self, tag: Tag) -> None:
        del self._tasks[tag], self._news[tag]

    async def _pursue(self, coin: Coin) -> None:
        """Give the own share, and gather others until the coin is seen or its height decided."""
        share = await self._give(coin)
        coin.held[share.index] = share
        is_wanted = len(coin.waiting) + 1 < self._keys.threshold
        self._say(coin, share, self._core.seats.audience, is_wanted=is_wanted)
        news, pause_s = self._news[coin.tag], REPEAT_FIRST_S
        while not await self._judge(coin):
            try:
                async with asyncio.timeout(pause_s):
                    await news.wait()
            except TimeoutError:
                pause_s = min(2 * pause_s, REPEAT_MAX_S)
                if coin.height <= self._core.chain.height:
                    return
                self._say(coin, share, self.list_missing(coin), is_wanted=True)
            news.clear()

    async def _give(self, coin: Coin) -> Share:
        """This node's share of a coin that it has asked for, made once."""
        if coin.own is None:
            assert self._secret is not None, "whoever holds no share has no voice to toss with"
            coin.own = await self._work(partial(make_share, self._secret, self._name(coin.tag)))
        return coin.own

    async def _judge(self, coin: Coin) -> bool:
        """Verify as many shares as are needed, while there are any; is the coin seen with them."""
        while coin.waiting or len(coin.held) >= self._keys.threshold:
            needed = max(self._keys.threshold - len(coin.held), 0)
            chosen = [coin.waiting.pop(index) for index in list(coin.waiting)[:needed]]
            held = list(coin.held.values())
            verdicts, face = await self._work(partial(self._assess, coin.tag, held, chosen))
            for share, reason in zip(chosen, verdicts, strict=True):
                if reason is None:
                    coin.held[share.index] = share
                else:
                    self._refuse(self._core.seats.keys[share.index], reason)
            if face is not None:
                self._see(coin, face)
                return True
        return False

    def _assess(
        self, tag: Tag, held: list[Share], more: list[Share]
    ) -> tuple[list[Reason | None], int | None]:
        """In the thread: a verdict on each new share, and the face if there are enough with them."""
        verdicts = [check_share(self._keys, self._name(tag), share) for share in more]
        good = held + [share for share, bad in zip(more, verdicts, strict=True) if bad is None]
        if len(good) < self._keys.threshold:
            return verdicts, None
        return verdicts, combine(self._keys, self._name(tag), good)

    def _see(self, coin: Coin, face: int) -> None:
        """The face is known: noted with the next sync, before anything that follows from it."""
        assert coin.asked_at is not None
        coin.face = face
        with self._taking:
            self._unwritten[coin.tag] = face
        self._metrics.coin_seconds.observe(time.monotonic() - coin.asked_at)
        coin.waiting.clear()
        coin.held.clear()
        self._post(Tossed(coin.tag, face))

    def list_missing(self, coin: Coin) -> list[bytes]:
        """The members whose shares of a coin are not here, by key."""
        heard = coin.held.keys() | coin.waiting.keys()
        seats = self._core.seats
        return [key for id_, key in seats.members.items() if id_ not in heard and id_ != seats.me]

    def describe_wait(self) -> CoinFacts | None:
        """The coin that was asked for first of those that are not seen, for people."""
        if not (waiting := self.book.open):
            return None
        coin = min(waiting, key=lambda one: one.asked_at or 0.0)
        heard = sorted(coin.held.keys() | coin.waiting.keys())
        age_ms = int((time.monotonic() - (coin.asked_at or 0.0)) * 1_000)
        return CoinFacts(coin.height, tuple(heard), self._keys.threshold, age_ms)

    # What peers say

    def on_share(self, peer: bytes, frame: CoinShare) -> None:
        """A member's share, and perhaps its wish for this node's."""
        index = self._core.seats.find(peer)
        if index is None or not self._core.committee.is_member(index):
            self._refuse(peer, "coin-not-a-member", NOT_A_MEMBER_WEIGHT)
            return
        share = Share(index, frame.point, frame.proof)
        heard = self.book.hear(frame.tag, share, self._core.chain.height)
        self._metrics.coin_shares.labels(heard.value).inc()
        if heard is Heard.TOO_MANY:
            self._peers.penalise(peer, heard.value, TOO_MANY_WEIGHT)
        coin = self.book.find(frame.tag)
        if coin is None or coin.asked_at is None:
            return
        if news := self._news.get(frame.tag):
            news.set()
        if frame.is_wanted:
            self._answer(coin, peer)

    def _answer(self, coin: Coin, peer: bytes) -> None:
        """Give the own share again, to one; after a restart it is made again, once."""
        if time.monotonic() - coin.said_at.get(peer, -SAID_S) < SAID_S:
            return
        if coin.own is not None:
            self._say(coin, coin.own, [peer], is_wanted=False)
        elif coin.tag not in self._tasks and self._secret is not None:
            self._news[coin.tag] = asyncio.Event()
            task = spawn(self._recall(coin, peer), "coin", self._on_failure)
            self._tasks[coin.tag] = task
            task.add_done_callback(lambda _: self._end(coin.tag))

    async def _recall(self, coin: Coin, peer: bytes) -> None:
        self._say(coin, await self._give(coin), [peer], is_wanted=False)

    def _say(self, coin: Coin, share: Share, keys: list[bytes], *, is_wanted: bool) -> None:
        frame = CoinShare(coin.tag, share.point, share.proof, is_wanted)
        coin.said_at.update(dict.fromkeys(keys, time.monotonic()))
        self._peers.broadcast(frame, only=keys)

    def _refuse(self, peer: bytes, reason: str, weight: float = BAD_SHARE_WEIGHT) -> None:
        self._metrics.coin_shares.labels(str(reason)).inc()
        self._peers.penalise(peer, str(reason), weight)
        _log.warning("a share of a coin is refused", peer=peer.hex(), reason=str(reason))

    # The disk

    def write(self) -> None:
        """In a thread: make durable what was seen, before the records that follow from it.

        Raises `StoreError`; what could not be written goes with the next attempt.
        """
        with self._taking:
            taken = dict(self._unwritten)
        if taken:
            self._core.store.write(note_batch(taken), sync=True)
        with self._taking:
            for tag in taken:
                del self._unwritten[tag]

    def _sweep(self) -> None:
        """Forget the coins of heights that are long decided."""
        height = self._core.chain.height
        if height == self._swept:
            return
        self._swept = height
        if old := self.book.forget(height):
            self._core.store.write(forget_batch(old))

    async def _work(self, job: Callable[[], Result]) -> Result:
        """In the thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._measured, job)

    def _measured(self, job: Callable[[], Result]) -> Result:
        with self._core.stages.measure("coin"):
            return job()

    def _name(self, tag: Tag) -> bytes:
        """A coin of this network, as its shares name it."""
        return self._context + encode_tag(tag)
