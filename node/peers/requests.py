"""Requests that wait for their answer: an answer counts only from the peer that was asked."""

import asyncio
from collections import deque
from enum import Enum

from node.peers.errors import PeerDeclined, PeerError, PeerGone
from node.wire import ANSWERS, Answer, Declined, Frame, Request

GIVEN_UP_REMEMBERED = 1_024
"""Late answers to requests that timed out are no misbehaviour: so many of them are told apart."""


class Settlement(Enum):
    """What became of an answer."""

    DELIVERED = "delivered"
    LATE = "late"
    UNKNOWN = "answer-unknown"
    WRONG_KIND = "answer-wrong-kind"


class _Waiting:
    __slots__ = ("answer_kind", "future", "peer")

    def __init__(self, peer: bytes, answer_kind: type[Frame], future: asyncio.Future[Answer]):
        self.peer = peer
        self.answer_kind = answer_kind
        self.future = future


class Requests:
    """The table of open requests of one node."""

    def __init__(self) -> None:
        self._next = 1
        self._waiting: dict[int, _Waiting] = {}
        self._given_up: deque[tuple[bytes, int]] = deque(maxlen=GIVEN_UP_REMEMBERED)

    def __len__(self) -> int:
        """How many are open."""
        return len(self._waiting)

    def open(self, peer: bytes, request: Request) -> tuple[int, asyncio.Future[Answer]]:
        """Number a request to `peer`; the future holds its answer or a `PeerError`."""
        number, self._next = self._next, self._next + 1
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[number] = _Waiting(peer, ANSWERS[type(request)], future)
        return number, future

    def close(self, number: int) -> None:
        """Nobody waits for this one any longer."""
        if waiting := self._waiting.pop(number, None):
            self._given_up.append((waiting.peer, number))
            waiting.future.cancel()

    def settle(self, peer: bytes, answer: Answer) -> Settlement:
        """Hand an answer to whoever asked this peer for it."""
        waiting = self._waiting.get(answer.request)
        if waiting is None or waiting.peer != peer:
            is_late = (peer, answer.request) in self._given_up
            return Settlement.LATE if is_late else Settlement.UNKNOWN
        del self._waiting[answer.request]
        if isinstance(answer, Declined):
            _fail(waiting.future, PeerDeclined("the peer declined", reason=answer.reason or None))
        elif not isinstance(answer, waiting.answer_kind):
            _fail(waiting.future, PeerError("an answer of the wrong kind"))
            return Settlement.WRONG_KIND
        elif not waiting.future.done():
            waiting.future.set_result(answer)
        return Settlement.DELIVERED

    def fail_all(self, peer: bytes) -> None:
        """The link to `peer` is gone: none of its answers will come."""
        for number in [n for n, waiting in self._waiting.items() if waiting.peer == peer]:
            _fail(self._waiting.pop(number).future, PeerGone("the link was lost"))


def _fail(future: asyncio.Future[Answer], error: PeerError) -> None:
    if not future.done():
        future.set_exception(error)
