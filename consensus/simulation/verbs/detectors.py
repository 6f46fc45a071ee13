"""Failure detectors are wrong."""

from consensus.simulation import watchman
from consensus.simulation.verbs.board import Board
from consensus.simulation.words import ScenarioError, parse_number, split_at, take_one


def suspect(board: Board, words: list[str]) -> None:
    """Detectors say that whoever they watch is silent."""
    deceive(board, words, suspects=True)


def trust(board: Board, words: list[str]) -> None:
    """Detectors say that whoever they watch is heard."""
    deceive(board, words, suspects=False)


def deceive(board: Board, words: list[str], *, suspects: bool) -> None:
    """Hosts that are up hear one word from their detectors, or the same for some time."""
    names, times = split_at(words, "for")
    for_ms = parse_number(take_one(times)) if "for" in words else 0
    if not board.cluster.spec.compute_silence_ms(board.cluster.parameters):
        raise ScenarioError("this engine watches nobody")
    for host in board.hosts(names):
        if host.is_up:
            watchman.tell_lie(host, for_ms, suspects=suspects)
