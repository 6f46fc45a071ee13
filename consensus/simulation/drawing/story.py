"""What the entries of a trace say happened: flights of messages, and the lives of hosts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median

from consensus.simulation.entry import Entry

RECEIVED, LOST, OPEN = "received", "lost", "open"
"""What became of a copy; open: the trace does not say, it may be still under way."""
UP, DOWN, PAUSED = "up", "down", "paused"
STATE_AFTER = {"crash": DOWN, "restart": UP, "pause": PAUSED, "resume": UP}
MESSAGES = frozenset({"send", "receive", "lose"})


@dataclass(frozen=True, slots=True)
class Flight:
    """One copy of a message, from host to host; `sent` is None if the trace lacks the send."""

    origin: int
    target: int
    fate: str
    sent: Entry | None
    ended: Entry | None

    @property
    def known(self) -> Entry:
        """An entry that tells kind and number."""
        entry = self.sent or self.ended
        assert entry is not None
        return entry

    @property
    def sent_ms(self) -> int:
        """When it was sent; what has no send is taken to arrive at once."""
        return self.known.at_ms

    @property
    def ended_ms(self) -> int:
        """When it was received or lost; what is open ends where it begins."""
        return self.ended.at_ms if self.ended else self.known.at_ms


@dataclass(frozen=True, slots=True)
class Life:
    """A host was up, down or paused for a while; the last one of a host has no end."""

    place: int
    state: str
    begin_ms: int | None
    end_ms: int | None


@dataclass(slots=True)
class Story:
    """A whole trace, sorted out."""

    places: list[int]
    flights: list[Flight]
    lives: list[Life]
    marks: list[Entry]
    """Everything but messages, in order."""
    sends: list[Entry]
    kinds: list[str] = field(default_factory=list)
    """Of messages, in order of first appearance."""

    @property
    def hop_ms(self) -> float:
        """The median delay of what was received and took any time; 1 if nothing was."""
        delays = [
            flight.ended_ms - flight.sent_ms for flight in self.flights if flight.fate == RECEIVED
        ]
        return float(median([delay for delay in delays if delay > 0] or [1]))


def tell_story(entries: Sequence[Entry], nodes: int, replicas: Sequence[int] = ()) -> Story:
    """Sort out a trace of `nodes` hosts; `replicas` tells whose key each address has."""
    seen = {entry.place for entry in entries} | {entry.origin for entry in entries}
    known = set(range(max(nodes, len(replicas))))
    places = sorted(place for place in seen | known if place >= 0)
    sends = [entry for entry in entries if entry.kind == "send"]
    flights = [*find_ended(entries), *find_open(entries, places, replicas)]
    return Story(
        places=places,
        flights=flights,
        lives=find_lives(entries, places),
        marks=[entry for entry in entries if entry.kind not in MESSAGES],
        sends=sends,
        kinds=list(dict.fromkeys(entry.name for entry in entries if entry.kind in MESSAGES)),
    )


def find_ended(entries: Iterable[Entry]) -> list[Flight]:
    """The copies that were received or lost, in that order of the trace."""
    sent: dict[int, Entry] = {}
    flights = []
    for entry in entries:
        if entry.kind == "send":
            sent[entry.number] = entry
        elif entry.kind == "receive":
            flights.append(make_flight(RECEIVED, entry.place, sent.get(entry.number), entry))
        elif entry.kind == "lose":
            target = entry.place if entry.peer is None else entry.peer
            flights.append(make_flight(LOST, target, sent.get(entry.number), entry))
    return flights


def make_flight(fate: str, target: int, sent: Entry | None, ended: Entry) -> Flight:
    """A copy that ended; its origin stands in the entry, or is where it was sent."""
    origin = ended.origin
    if origin < 0:
        origin = sent.place if sent else target
    return Flight(origin, target, fate, sent, ended)


def find_open(
    entries: Iterable[Entry], places: Sequence[int], replicas: Sequence[int]
) -> list[Flight]:
    """The copies of which the trace tells no end."""
    ended = defaultdict(set)
    sends = []
    for entry in entries:
        if entry.kind == "send":
            sends.append(entry)
        elif entry.kind == "receive":
            ended[entry.number].add(entry.place)
        elif entry.kind == "lose":
            ended[entry.number].add(entry.place if entry.peer is None else entry.peer)
    return [
        Flight(entry.place, target, OPEN, entry, None)
        for entry in sends
        for target in places
        if target not in ended[entry.number] and is_meant(entry, target, replicas)
    ]


def is_meant(sent: Entry, target: int, replicas: Sequence[int]) -> bool:
    """Does a message go to an address; nobody writes to a host with its own key."""
    replica = name_replica(target, replicas)
    if replica == name_replica(sent.place, replicas):
        return False
    return sent.peer is None or sent.peer == replica


def name_replica(place: int, replicas: Sequence[int]) -> int:
    """Whose key the host at an address has."""
    return replicas[place] if 0 <= place < len(replicas) else place


def find_lives(entries: Iterable[Entry], places: Iterable[int]) -> list[Life]:
    """The states of all hosts in turn; each is up until the trace says otherwise."""
    turns = defaultdict(list)
    for entry in entries:
        if entry.kind in STATE_AFTER:
            turns[entry.place].append(entry)
    return [life for place in places for life in follow_life(place, turns[place])]


def follow_life(place: int, turns: Iterable[Entry]) -> Iterator[Life]:
    """The states of one host."""
    state, begin_ms = UP, None
    for entry in turns:
        if STATE_AFTER[entry.kind] != state:
            yield Life(place, state, begin_ms, entry.at_ms)
            state, begin_ms = STATE_AFTER[entry.kind], entry.at_ms
    yield Life(place, state, begin_ms, None)
