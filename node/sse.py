"""Reading server-sent events: the format of the HTML standard, section 9.2.6, byte by byte."""

from typing import NamedTuple


class Message(NamedTuple):
    """One block of fields. Without `data` it is no event, but may have moved the last id."""

    event: str
    data: str | None
    last_id: str


class SseParser:
    """Takes bytes as they come and gives whole messages; `retry_ms` is what the server asked for.

    Raises `UnicodeDecodeError` where a line is not UTF-8. A line may end in CR, LF or both; a
    message that the end of the stream cuts off is never given.
    """

    def __init__(self) -> None:
        self.last_id = ""
        self.retry_ms: int | None = None
        self._rest = b""
        self._is_first = True
        self._skips_feed = False
        self._event = ""
        self._data: list[str] = []
        self._has_fields = False

    def feed(self, data: bytes) -> list[Message]:
        """The messages that these bytes complete."""
        if self._skips_feed and data:
            data = data.removeprefix(b"\n")
            self._skips_feed = False
        found: list[Message] = []
        *lines, self._rest = self._split(self._rest + data)
        for line in lines:
            message = self._take(line.decode())
            if message is not None:
                found.append(message)
        return found

    def _split(self, data: bytes) -> list[bytes]:
        if data.endswith(b"\r"):
            self._skips_feed = True
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")

    def _take(self, line: str) -> Message | None:
        if self._is_first:
            line = line.removeprefix("\ufeff")
            self._is_first = False
        if not line:
            return self._dispatch()
        if line.startswith(":"):
            return None
        name, _, value = line.partition(":")
        self._set(name, value.removeprefix(" "))
        return None

    def _set(self, name: str, value: str) -> None:
        self._has_fields = True
        if name == "event":
            self._event = value
        elif name == "data":
            self._data.append(value)
        elif name == "id" and "\0" not in value:
            self.last_id = value
        elif name == "retry" and value.isascii() and value.isdigit():
            self.retry_ms = int(value)

    def _dispatch(self) -> Message | None:
        data = "\n".join(self._data) if self._data else None
        message = Message(self._event or "message", data, self.last_id)
        has_fields, self._has_fields = self._has_fields, False
        self._event, self._data = "", []
        return message if has_fields else None
