"""Cursors: opaque text that says where the next page of one list begins.

A cursor holds the list it belongs to, the direction and the next position. It holds no secret and
no server keeps state for it; one of another list, or one that was tampered with, is refused.
"""

import base64
import binascii

import msgspec

from node.api.problems import Problem

CURSOR_CHARS_MAX = 64


class Cursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The place in a list: `scope` names the list, `position` is the first item of the page."""

    scope: str
    is_descending: bool
    position: int


_DECODER = msgspec.msgpack.Decoder(Cursor)


def encode_cursor(cursor: Cursor) -> str:
    """The text of a cursor: URL-safe, without padding."""
    return base64.urlsafe_b64encode(msgspec.msgpack.encode(cursor)).decode().rstrip("=")


def decode_cursor(text: str, scope: str) -> Cursor:
    """Read a cursor of the list `scope`; only the text that `encode_cursor` makes is taken."""
    try:
        padded = text + "=" * (-len(text) % 4)
        cursor = _DECODER.decode(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
        raise Problem("cursor-invalid") from error
    if len(text) > CURSOR_CHARS_MAX or cursor.scope != scope or encode_cursor(cursor) != text:
        raise Problem("cursor-invalid")
    if not 0 <= cursor.position < 2**64:
        raise Problem("cursor-invalid")
    return cursor
