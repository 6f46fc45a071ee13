"""Hosts begin to lie."""

from consensus.simulation.byzantine.behaviour import Liar
from consensus.simulation.byzantine.registry import make_behaviour
from consensus.simulation.signatures import make_sign
from consensus.simulation.verbs.board import Board
from consensus.simulation.words import split_at, take_one, word_at


def forge_item(height: int, n: int) -> str:
    """The n-th thing that a liar wants ordered at a height; some of it is invalid."""
    return f"{'!' if (height + n) % 6 == 0 else ''}forged{height}.{n}"


def behave(board: Board, words: list[str]) -> None:
    """A host begins to lie."""
    host = board.host(word_at(words, 0))
    cluster = board.cluster
    liar = Liar(
        host.name,
        cluster.committee,
        cluster.chance.fork(f"liar/{host.place}"),
        make_sign(host.name),
        cluster.spec.patience_ms(cluster.parameters),
        lambda height, n: host.application.compose(host.name, height, [forge_item(height, n)]),
    )
    cluster.behave(host.place, make_behaviour(word_at(words, 1), liar, words[2:]))
    cluster.history.probes[f"behaved-{word_at(words, 1)}"] += 1


def twin(board: Board, words: list[str]) -> None:
    """Another host with the same key; both are honest, together they are not."""
    host = board.host(take_one(words))
    other = board.cluster.add_host(host.name)
    board.cluster.history.byzantine.add(host.name)
    board.cluster.history.probes["twin-started"] += 1
    for item in host.application.waiting:
        other.submit(item)
    if host.is_up:
        board.cluster.restart(other.place)


def split(board: Board, words: list[str]) -> None:
    """Equivocation: two engines under one key, each with its own half of the others."""
    sides, right = split_at(words, "|")
    place, left = word_at(sides, 0), sides[1:]
    twin(board, [place])
    other = max(board.cluster.hosts)
    for speaker, side in ((place, left), (str(other), right)):
        names = [str(host.name) for host in board.hosts(side)]
        behave(board, [speaker, "selective", *names])


def censor(board: Board, words: list[str]) -> None:
    """A host leaves items out; it lies in no word."""
    host = board.host(word_at(words, 0))
    board.cluster.history.byzantine.add(host.name)
    board.cluster.history.probes["behaved-censor"] += 1
    host.application.censored = host.application.censored | frozenset(words[1:])
