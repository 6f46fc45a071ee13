"""A replay as a trace, one event to each unit of time, so that it can be drawn like a run."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from consensus.exploration.replaying import Replay
from consensus.exploration.table import Deliver, Fire, Move
from consensus.exploration.telling import tell_message
from consensus.simulation.entry import NETWORK, Entry


@dataclass(slots=True)
class Film:
    """Watches a replay from its beginning."""

    replay: Replay
    entries: list[Entry] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)
    """Of each message on its way, by the identity of its place in the mail."""
    count: int = 0
    said: set[int] = field(default_factory=set)
    """Who has decided."""
    clock: int = 0
    """Moves so far, without those that are not shown."""

    def begin(self) -> None:
        """What was sent before the first move."""
        self.note()

    def play(self, move: Move) -> None:
        """One move; raises `ReplayError` if it cannot happen."""
        number = self.find_number(move)
        self.replay.play(move)
        self.clock += 1
        at = self.clock
        if isinstance(move, Deliver):
            kind, detail = type(move.message).__name__, tell_message(move.message)
            entry = Entry(at, move.to, "receive", move.sender, kind, detail, number, move.sender)
            self.entries.append(entry)
        elif isinstance(move, Fire):
            self.entries.append(Entry(at, move.to, "timer", None, str(move.timer[0]), ""))
        self.note()

    def play_all(self, moves: Iterable[Move]) -> None:
        """Several."""
        for move in moves:
            self.play(move)

    def find_number(self, move: Move) -> int:
        """Of the message that a delivery takes."""
        for sent in self.replay.mail:
            if sent.delivery == move:
                return self.numbers.pop(id(sent))
        return 0

    def skip(self, move: Deliver) -> None:
        """A delivery that changes nothing, and is not shown."""
        self.find_number(move)
        self.replay.play(move)
        self.note()

    def note(self) -> None:
        """Whatever is new in the mail, and who has decided."""
        for sent in self.replay.mail:
            if id(sent) not in self.numbers:
                self.count += 1
                self.numbers[id(sent)] = self.count
                one = sent.delivery
                detail = tell_message(one.message)
                kind = type(one.message).__name__
                self.entries.append(
                    Entry(self.clock, one.sender, "send", one.to, kind, detail, self.count)
                )

        for me, word in self.replay.words().items():
            if me not in self.said:
                self.said.add(me)
                self.entries.append(Entry(self.clock, me, "decide", None, "", str(word[0])))

    def say(self, words: str) -> None:
        """A line across the drawing."""
        self.entries.append(Entry(self.clock, NETWORK, "event", None, "", words))
