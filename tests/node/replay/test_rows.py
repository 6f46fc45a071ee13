from pathlib import Path

import pytest

from node.replay.errors import ReplayError
from node.replay.rows import COLUMNS, Row, parse_columns, read_rows


def write(path: Path, text: str | bytes) -> Path:
    file = path / "payments.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def refuse(path: Path, text: str | bytes, reason: str) -> str:
    with pytest.raises(ReplayError) as failure:
        read_rows(write(path, text))
    assert failure.value.reason == reason
    return str(failure.value)


def test_rows_keep_their_order_and_lines(tmp_path: Path) -> None:
    file = write(tmp_path, "time,from,to,amount\n1,a,b,5\n\n2,b,c,007\n")
    assert read_rows(file) == [Row(2, "a", "b", 5), Row(4, "b", "c", 7)]


def test_columns_may_have_other_names_and_places(tmp_path: Path) -> None:
    file = write(tmp_path, "value,payee,note,payer,ts\n5,b,x,a,1\n")
    columns = parse_columns("ts, payer, payee, value")
    assert read_rows(file, columns) == [Row(2, "a", "b", 5)]


def test_a_byte_order_mark_and_quotes_are_understood(tmp_path: Path) -> None:
    file = write(tmp_path, b'\xef\xbb\xbftime,from,to,amount\r\n1,"a, b",c,5\r\n')
    assert read_rows(file) == [Row(2, "a, b", "c", 5)]


@pytest.mark.parametrize("text", ["a,b,c", "a,b,c,c", "a,b,,d", "", "a,b,c,d,e"])
def test_columns_are_four_different_names(text: str) -> None:
    with pytest.raises(ReplayError) as failure:
        parse_columns(text)
    assert failure.value.reason == "bad-columns"
    assert parse_columns(",".join(COLUMNS)) == COLUMNS


@pytest.mark.parametrize(
    "amount",
    ["0", "-1", "1.5", "1e3", "", "ten", "18446744073709551616", "9" * 5000, "٣", "+1", "0x1"],
)
def test_an_amount_is_a_whole_number_from_one(tmp_path: Path, amount: str) -> None:
    text = f"time,from,to,amount\n1,a,b,1\n2,a,b,{amount}\n"
    assert "line 3" in refuse(tmp_path, text, "csv-bad-row")


@pytest.mark.parametrize("row", ["1,a,b", "1,a,b,5,6", "1,,b,5", "1,a,,5", f"1,{'x' * 257},b,5"])
def test_a_bad_row_is_named_by_its_line(tmp_path: Path, row: str) -> None:
    text = f"time,from,to,amount\n1,a,b,1\n{row}\n1,a,b,1\n"
    assert "line 3" in refuse(tmp_path, text, "csv-bad-row")


def test_an_unclosed_quote_is_a_bad_row(tmp_path: Path) -> None:
    assert "line" in refuse(tmp_path, 'time,from,to,amount\n1,"a,b,5\n', "csv-bad-row")


@pytest.mark.parametrize("header", ["time,from,to", "time,from,to,amount,amount", "", "1,a,b,5"])
def test_each_column_stands_once_in_the_header(tmp_path: Path, header: str) -> None:
    refuse(tmp_path, f"{header}\n1,a,b,5\n", "csv-missing-column")


def test_an_empty_file_has_no_payments(tmp_path: Path) -> None:
    refuse(tmp_path, "time,from,to,amount\n", "csv-empty")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    refuse(tmp_path, b"time,from,to,amount\n1,\xff,b,5\n", "csv-unreadable")
    with pytest.raises(ReplayError) as failure:
        read_rows(tmp_path / "missing.csv")
    assert failure.value.reason == "csv-unreadable"


def test_payments_together_fit_in_64_bits(tmp_path: Path) -> None:
    half = 2**63
    text = f"time,from,to,amount\n1,a,b,{half}\n1,a,b,{half}\n"
    refuse(tmp_path, text, "csv-bad-row")
