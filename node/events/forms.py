"""From an event to the bytes that subscribers get, made once for all of them.

In JSON an event is `{"cursor", "kind", "height", "time_ms", "data"}`, without `height` where it is
about none. As a server-sent event the cursor is the `id`, the kind the `event`, the JSON the `data`.
"""

from enum import StrEnum
from typing import Any

import msgspec

from node.events.cursor import Position
from node.events.kinds import Filter, Kind
from node.events.records import Party


class Wire(StrEnum):
    """How a subscriber is connected."""

    SSE = "sse"
    WEBSOCKET = "websocket"


class EventForm(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """An event in JSON; see `node.api.node_models.EventAnswer`."""

    cursor: str
    kind: str
    time_ms: int
    data: dict[str, Any]
    height: int | None = None


_encode = msgspec.json.Encoder().encode


class Event:
    """Something that happened; `time_ms` is this node's clock, `party` the transaction if it is one."""

    __slots__ = ("_sse", "_text", "data", "height", "kind", "party", "position", "time_ms")

    def __init__(  # noqa: PLR0917 - what an event says, in its order
        self,
        position: Position,
        kind: Kind,
        time_ms: int,
        data: dict[str, Any],
        height: int | None = None,
        party: Party | None = None,
    ) -> None:
        self.position = position
        self.kind = kind
        self.time_ms = time_ms
        self.data = data
        self.height = height
        self.party = party
        self._text: bytes | None = None
        self._sse: bytes | None = None

    def matches(self, wanted: Filter) -> bool:
        """Is it for a subscriber."""
        if self.kind not in wanted.kinds:
            return self.kind is Kind.GAP
        if (party := self.party) is None or not wanted.is_narrow:
            return True
        accounts = wanted.accounts
        return party.id in wanted.ids or party.sender in accounts or party.recipient in accounts

    def spell(self, log_id: str, wire: Wire) -> bytes:
        """The bytes for a wire: one WebSocket message, or one server-sent event."""
        cursor = self.position.spell(log_id)
        if self._text is None:
            form = EventForm(cursor, self.kind.value, self.time_ms, self.data, self.height)
            self._text = _encode(form)
        if wire is Wire.WEBSOCKET:
            return self._text
        if self._sse is None:
            self._sse = b"id: %s\nevent: %s\ndata: %s\n\n" % (
                cursor.encode(),
                self.kind.value.encode(),
                self._text,
            )
        return self._sse


RETRY_MS = 2_000
"""How long a browser waits before it calls again."""


def spell_position(log_id: str, position: Position, time_ms: int, wire: Wire) -> bytes:
    """A sign of life that moves the subscriber's cursor, and is no event."""
    cursor = position.spell(log_id)
    if wire is Wire.SSE:
        return b"id: %s\n\n" % cursor.encode()
    return _encode(EventForm(cursor, "position", time_ms, {}))


def spell_end(log_id: str, position: Position, time_ms: int, reason: str, wire: Wire) -> bytes:
    """The last words to a subscriber: why the stream ends, and where to go on."""
    cursor = position.spell(log_id)
    text = _encode(EventForm(cursor, "end", time_ms, {"reason": reason, "cursor": cursor}))
    return b"event: end\ndata: %s\n\n" % text if wire is Wire.SSE else text
