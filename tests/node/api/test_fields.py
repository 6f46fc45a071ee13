"""Each value has one spelling in JSON, read and written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from node.api.fields import U64, Address, Amount, Hash, HexBytes

KEYS = st.binary(min_size=32, max_size=32)


def there_and_back(kind: Any, value: Any) -> tuple[str, Any]:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    text = adapter.dump_json(value).decode()
    return text, adapter.validate_json(text, strict=True)


@given(value=st.integers(0, 2**64 - 1))
def test_amounts_are_decimal_strings(value: int) -> None:
    assert there_and_back(Amount, value) == (f'"{value}"', value)


@given(value=st.integers(0, 2**64 - 1))
def test_counts_are_numbers(value: int) -> None:
    assert there_and_back(U64, value) == (str(value), value)


@given(value=st.binary(max_size=50))
def test_bytes_are_lower_case_hex(value: bytes) -> None:
    assert there_and_back(HexBytes, value) == (f'"{value.hex()}"', value)


@given(value=KEYS)
def test_hashes_and_addresses(value: bytes) -> None:
    assert there_and_back(Hash, value) == (f'"{value.hex()}"', value)
    text, back = there_and_back(Address, value)
    assert back == value
    assert text.startswith('"quo1')


@given(text=st.text(max_size=30))
def test_text_that_is_read_is_written_the_same(text: str) -> None:
    for kind in (Amount, HexBytes, Hash, Address):
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        try:
            value = adapter.validate_python(text)
        except ValidationError:
            continue
        assert adapter.dump_python(value, mode="json") == text


def test_the_largest_amount() -> None:
    adapter: TypeAdapter[int] = TypeAdapter(Amount)
    assert adapter.validate_python("18446744073709551615") == 2**64 - 1
    with pytest.raises(ValidationError, match="below 2"):
        adapter.validate_python("18446744073709551616")
