"""Hosts begin to lie."""

from consensus.events import Pending
from consensus.simulation import tree_host
from consensus.simulation.byzantine.behaviour import Liar
from consensus.simulation.byzantine.registry import make_behaviour
from consensus.simulation.signatures import make_sign
from consensus.simulation.verbs.board import Board
from consensus.simulation.words import (
    ScenarioError,
    parse_number,
    split_at,
    take_one,
    word_at,
)


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


def attack(board: Board, words: list[str]) -> None:
    """A host that mines follows another strategy from here on, also when it is started again."""
    host = board.host(word_at(words, 0))
    name, rules = word_at(words, 1), board.cluster.spec.tree
    adversaries = {} if rules is None else rules.adversaries
    if name not in adversaries:
        known = ", ".join(adversaries) or "none for this engine"
        raise ScenarioError(f"no adversary {name!r}; there are: {known}")
    make, arguments = adversaries[name], tuple(words[2:])
    host.strategy = lambda engine: make(engine, arguments)
    board.cluster.history.byzantine.add(host.name)
    board.cluster.history.probes["behaved-attack"] += 1
    board.cluster.history.probes[f"attacked-{name}"] += 1
    if host.engine is None:
        host.strategy(host.spec.create(host.name, host.committee, host.parameters))
    else:
        host.engine = host.strategy(host.engine)
        host.feed(Pending(*host.flags))  # says nothing new, and lets it mine where it wants to


def work(board: Board, words: list[str]) -> None:
    """How fast a host hashes, in thousandths of what each member does by default."""
    host = board.host(word_at(words, 0))
    host.miner.power_permille = parse_number(word_at(words, 1))
    tree_host.search(host)
