"""Events one by one: messages are held back and delivered by name, timers run out by name."""

from consensus.events import Timer
from consensus.simulation import carrying
from consensus.simulation.parcel import Parcel
from consensus.simulation.telling import name_message
from consensus.simulation.verbs.board import Board
from consensus.simulation.words import ScenarioError, parse_number, take_pair, word_at


def hold(board: Board, _words: list[str]) -> None:
    """Every link holds everything back."""
    places, clogged = board.cluster.hosts, board.cluster.links.clogged
    for pair in ((a, b) for a in places for b in places if a != b):
        clogged.setdefault(pair, [])


def deliver(board: Board, words: list[str]) -> None:
    """A held message arrives; it stays held."""
    origin, to = take_pair(board.places(words[:2]))
    kind, number = word_at(words, 2), parse_number((*words[3:], "1")[0])
    held = list_held(board, origin, to, kind)
    if not 1 <= number <= len(held):
        raise ScenarioError(f"{len(held)} messages {kind} from {origin} to {to} are held")
    carrying.deliver(board.cluster, held[number - 1], to)


def list_held(board: Board, origin: int, to: int, kind: str) -> list[Parcel]:
    """The messages of a kind that a link holds, oldest first."""
    held = board.cluster.links.clogged.get((origin, to), ())
    return [parcel for parcel in held if name_message(parcel.message) == kind]


def elapse(board: Board, words: list[str]) -> None:
    """A timer runs out, whatever the time."""
    host = board.host(word_at(words, 0))
    timer = read_timer(words[1:])
    if timer not in host.timers:
        known = ", ".join(" ".join(map(str, name)) for name in sorted(host.timers, key=repr))
        raise ScenarioError(f"no such timer; there are: {known or 'none'}")
    host.elapse(timer, host.timers[timer])


def read_timer(words: list[str]) -> Timer:
    """The name of a timer: words, and numbers."""
    return tuple(int(word) if word.isdecimal() else word for word in words)
