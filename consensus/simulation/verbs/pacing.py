"""Time passes, work comes in, and work is due."""

from consensus.simulation.duties import DUTIES
from consensus.simulation.history import ViolationError
from consensus.simulation.membership import CHANGES
from consensus.simulation.properties import Property
from consensus.simulation.verbs.board import Board, heads_of
from consensus.simulation.verbs.reading import demand_reads
from consensus.simulation.words import ScenarioError, parse_number, split_at, take_one, word_at

LOAD_PER_SECOND_MAX = 1_000
BACKLOG_MS = 250
"""What each item that waits when a core is healed adds to the bound: a height, at worst.

More where the engine says that its heights are long.
"""


def run(board: Board, words: list[str]) -> None:
    """Let time pass."""
    board.cluster.run(parse_number(take_one(words)))


def rest(board: Board, words: list[str]) -> None:
    """Let time pass until the chain is at rest."""
    within_ms, places = parse_number(word_at(words, 0)), board.places(words[1:]) or None
    started_ms = board.cluster.now_ms
    at_rest = board.cluster.run_until(lambda: board.cluster.are_at_rest(places), within_ms)
    board.print_trace()
    elapsed_ms = board.cluster.now_ms - started_ms
    word = f"at rest after {elapsed_ms} ms" if at_rest else f"not at rest in {within_ms} ms"
    board.printed.append(f"{word}, heads {heads_of(board.cluster)}")


def demand(board: Board, words: list[str]) -> None:
    """All work is done within a bound; and so is new work, for one does not rest for ever."""
    bound_ms, places = parse_number(word_at(words, 0)), board.places(words[1:])
    board.load += 1
    waiting = max(len(list(h.application.waiting)) for h in board.cluster.hosts.values())
    bound_ms += compute_backlog_ms(board, places) * waiting
    for duty in DUTIES:
        await_duty(board, duty, bound_ms, places)
    board.items += 1
    board.cluster.submit(f"new{board.items}", places)
    for duty in DUTIES:
        await_duty(board, duty, bound_ms, places)
    if board.cluster.spec.reads:
        demand_reads(board, bound_ms, places)


def compute_backlog_ms(board: Board, places: list[int]) -> int:
    """What an item that waits adds to the bound on the links between these hosts."""
    links, delays = board.cluster.links, board.cluster.spec.model.backlog_delays
    pairs = ((a, b) for a in places for b in places if a != b)
    slowest_ms = max((links.get_quality(pair).delay_ms_max for pair in pairs), default=0)
    return max(BACKLOG_MS, delays * slowest_ms)


def await_duty(board: Board, duty: Property, bound_ms: int, places: list[int]) -> None:
    """A property holds for some hosts within the bound."""
    cluster = board.cluster
    if not cluster.run_until(lambda: duty.look(cluster, places), bound_ms):
        hosts = " ".join(map(str, places))
        detail = f"not at hosts {hosts} within {bound_ms} ms, heads {heads_of(cluster)}"
        raise ViolationError(duty.name, detail)


def submit(board: Board, words: list[str]) -> None:
    """Work for all, or for some."""
    items, names = split_at(words, "to")
    for item in items:
        board.cluster.submit(item, board.places(names) or None)


def committee(board: Board, words: list[str]) -> None:
    """Another committee is asked for."""
    if not words or words[0] not in CHANGES or len(words) - 1 != sum(CHANGES[words[0]]):
        raise ScenarioError(f"add R, remove R or replace R R, not {' '.join(words)!r}")
    if board.cluster.hosts[0].application.tenure is None:
        raise ScenarioError("the committee is fixed: say changing=1 in the cluster line")
    board.cluster.submit(":".join(words))


def load(board: Board, words: list[str]) -> None:
    """Items at a steady rate."""
    rate = parse_number(take_one(words))
    if rate > LOAD_PER_SECOND_MAX:
        raise ScenarioError(f"at most {LOAD_PER_SECOND_MAX} items a second, not {rate}")
    board.load += 1
    if rate:
        submit_next(board, board.load, 1_000 // rate)


def submit_next(board: Board, load: int, pause_ms: int) -> None:
    """One item, and another one later, unless this load has ended."""
    if load == board.load:
        board.items += 1
        board.cluster.submit(f"w{board.items}")
        board.cluster.timeline.schedule(pause_ms, submit_next, board, load, pause_ms)
