"""Hosts crash, restart, pause, and are slow."""

from consensus.simulation.host import AFTER, FUSES
from consensus.simulation.verbs.board import Board
from consensus.simulation.words import (
    ScenarioError,
    parse_number,
    parse_pairs,
    parse_signed,
    word_at,
)


def crash(board: Board, words: list[str]) -> None:
    """Stop hosts."""
    for host in board.hosts(words):
        board.cluster.crash(host.place)


def power(board: Board, words: list[str]) -> None:
    """Stop hosts, and lose what was not synced."""
    for host in board.hosts(words):
        board.cluster.crash(host.place, power=True)


def restart(board: Board, words: list[str]) -> None:
    """Start hosts from their disks."""
    for host in board.hosts(words):
        if not host.is_up:
            board.cluster.restart(host.place)


def wipe(board: Board, words: list[str]) -> None:
    """Start a host whose disk, or journal, is lost."""
    place = board.host(word_at(words, 0)).place
    if words[1:] not in ([], ["journal"]):
        raise ScenarioError(f"wipe R, or wipe R journal; not {' '.join(words)!r}")
    board.cluster.crash(place)
    board.cluster.wipe(place, journal_only=bool(words[1:]))
    board.cluster.restart(place)


def fuse(board: Board, words: list[str]) -> None:
    """A crash at a write."""
    host, count, where = (
        board.host(word_at(words, 0)),
        parse_number(word_at(words, 1)),
        (*words[2:], AFTER)[0],
    )
    if where not in FUSES or not count:
        raise ScenarioError(f"a fuse burns {', '.join(FUSES)} a write from 1 on")
    host.fuse = count, where


def pause(board: Board, words: list[str]) -> None:
    """Hosts handle nothing."""
    for host in board.hosts(words):
        if host.is_up and not host.is_paused:
            board.cluster.note_event(host.place, "pause")
            board.cluster.note_probe(host, "host-paused")
            host.pause()


def resume(board: Board, words: list[str]) -> None:
    """Hosts handle what has arrived meanwhile."""
    for host in board.hosts(words):
        if host.is_paused:
            board.cluster.note_event(host.place, "resume")
            host.wake()


def habit(board: Board, words: list[str]) -> None:
    """How slow a host is."""
    habits, pairs = board.host(word_at(words, 0)).habits, parse_pairs(words[1:])
    unknown = set(pairs) - {"check", "apply", "sync", "drift", "skew"}
    if unknown:
        raise ScenarioError(f"no such habit: {', '.join(sorted(unknown))}")
    habits.check_ms = parse_number(pairs.get("check", "0"))
    habits.apply_ms = parse_number(pairs.get("apply", "0"))
    habits.sync_ms = parse_number(pairs.get("sync", "0"))
    habits.drift_permille = parse_signed(pairs.get("drift", "0"))
    habits.skew_ms = parse_signed(pairs.get("skew", "0"))
    if abs(habits.drift_permille) >= 1_000:
        raise ScenarioError("a clock drifts by less than 1000 thousandths")
