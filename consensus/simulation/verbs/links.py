"""Links lose, delay, hold back and are cut, and a core is healed."""

from collections import Counter
from typing import Any

from consensus.model.topology import make_complete, make_from_edges, make_ring, make_star
from consensus.model.validity import Finality
from consensus.simulation import carrying, watchman
from consensus.simulation.links import Quality
from consensus.simulation.telling import name_message
from consensus.simulation.verbs import hosts
from consensus.simulation.verbs.board import Board
from consensus.simulation.words import (
    ScenarioError,
    parse_number,
    parse_permille,
    parse_quality,
    split_at,
    take_one,
    take_pair,
    word_at,
)

CALM = Quality(1, 20)
"""What links between the members of a healed core are like."""


def quality(board: Board, words: list[str]) -> None:
    """Delays, loss, duplicates, tails."""
    qualities, ends = split_at(words, "on")
    quality = parse_quality(qualities)
    if ends:
        sender, receiver = take_pair(board.places(ends))
        board.cluster.links.own[sender, receiver] = quality
    else:
        board.cluster.links.quality = quality


def partition(board: Board, words: list[str]) -> None:
    """Cut the network into groups."""
    groups: list[list[str]] = [[]]
    for word in words:
        if word == "|":
            groups.append([])
        else:
            groups[-1].append(word)
    board.cluster.links.partition(*(board.places(group) for group in groups))


def oneway(board: Board, words: list[str]) -> None:
    """Cut one direction."""
    senders, receivers = split_at(words, "|")
    board.cluster.links.cut_one_way(board.places(senders), board.places(receivers))


def clog(board: Board, words: list[str]) -> None:
    """A link holds everything back."""
    sender, receiver = take_pair(board.places(words))
    board.cluster.links.clogged.setdefault((sender, receiver), [])


def unclog(board: Board, words: list[str]) -> None:
    """It lets everything go."""
    sender, receiver = take_pair(board.places(words))
    carrying.unclog(board.cluster, [(sender, receiver)])


def starve(board: Board, words: list[str]) -> None:
    """An adversary who sees who leads keeps it from being heard (FLP's, in part)."""
    cluster = board.cluster
    account = cluster.spec.account
    accounts = [account(host.engine) for host in cluster.hosts.values() if host.engine]
    leaders = Counter(a.leader for a in accounts if a.leader is not None)
    if not leaders:
        return
    name = leaders.most_common(1)[0][0]
    pairs = [(a, b) for a in cluster.addresses[name] for b in cluster.hosts if a != b]
    for pair in pairs:
        cluster.links.clogged.setdefault(pair, [])
    cluster.history.probes["leader-starved"] += 1
    cluster.timeline.schedule(parse_number(take_one(words)), carrying.unclog, cluster, pairs)


def omit(board: Board, words: list[str]) -> None:
    """A host omits to send or to receive."""
    place, way, permille = (
        board.host(word_at(words, 0)).place,
        word_at(words, 1),
        parse_permille(word_at(words, 2)),
    )
    if way not in {"send", "receive"}:
        raise ScenarioError(f"one omits to send or to receive, not to {way!r}")
    for other in board.cluster.hosts:
        pair = (place, other) if way == "send" else (other, place)
        board.cluster.links.omission[pair] = permille


def drop(board: Board, words: list[str]) -> None:
    """Lose messages of some kinds."""
    rest, receivers = split_at(words, "to")
    kinds, senders = split_at(rest, "from")
    from_places, to_places = set(board.places(senders)), set(board.places(receivers))

    def let(sender: int, receiver: int, message: Any) -> bool:
        is_meant = "all" in kinds or name_message(message) in kinds
        is_from = not from_places or sender in from_places
        is_to = not to_places or receiver in to_places
        return not (is_meant and is_from and is_to)

    board.cluster.links.filters.append(let)


def heal(board: Board, _words: list[str]) -> None:
    """Mend all links."""
    board.cluster.links.heal()


def topology(board: Board, words: list[str]) -> None:
    """Who has a link to whom."""
    size = len(board.cluster.hosts)
    makers = {"complete": make_complete, "ring": make_ring, "star": make_star}
    if word_at(words, 0) in makers:
        board.cluster.links.topology = makers[take_one(words)](size)
        return
    edges = [tuple(map(parse_number, word.split("-"))) for word in words]
    if any(len(edge) != 2 for edge in edges):
        raise ScenarioError(f"links are written A-B, not {' '.join(words)!r}")
    board.cluster.links.topology = make_from_edges(size, [(a, b) for a, b in edges])


def core(board: Board, words: list[str]) -> None:
    """Some hosts are well from here on, and so are the links between them.

    Who is outside may be cut off for ever: where finality is a matter of chance, and so of hearing
    what others find in time, nothing is promised there any more.
    """
    delays = [word for word in words if "=" in word]
    places = board.places([word for word in words if "=" not in word])
    quality = CALM
    if delays:
        quality = parse_quality(delays)
    links = board.cluster.links
    pairs = [(a, b) for a in places for b in places if a != b]
    if board.cluster.spec.model.finality is Finality.PROBABILISTIC:
        everybody = {host.name for host in board.cluster.hosts.values()}
        board.cluster.history.forsaken = everybody - {board.cluster.hosts[p].name for p in places}
    links.heal(places)
    links.filters.clear()
    links.own.update(dict.fromkeys(pairs, quality))
    carrying.unclog(board.cluster, pairs)
    carrying.hasten(board.cluster, places, quality.delay_ms_max)
    for place in places:
        host = board.cluster.hosts[place]
        host.fuse = None
    hosts.restart(board, [str(place) for place in places])
    hosts.resume(board, [str(place) for place in places])
    for host in (board.cluster.hosts[place] for place in places):
        if host.watchman is not None:
            watchman.come_true(host)
