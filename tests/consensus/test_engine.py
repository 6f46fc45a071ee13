"""Copying, comparing and hashing records of plain values."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from consensus.engine import clone, fingerprint, spell
from consensus.message import Message


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Note(Message, tag="note", frozen=True):
    number: int
    parts: tuple[bytes, ...] = ()


@dataclass
class Inner:
    names: set[str] = field(default_factory=set)
    rows: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Holder:
    rows: list[int]


@dataclass(slots=True)
class Record:
    table: dict[int, Inner] = field(default_factory=dict)
    note: Note | None = None
    colour: Colour = Colour.RED
    pair: tuple[Any, ...] = ()


def make(*keys: int) -> Record:
    table = {key: Inner({f"n{key}"}, [key]) for key in keys}
    return Record(table, Note(1, (b"a",)), Colour.BLUE, (1, b"x"))


def test_a_clone_shares_nothing_that_changes() -> None:
    original = make(1, 2)
    copy = clone(original)
    assert copy == original
    copy.table[1].names.add("more")
    copy.table[2].rows.append(9)
    copy.table[3] = Inner()
    assert original == make(1, 2)


def test_a_clone_shares_what_cannot_change() -> None:
    original = make(1)
    copy = clone(original)
    assert copy.note is original.note
    assert copy.pair is original.pair


def test_a_tuple_of_records_is_cloned() -> None:
    original = Record(pair=(Inner(rows=[1]),))
    copy = clone(original)
    copy.pair[0].rows.append(2)
    assert original.pair[0].rows == [1]


def test_the_order_of_insertion_is_forgotten() -> None:
    assert spell(make(1, 2)) == spell(make(2, 1))
    assert fingerprint(make(1, 2, 10)) == fingerprint(make(10, 2, 1))


def test_a_value_reads_as_nested_tuples() -> None:
    record = Record({2: Inner({"b", "a"}, [1]), 10: Inner()}, Note(3, (b"x",)), pair=((), (True,)))
    assert spell(record) == (
        "('Record', ('map', (10, ('Inner', ('set',), ())), (2, ('Inner', ('set', 'a', 'b'), (1,)))),"
        " ('Note', 3, (b'x',)), ('Colour', 'RED'), ((), (True,)))"
    )


def test_a_frozen_record_that_holds_what_can_change_is_spelled_anew() -> None:
    kept = Holder([1])
    first = spell(kept)
    kept.rows.append(2)
    assert [first, spell(kept)] == ["('Holder', (1,))", "('Holder', (1, 2))"]


def test_different_values_have_different_names() -> None:
    records: list[Any] = [
        make(1),
        make(2),
        Record(),
        Record(colour=Colour.BLUE),
        Record(note=Note(1)),
        Record(note=Note(2)),
        Record(pair=(1,)),
        Record(pair=(True,)),
        Record(pair=("1",)),
        Record(pair=(b"1",)),
        Record(pair=((),)),
        Record(pair=({},)),
        Record(pair=(set(),)),
    ]
    assert len({fingerprint(record) for record in records}) == len(records)


@given(st.dictionaries(st.integers(), st.sets(st.text(max_size=4), max_size=4), max_size=6))
def test_equal_values_have_equal_names(table: dict[int, set[str]]) -> None:
    backwards = dict(reversed(table.items()))
    assert fingerprint(table) == fingerprint(backwards)
    assert spell(clone(table)) == spell(table)


SCRIPT = (
    "from consensus.engine import fingerprint\n"
    "print(fingerprint({'a': {'x', 'y', 'z'}, 'b': frozenset('qwert')}).hex())"
)


def test_the_name_is_the_same_under_every_hash_seed() -> None:
    names = {
        subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(names) == 1
