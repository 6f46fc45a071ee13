"""FloodSet: everybody tells everybody all they know, f + 1 times (the chapter's 5.1, mended).

Source: Lynch 1996, section 6.2; Dolev and Strong 1983 for the bound.

Model: synchronous, reliable links, members crash for good.
Bound: f < n for uniform agreement and V1. With plurality V2 where n > 2f: the values of the correct
outnumber the others. No rule has V2 at n <= 2f, and `min` has it nowhere.
Safety: among f + 1 rounds one is clean, nobody crashes in it. After it all who are up know the same
pairs, and nothing new can come, since whatever is known is known to all. So all choose alike; who
crashes later has decided nothing, for decisions are made at the end of the last round.

Where the chapter errs: it replaces the values after each round by their majority, but only where more
than n - f messages came, so that after a crash nobody learns anything (see `textbook`); and it
explains agreement by majorities instead of the clean round.

Cost: f + 1 rounds, (f + 1) n (n - 1) messages. A pair is said once by each member, so each message
but the first carries only what is new: O(n^3 b) bits for inputs of b bits. Nothing to say is still
said: silence means a crash.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from consensus.committee import Committee, ReplicaId
from consensus.lockstep.choosing import Rule, choose
from consensus.lockstep.messages import Flood, Pair


@dataclass(slots=True)
class FloodSet:
    """One participant; fewer than f + 1 `rounds` are for showing what then breaks."""

    me: ReplicaId
    committee: Committee
    rounds: int
    rule: Rule
    known: dict[ReplicaId, bytes]
    """The inputs heard of, by whose they are."""
    fresh: dict[ReplicaId, bytes]
    """Of these, what was not said yet."""
    decision: bytes | None = None
    has_halted: bool = False

    def send(self, in_round: int) -> Flood:
        """What is new."""
        self.has_halted = in_round == self.rounds
        return say_fresh(self.fresh)

    def receive(self, in_round: int, mail: Mapping[ReplicaId, Any]) -> None:
        """Learn, and decide at the end of the last round."""
        learn(self.committee, self.known, self.fresh, mail)
        if in_round == self.rounds:
            self.decision = choose(self.rule, self.known.values())


def create(
    me: ReplicaId,
    committee: Committee,
    value: bytes,
    rule: Rule = Rule.PLURALITY,
    rounds: int | None = None,
) -> FloodSet:
    """A participant with its input, for f + 1 rounds unless told otherwise."""
    lasting = committee.faults + 1 if rounds is None else rounds
    return FloodSet(me, committee, lasting, rule, {me: value}, {me: value})


def say_fresh(fresh: dict[ReplicaId, bytes]) -> Flood:
    """The pairs that were not said yet, in order; now they are."""
    pairs = tuple(Pair(member, fresh[member]) for member in sorted(fresh))
    fresh.clear()
    return Flood(pairs)


def learn(
    committee: Committee,
    known: dict[ReplicaId, bytes],
    fresh: dict[ReplicaId, bytes],
    mail: Mapping[ReplicaId, Any],
) -> None:
    """Add the pairs that are new; the first word about each member counts."""
    for sender in sorted(mail):
        said = mail[sender]
        for pair in said.pairs if isinstance(said, Flood) else ():
            if pair.member not in known and committee.is_member(pair.member):
                known[pair.member] = fresh[pair.member] = pair.value


@dataclass(slots=True)
class OptFloodSet:
    """FloodSet that says at most two values (Lynch 1996, section 6.2.3).

    Each member says its input, and the first other value it hears of; one value known is decided,
    and `default` where there are several. V0 only: at most 2n(n-1) messages, O(n^2 b) bits. Silence
    is no sign of a crash here, so the lockstep adapter says heartbeats in its stead.
    """

    me: ReplicaId
    committee: Committee
    rounds: int
    default: bytes
    known: set[bytes]
    fresh: list[bytes] = field(default_factory=list)
    decision: bytes | None = None
    has_halted: bool = False

    def send(self, in_round: int) -> Flood | None:
        """What is new, if anything is."""
        self.has_halted = in_round == self.rounds
        said = tuple(Pair(self.me, value) for value in self.fresh)
        self.fresh.clear()
        return Flood(said) if said else None

    def receive(self, in_round: int, mail: Mapping[ReplicaId, Any]) -> None:
        """Two values are enough to know that there are several."""
        for sender in sorted(mail):
            said = mail[sender]
            for pair in said.pairs if isinstance(said, Flood) else ():
                if pair.value not in self.known and len(self.known) < 2:
                    self.known.add(pair.value)
                    self.fresh.append(pair.value)
        if in_round == self.rounds:
            self.decision = min(self.known) if len(self.known) == 1 else self.default


def create_opt(me: ReplicaId, committee: Committee, value: bytes, default: bytes) -> OptFloodSet:
    """A participant with its input."""
    return OptFloodSet(me, committee, committee.faults + 1, default, {value}, [value])
