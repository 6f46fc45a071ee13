"""Clients read: once and to be seen, at random moments, and within a bound once all is well."""

from consensus.simulation import carrying, reading, watchman
from consensus.simulation.chance import Chance
from consensus.simulation.history import ViolationError
from consensus.simulation.host import Host
from consensus.simulation.verbs.board import Board, heads_of
from consensus.simulation.words import ScenarioError, parse_number, take_one, word_at

READS_PER_SECOND_MAX = 1_000
READ_ON_MS = 10
"""How often the clients of a leader read that was cut off."""
AGAIN_MS = 500
"""After so long without an answer a client asks again, as nodes do for theirs."""


def read(board: Board, words: list[str]) -> None:
    """Ask hosts to read, and print the heights that they may answer at."""
    check_engine(board)
    within_ms, hosts = parse_number(word_at(words, 0)), board.hosts(words[1:])
    started_ms = board.cluster.now_ms
    tickets = [reading.ask(host) if reading.can_read(host) else 0 for host in hosts]
    asked = list(zip(hosts, tickets, strict=True))
    board.cluster.run_until(lambda: all(is_answered(*one) for one in asked), within_ms)
    board.print_trace()
    words = [tell_answer(*one) for one in asked]
    elapsed_ms = board.cluster.now_ms - started_ms
    board.printed.append(f"read after {elapsed_ms} ms: {', '.join(words)}")


def is_answered(host: Host, ticket: int) -> bool:
    """Has the engine named a height."""
    return ticket in host.reads.answers


def tell_answer(host: Host, ticket: int) -> str:
    """A host, and the height at which it may answer."""
    height = host.reads.answers.get(ticket)
    return f"{host.place} {'not answered' if height is None else f'at {height}'}"


def check_engine(board: Board) -> None:
    """Refuse to read where nothing answers."""
    spec = board.cluster.spec
    if not spec.reads:
        raise ScenarioError(f"{spec.name} answers no reads")


def reads(board: Board, words: list[str]) -> None:
    """Reads at random hosts and moments, so many a second; half of them at one that leads.

    Or thinks so: a leader who does not know that it is none any more is who answers stale reads.
    """
    check_engine(board)
    rate = parse_number(take_one(words))
    if rate > READS_PER_SECOND_MAX:
        raise ScenarioError(f"at most {READS_PER_SECOND_MAX} reads a second, not {rate}")
    board.reading += 1
    if rate:
        chance = board.cluster.chance.fork(f"reads/{board.reading}")
        read_next(board, board.reading, chance, 1_000 // rate)


def read_next(board: Board, number: int, chance: Chance, pause_ms: int) -> None:
    """One read, and another one later, unless these reads have ended."""
    if number != board.reading:
        return
    hosts = [host for host in board.cluster.hosts.values() if reading.can_read(host)]
    if chance.happens(500):
        hosts = [host for host in hosts if reading.is_leading(host)] or hosts
    if hosts:
        reading.ask(chance.choose(hosts))
    later_ms = chance.between(1, 2 * pause_ms)
    board.cluster.timeline.schedule(later_ms, read_next, board, number, chance, pause_ms)


def depose(board: Board, words: list[str]) -> None:
    """Whoever leads is cut off for a while, and suspected at once, and clients go on to read there.

    That is when a leader answers stale reads that does not make sure that it still leads.
    """
    check_engine(board)
    for_ms, cluster = parse_number(take_one(words)), board.cluster
    former = [h for h in cluster.hosts.values() if reading.can_read(h) and reading.is_leading(h)]
    if not former:
        return
    host = former[0]
    pairs = [pair for other in cluster.hosts for pair in ((host.place, other), (other, host.place))]
    pairs = [(a, b) for a, b in pairs if a != b]
    for pair in pairs:
        cluster.links.clogged.setdefault(pair, [])
    cluster.history.probes["leader-deposed"] += 1
    cluster.timeline.schedule(for_ms, carrying.unclog, cluster, pairs)
    for other in cluster.hosts.values():
        if other.is_up and other is not host and other.watchman is not None:
            watchman.tell_lie(other, 0, suspects=True)
    read_on(board, host, cluster.now_ms + for_ms)


def read_on(board: Board, host: Host, end_ms: int) -> None:
    """Clients of one host read, one after the other, until the end."""
    if board.cluster.now_ms >= end_ms:
        return
    if reading.can_read(host):
        reading.ask(host)
    board.cluster.timeline.schedule(READ_ON_MS, read_on, board, host, end_ms)


def demand_reads(board: Board, bound_ms: int, places: list[int]) -> None:
    """A read at every correct voter is answered, and can be served, within the bound.

    An engine may leave a question unanswered, so it is asked again. Who lost its journal may have no
    vote any more.
    """
    cluster = board.cluster
    board.reading += 1
    hosts = [cluster.hosts[place] for place in places]
    readers = [host for host in hosts if is_owed(board, host)]
    tickets: dict[int, list[int]] = {host.place: [] for host in readers}

    def is_served(host: Host) -> bool:
        return any(reading.is_served(host, ticket) for ticket in tickets[host.place])

    def are_served() -> bool:
        return all(is_served(host) for host in readers)

    end_ms = cluster.now_ms + bound_ms
    while not are_served():
        if cluster.now_ms >= end_ms:
            late = " ".join(str(host.place) for host in readers if not is_served(host))
            detail = f"not at hosts {late} within {bound_ms} ms, heads {heads_of(cluster)}"
            raise ViolationError("reads-are-answered", detail)
        for host in readers:
            if not is_served(host) and reading.can_read(host):
                tickets[host.place].append(reading.ask(host))
        cluster.run_until(are_served, min(AGAIN_MS, end_ms - cluster.now_ms))


def is_owed(board: Board, host: Host) -> bool:
    """Is a host one whose clients are owed an answer."""
    history = board.cluster.history
    is_correct = host.name not in history.byzantine and host.name not in history.forgetful
    return host.spec.reads and not host.is_follower and is_correct
