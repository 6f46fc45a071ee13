"""Cursors go there and back; nothing else is taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.api.cursors import Cursor, decode_cursor, encode_cursor
from node.api.problems import Problem


@given(position=st.integers(0, 2**64 - 1), is_descending=st.booleans())
def test_there_and_back(position: int, is_descending: bool) -> None:
    cursor = Cursor("blocks", is_descending, position)
    assert decode_cursor(encode_cursor(cursor), "blocks") == cursor


@given(text=st.text(max_size=80))
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(Problem) as caught:
        decode_cursor(text, "a-list-without-cursors")
    assert caught.value.reason == "cursor-invalid"


@pytest.mark.parametrize(
    "cursor", [Cursor("other", True, 1), Cursor("blocks", True, -1), Cursor("blocks" * 20, True, 1)]
)
def test_cursors_of_other_lists_and_places(cursor: Cursor) -> None:
    with pytest.raises(Problem):
        decode_cursor(encode_cursor(cursor), "blocks")


def test_a_second_spelling_is_refused() -> None:
    text = encode_cursor(Cursor("blocks", True, 1))
    for other in (text + "=", text + "A", " " + text, text[:-1]):
        with pytest.raises(Problem):
            decode_cursor(other, "blocks")
