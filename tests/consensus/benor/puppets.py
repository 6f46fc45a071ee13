"""Members whose every delivery and coin a scheduler decides on."""

from collections.abc import Iterable
from typing import Any

from consensus.agreement import Decided, Opened, Propose, step
from consensus.benor.agreement import BenOr, Rule
from consensus.benor.messages import Ballot, Report
from consensus.committee import Committee
from consensus.effects import Broadcast, Toss
from consensus.events import Received, Tossed


class Puppets:
    """What members said, by sender, round and kind; who waits for a coin; who has decided."""

    def __init__(self, inputs: Iterable[int], rule: Rule) -> None:
        bits = list(inputs)
        committee = Committee.of(len(bits), (len(bits) - 1) // 2)
        self.members = [BenOr(me, committee, rule) for me in range(len(bits))]
        self.said: dict[tuple[int, int, type], Any] = {}
        self.tossing: set[int] = set()
        self.decided: dict[int, int] = {}
        for me, bit in enumerate(bits):
            self.feed(me, Opened())
            self.feed(me, Propose(bytes([bit])))

    def feed(self, me: int, event: Any) -> None:
        for effect in step(self.members[me], event):
            match effect:
                case Broadcast(Report() | Ballot() as vote):
                    self.said[me, vote.round, type(vote)] = vote
                    self.feed(me, Received(me, vote))
                case Broadcast(message):
                    self.feed(me, Received(me, message))
                case Toss():
                    self.tossing.add(me)
                case Decided((value,)):
                    self.decided[me] = value[0]

    def hear(self, me: int, kind: type, round_: int, senders: Iterable[int]) -> None:
        """Deliver the votes of these members, as far as they were said."""
        for sender in senders:
            if sender != me and (sender, round_, kind) in self.said:
                self.feed(me, Received(sender, self.said[sender, round_, kind]))

    def show(self, me: int, round_: int, face: int) -> None:
        """The coin of a member that waits for it."""
        if me in self.tossing:
            self.tossing.discard(me)
            self.feed(me, Tossed((round_,), face))

    def value(self, me: int) -> int:
        """What a member holds."""
        value = self.members[me].value
        assert value is not None
        return value
