"""Logs read back: lines of every kind, files that are renamed while they are read, and the merge."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from node.testnet.log_entries import EPOCH, LogEntry, Wanted, describe_fields, parse_line
from node.testnet.log_following import follow_logs
from node.testnet.log_streams import HoldBack, LogStream, merge, read_last
from tests.node.support import until


def line(second: float, event: str = "it happened", level: str = "info", **fields: object) -> str:
    """A line as a node writes it."""
    stamp = f"2026-01-01T00:00:{second:09.6f}Z"
    return json.dumps({"event": event, "level": level, "timestamp": stamp, **fields}) + "\n"


def texts(entries: list[LogEntry]) -> list[str]:
    """What entries say."""
    return [entry.event or entry.text for entry in entries]


@pytest.mark.parametrize(
    "text", ["", "Traceback (most recent call last):", '{"event": "torn', "[1]", "{1: 2}", '"a"']
)
def test_what_is_no_json_object_is_kept_and_dated_like_the_line_before(text: str) -> None:
    entry = parse_line("validator-0", text, "2026-01-01T00:00:01Z")
    assert entry == LogEntry("2026-01-01T00:00:01Z", "validator-0", text, None)
    assert entry.level == "error"
    assert '"raw":' in entry.to_json()


def test_a_line_passes_through_as_it_is() -> None:
    text = line(1, height=5, peer="ab" * 32).strip()
    entry = parse_line("a", text, EPOCH)
    assert (entry.to_json(), entry.event, entry.level) == (text, "it happened", "info")
    assert describe_fields(entry) == "height=5 peer=ababababab…"
    assert parse_line("a", '{"event": "x", "timestamp": 5}', "2020").timestamp == "2020"
    assert describe_fields(parse_line("a", '{"why": "a b", "n": null}', "")) == 'why="a b" n=null'


def test_what_is_wanted() -> None:
    entries = [
        parse_line("a", text.strip(), EPOCH)
        for text in (
            line(1, "link up", peer="x"),
            line(2, "link down", "warning"),
            line(3, "block final", "debug"),
            "Traceback",
        )
    ]

    def shown(wanted: Wanted) -> list[str]:
        return texts([entry for entry in entries if wanted.takes(entry)])

    assert shown(Wanted()) == ["link up", "link down", "block final", "Traceback"]
    assert shown(Wanted("warning")) == ["link down", "Traceback"]
    assert shown(Wanted(event="LINK")) == ["link up", "link down"]
    assert shown(Wanted(pattern=re.compile("peer|Trace"))) == ["link up", "Traceback"]
    assert shown(Wanted("error", re.compile("x"), "link")) == []


def test_a_line_is_given_when_its_end_is_there(tmp_path: Path) -> None:
    path = tmp_path / "node.log"
    stream = LogStream("a", path)
    assert list(stream.read()) == []
    with path.open("w") as log:
        log.write(line(1, "whole") + line(2, "torn")[:20])
        log.flush()
        assert texts(list(stream.read())) == ["whole"]
        log.write(line(2, "torn")[20:] + "Traceback\n" + line(3, "cut off")[:25])
        log.flush()
        assert texts(list(stream.read())) == ["torn", "Traceback"]
    assert list(stream.read()) == []
    (rest,) = stream.finish()
    assert (rest.fields, rest.timestamp[-10:]) == (None, "02.000000Z")
    stream.close()


def turn(path: Path, kept: int = 3) -> None:
    """Rename as a full log is."""
    for number in range(kept, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    path.replace(path.with_name(f"{path.name}.1"))


def test_nothing_is_missed_when_a_log_is_renamed(tmp_path: Path) -> None:
    path = tmp_path / "node.log"
    path.write_text(line(1, "one"))
    stream = LogStream("a", path)
    assert texts(list(stream.read())) == ["one"]
    with path.open("a") as log:
        log.write(line(2, "two"))
    turn(path)
    assert texts(list(stream.read())) == ["two"]
    path.write_text(line(3, "three"))
    turn(path)
    path.write_text(line(4, "four"))
    turn(path)
    path.write_text(line(5, "five"))
    assert texts(list(stream.read())) == ["three", "four", "five"]
    late = LogStream("a", path)
    assert texts(list(late.read())) == ["one", "two", "three", "four", "five"]
    late.close()
    path.write_text("")
    path.write_text(line(6, "six"))
    assert texts(list(stream.read())) == ["six"]
    stream.close()


def test_logs_are_merged_by_time_and_a_node_keeps_its_order(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(line(1, "a1") + "trace of a1\n" + line(5, "a5") + line(4, "a4"))
    (tmp_path / "b").write_text("before all\n" + line(2, "b2") + line(6, "b6"))
    streams = [LogStream(name, tmp_path / name) for name in "ab"]
    merged = texts(read_last(streams, Wanted(), 10))
    assert merged == ["before all", "a1", "trace of a1", "b2", "a5", "a4", "b6"]
    again = [LogStream(name, tmp_path / name) for name in "ab"]
    assert texts(read_last(again, Wanted(event="4"), 1)) == ["a4"]
    for stream in (*streams, *again):
        stream.close()
    assert merge([]) == []


def test_entries_wait_until_older_ones_had_time_to_come() -> None:
    held = HoldBack(0.5)

    def entry(node: str, second: float) -> LogEntry:
        return parse_line(node, line(second, f"{node}{second:g}").strip(), EPOCH)

    held.put([entry("a", 2)], now=10.0)
    assert list(held.take(10.4)) == []
    held.put([entry("b", 1), entry("b", 3)], now=10.4)
    assert texts(list(held.take(10.5))) == ["b1", "a2"]
    held.put([entry("c", 0.5)], now=10.6)
    assert list(held.take(10.8)) == []
    assert texts(list(held.take(10.9))) == ["c0.5", "b3"]
    held.put([entry("a", 4)], now=11.0)
    assert texts(list(held.take_all())) == ["a4"]


async def test_following_shows_what_comes_until_it_is_stopped(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "ab"]
    paths[0].write_text(line(1, "old") + line(2, "a2"))
    shown: list[str] = []
    stopping = asyncio.Event()
    streams = [LogStream(path.name, path) for path in paths]
    following = asyncio.create_task(
        follow_logs(
            streams, Wanted("info"), lambda entry: shown.extend(texts([entry])), stopping, 1
        )
    )
    await until(lambda: shown == ["a2"])
    with paths[0].open("a") as log:
        log.write(line(5, "a5") + line(5, "no", "debug"))
    paths[1].write_text(line(4, "b4"))
    await until(lambda: len(shown) == 3)
    with paths[1].open("a") as log:
        log.write(line(6, "b6") + "no end")
    stopping.set()
    await following
    assert sorted(shown[1:3]) == ["a5", "b4"]
    assert shown[3:] == ["b6", "no end"]
    for stream in streams:
        stream.close()
