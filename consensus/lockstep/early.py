"""Early stopping: rounds are spent on crashes that happen, not on those that might (5.2, mended).

Source: Raynal 2002, uniform rule; the bound is that of Dolev, Reischuk and Strong 1990, and of
Charron-Bost and Schiper 2004 for uniform agreement.

Model, bound, validity: as FloodSet. With f' crashes in a run everybody decides by the end of round
min(f' + 2, f + 1), so after two rounds where nobody fails.
Rule: who hears in a round from as many members as in the one before has missed nothing that anybody
up knows, and marks its next message `early`; who hears such a mark copies it. Whoever has said a
marked message decides at the end of that round, and falls silent.
Safety: whoever decides has told all it knows to everybody that is up, together with the mark, before
it decides; so they know the same and decide it one round later at most, or crash undecided.

The fast path (`is_fast`, n > 2f): n - f or more values in round 1, all equal, are decided at once, and
the member goes on relaying. Sound with plurality only: whoever was missed is dead, so all who are
up hold that value and outnumber the dead. At n <= 2f the dead may outnumber them: it is refused.

Where the chapter errs: it decides in round 1 and falls silent, whatever n and f, and leaves what
follows otherwise to the broken 5.1. To decide when the counts match and relay for a round is sooner by
one round, and not uniform; not to relay is not even agreement.

Cost: at most n(n-1) min(f' + 2, f + 1) messages.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consensus.committee import Committee, ReplicaId, largest_crash_faults
from consensus.errors import BoundError
from consensus.lockstep.choosing import Rule, choose
from consensus.lockstep.flood_set import learn, say_fresh
from consensus.lockstep.messages import Flood


@dataclass(slots=True)
class EarlyStopping:
    """One participant."""

    me: ReplicaId
    committee: Committee
    rounds: int
    rule: Rule
    is_fast: bool
    known: dict[ReplicaId, bytes]
    fresh: dict[ReplicaId, bytes]
    heard: int
    """How many members were heard in the round before."""
    is_early: bool = False
    decision: bytes | None = None
    has_halted: bool = False

    def send(self, in_round: int) -> Flood | None:
        """What is new, and whether this is the last word."""
        if self.has_halted:
            return None
        self.has_halted = self.is_early or in_round == self.rounds
        return Flood(say_fresh(self.fresh).pairs, self.is_early)

    def receive(self, in_round: int, mail: Mapping[ReplicaId, Any]) -> None:
        """Decide if the mark was said; otherwise learn, and see whether it can be."""
        if self.is_early:
            self.decide()
            return
        learn(self.committee, self.known, self.fresh, mail)
        if self.is_fast and in_round == 1 and is_unanimous(self.committee, mail):
            self.decide()
        has_lost_nobody = len(mail) == self.heard
        self.heard = len(mail)
        if has_lost_nobody or any(isinstance(m, Flood) and m.early for m in mail.values()):
            self.is_early = True
        if in_round == self.rounds:
            self.decide()

    def decide(self) -> None:
        """The word is final, and said once."""
        if self.decision is None:
            self.decision = choose(self.rule, self.known.values())


def is_unanimous(committee: Committee, mail: Mapping[ReplicaId, Any]) -> bool:
    """Did n - f members or more say their inputs in round 1, all the same."""
    floods = [said for said in mail.values() if isinstance(said, Flood)]
    values = [pair.value for flood in floods for pair in flood.pairs]
    return len(mail) >= committee.size - committee.faults and len(set(values)) == 1


def create(
    me: ReplicaId,
    committee: Committee,
    value: bytes,
    rule: Rule = Rule.PLURALITY,
    *,
    fast_path: bool = False,
    allow_beyond_bound: bool = False,
) -> EarlyStopping:
    """A participant with its input; raises `BoundError` for a fast path that would not be sound."""
    is_within = committee.faults <= largest_crash_faults(committee.size)
    is_sound = is_within and rule is Rule.PLURALITY
    if fast_path and not is_sound and not allow_beyond_bound:
        raise BoundError(
            "the one-round fast path takes n > 2f, and plurality: dead members' values"
        )
    known, rounds = {me: value}, committee.faults + 1
    return EarlyStopping(me, committee, rounds, rule, fast_path, known, dict(known), committee.size)
