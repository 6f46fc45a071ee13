"""What becomes of what a peer says: judged, counted, and handed on, one frame at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog
from msgspec.structs import replace

from node.peers.limits import PeerLimits
from node.peers.link import Link
from node.peers.metrics import PeerMetrics
from node.peers.requests import Requests, Settlement
from node.wire import (
    Answer,
    AnyFrame,
    Blocks,
    Bodies,
    Declined,
    Frame,
    FrameError,
    FrameTooLargeError,
    GetBlocks,
    GetBodies,
    Hello,
    Request,
    Status,
    decode_frame,
    encode_frame,
    kind_of,
    split_message,
)

_log = structlog.get_logger(__name__)

OnFrame: TypeAlias = Callable[[bytes, AnyFrame], Awaitable[None]]
OnRequest: TypeAlias = Callable[[bytes, Request], Awaitable[Answer]]


class Inbox:
    """Takes messages from links; `on_fault(link, reason)` hears of every misbehaviour.

    Nothing that a peer sends, and no error of the host while it handles a frame, ends the reading
    of a link by an exception.
    """

    def __init__(
        self,
        *,
        on_frame: OnFrame,
        on_request: OnRequest,
        on_fault: Callable[[Link, str], None],
        requests: Requests,
        limits: PeerLimits,
        metrics: PeerMetrics,
    ) -> None:
        self._on_frame = on_frame
        self._on_request = on_request
        self._on_fault = on_fault
        self._requests = requests
        self._limits = limits
        self._metrics = metrics

    async def receive(self, link: Link, data: bytes) -> None:
        """One WebSocket message; returns when the host is done with all its frames."""
        try:
            frames = split_message(data)
        except FrameError as error:
            self._on_fault(link, error.reason)
            return
        for raw in frames:
            if link.stopped is not None:
                return
            try:
                frame = decode_frame(raw)
            except FrameError as error:
                self._on_fault(link, error.reason)
                continue
            link.frames_in += 1
            self._metrics.frame_in(kind_of(frame).name, len(raw))
            await self._route(link, frame)

    async def _route(self, link: Link, frame: AnyFrame) -> None:
        match frame:
            case Hello():
                self._on_fault(link, "hello-again")
            case GetBodies() | GetBlocks():
                self._serve(link, frame)
            case Bodies() | Blocks() | Declined():
                self._settle(link, frame)
            case Status():
                link.status = frame
                await self._deliver(link, frame)
            case _:
                await self._deliver(link, frame)

    async def _deliver(self, link: Link, frame: AnyFrame) -> None:
        try:
            await self._on_frame(link.peer_id, frame)
        except Exception:  # noqa: BLE001 - a fault of the host: the link outlives it, people see it
            self._metrics.refused("frame-handler-failed")
            _log.exception("handling a frame failed", frame=kind_of(frame).name)

    def _settle(self, link: Link, answer: Answer) -> None:
        settlement = self._requests.settle(link.peer_id, answer)
        if settlement in {Settlement.UNKNOWN, Settlement.WRONG_KIND}:
            self._on_fault(link, settlement.value)

    def _serve(self, link: Link, request: Request) -> None:
        """Answer in a task of its own, so that consensus frames behind a request do not wait."""
        if len(link.serving) >= self._limits.requests_max:
            self._on_fault(link, "requests-too-many")
            _post(link, Declined(request.request, "busy"))
            return
        task = asyncio.create_task(self._answer(link, request), name="peer-request")
        link.serving.add(task)
        task.add_done_callback(link.serving.discard)

    async def _answer(self, link: Link, request: Request) -> None:
        answer: Answer
        try:
            answer = await self._on_request(link.peer_id, request)
            taken = _post(link, replace(answer, request=request.request))
        except FrameTooLargeError as error:
            _log.error("an answer is too large", detail=error.detail)
            taken = _post(link, Declined(request.request, "answer-too-large"))
        except Exception:  # noqa: BLE001 - as above
            self._metrics.refused("request-handler-failed")
            _log.exception("answering a request failed", frame=kind_of(request).name)
            taken = _post(link, Declined(request.request, "error"))
        if not taken:
            _post(link, Declined(request.request, "busy"))


def _post(link: Link, frame: Frame) -> bool:
    return link.send(kind_of(frame).lane, encode_frame(frame))
