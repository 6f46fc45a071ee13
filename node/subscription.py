"""A subscription to a node's events that goes on by itself: every event once, whatever breaks.

`async for event in follow(client, Wanted(kinds=("block",)))` resumes after broken connections and
restarts of the node, from the cursor of what was read last. Where that is impossible it raises the
node's own refusal: `cursor-too-old`, or `cursor-unknown` after the node's event log was lost.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

import pydantic

from node.api.node_models import EventAnswer
from node.client import Client, ClientError, IndefiniteError, RefusedError, UnreachableError
from node.sse import Message, SseParser

SILENCE_S = 45.0
"""Three missing signs of life: the connection is taken for dead."""
PAUSE_MIN_S, PAUSE_MAX_S = 0.2, 5.0
"""Between attempts to come back; doubled each time."""
FIRST_CURSOR = "now"
ENDED_FOR_GOOD = frozenset({"caught-up", "cursor-too-old"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be told; see the parameters of `/v1/events`. Empty means no restriction.

    `after` is a cursor, "now" or "oldest". Without `follow` the subscription ends where nothing more
    has happened.
    """

    kinds: Sequence[str] = ()
    addresses: Sequence[str] = ()
    transactions: Sequence[str] = ()
    after: str = FIRST_CURSOR
    follow: bool = True

    def make_query(self, cursor: str) -> dict[str, str]:
        """The query that goes on after a cursor."""
        lists = {
            "kinds": self.kinds,
            "address": self.addresses,
            "transaction": self.transactions,
        }
        query = {name: ",".join(values) for name, values in lists.items() if values}
        return query | {"after": cursor} | ({} if self.follow else {"follow": "0"})


class StreamError(ClientError):
    """The node ended the stream, and it cannot be resumed."""

    reason = "stream-ended"


class Subscription:
    """One reading; `cursor` is where it stands."""

    def __init__(self, client: Client, wanted: Wanted) -> None:
        self._client = client
        self._wanted = wanted
        self._has_begun = False
        self._ended = ""
        self.cursor = wanted.after

    async def read(self) -> AsyncGenerator[EventAnswer, None]:
        """Every event, in order; raises `ClientError` where it cannot go on.

        Also where the very first call finds nobody: that is a wrong address more often than not.
        """
        pause_s = PAUSE_MIN_S
        while True:
            try:
                async with aclosing(self._read_once()) as events:
                    async for event in events:
                        pause_s = PAUSE_MIN_S
                        yield event
            except RefusedError as error:
                if error.status != 503:
                    raise
                pause_s = max(pause_s, error.retry_after_s or 0.0)
            except (UnreachableError, IndefiniteError):
                if not self._has_begun:
                    raise
            if self._ended == "caught-up":
                return
            if self._ended in ENDED_FOR_GOOD:
                raise StreamError(f"the stream ended: {self._ended}", reason=self._ended)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, PAUSE_MAX_S)

    async def _read_once(self) -> AsyncGenerator[EventAnswer, None]:
        """One connection, until it ends."""
        self._ended = ""
        parser = SseParser()
        query = self._wanted.make_query(self.cursor)
        pieces = self._client.stream(
            "/v1/events", query, silence_s=SILENCE_S, headers={"Accept": "text/event-stream"}
        )
        async with aclosing(pieces):
            async for data in pieces:
                self._has_begun = True
                for message in parser.feed(data):
                    event = self._take(message)
                    if event is not None:
                        yield event

    def _take(self, message: Message) -> EventAnswer | None:
        """The event in a message, if it holds one; moves the cursor."""
        if message.last_id:
            self.cursor = message.last_id
        if message.data is None:
            return None
        try:
            event = EventAnswer.model_validate_json(message.data)
        except pydantic.ValidationError as error:
            raise IndefiniteError(f"an unreadable event: {error.error_count()} faults") from error
        if event.kind == "end":
            self._ended = str(event.data.get("reason", ""))
            return None
        return event


def follow(client: Client, wanted: Wanted | None = None) -> AsyncGenerator[EventAnswer, None]:
    """All events that are wanted, from now or from a cursor on; see the module."""
    return Subscription(client, wanted or Wanted()).read()
