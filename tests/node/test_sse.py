"""Server-sent events as the HTML standard has them."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.sse import Message, SseParser

EXAMPLES = [
    (b"data: a\n\n", [Message("message", "a", "")]),
    (b"data:a\ndata: b\ndata\n\n", [Message("message", "a\nb\n", "")]),
    (b"data:  two spaces\n\n", [Message("message", " two spaces", "")]),
    (b": a comment\n\n", []),
    (b"event: x\nid: 1\ndata: a\n\n", [Message("x", "a", "1")]),
    (b"id: 1\n\ndata: a\n\n", [Message("message", None, "1"), Message("message", "a", "1")]),
    (
        b"id: 1\ndata: a\n\nid\ndata: b\n\n",
        [Message("message", "a", "1"), Message("message", "b", "")],
    ),
    (b"id: a\0b\ndata: a\n\n", [Message("message", "a", "")]),
    (b"event: x\n\ndata: a\n\n", [Message("x", None, ""), Message("message", "a", "")]),
    (b"other: x\ndata: a\n\n", [Message("message", "a", "")]),
    (b"\xef\xbb\xbfdata: a\n\n", [Message("message", "a", "")]),
    (b"data: a\r\rdata: b\r\n\r\n", [Message("message", "a", ""), Message("message", "b", "")]),
    (b"data: cut off\n", []),
    ("data: ü\n\n".encode(), [Message("message", "ü", "")]),
]


@pytest.mark.parametrize(("data", "messages"), EXAMPLES)
def test_streams(data: bytes, messages: list[Message]) -> None:
    assert SseParser().feed(data) == messages


@settings(deadline=None)
@given(st.sampled_from(EXAMPLES), st.lists(st.integers(0, 60)))
def test_however_they_are_cut(example: tuple[bytes, list[Message]], cuts: list[int]) -> None:
    data, messages = example
    parser = SseParser()
    places = [0, *sorted(cut for cut in cuts if cut <= len(data)), len(data)]
    found = [
        message for start, stop in pairwise(places) for message in parser.feed(data[start:stop])
    ]
    assert found == messages


def test_the_time_before_another_attempt() -> None:
    parser = SseParser()
    parser.feed(b"retry: 250\n\nretry: soon\n\n")
    assert parser.retry_ms == 250
