"""Dolev and Strong's broadcast: with signatures any number of liars is stood.

Source: Dolev and Strong 1983.

Model: synchronous, f members lie, words can be signed and nobody signs for another.
Bound: f < n for one origin's broadcast: all correct members come to the same value, the origin's if
that is correct, and the null value stands for one that contradicts itself or is silent. Agreement
on inputs is n broadcasts at once and the plurality of what they come to: V2 where n > 2f.
In round r a word counts with the signatures of r members, the origin's among them. Who comes to
believe one adds its own and says it in the next round; two words of an origin are enough to know
that it contradicts itself, so no more are handed on.
Safety: a word believed before the last round is handed on to everybody. One that is believed in round
f + 1 has f + 1 signatures, one of them by a correct member, which handed it on to everybody.

The host signs what leaves (a signature is empty until then) and has verified whatever arrives.
Cost: f + 1 rounds; of each origin a member hands on two words at most.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from consensus.certificates import has_distinct_members
from consensus.committee import Committee, ReplicaId
from consensus.lockstep.choosing import choose_plurality
from consensus.lockstep.messages import Relay, Vouch, Vouched
from consensus.message import NULL_VALUE, Signed

WORDS_MAX = 2
"""Of one origin: two prove that it contradicts itself."""


@dataclass(slots=True)
class DolevStrong:
    """One participant of the broadcasts of `origins`."""

    me: ReplicaId
    committee: Committee
    rounds: int
    origins: tuple[ReplicaId, ...]
    instance: int
    believed: dict[ReplicaId, list[bytes]] = field(default_factory=dict)
    fresh: list[Vouched] = field(default_factory=list)
    """What is handed on next."""
    decision: bytes | None = None
    has_halted: bool = False

    def send(self, in_round: int) -> Relay | None:
        """What was believed in the last round, signed."""
        self.has_halted = in_round == self.rounds
        said, self.fresh = tuple(self.fresh), []
        return Relay(said) if said else None

    def receive(self, in_round: int, mail: Mapping[ReplicaId, Any]) -> None:
        """Believe what has as many signatures as rounds have passed."""
        for sender in sorted(mail):
            said = mail[sender]
            for vouched in said.vouched if isinstance(said, Relay) else ():
                self.take(in_round, vouched)
        if in_round == self.rounds:
            self.decision = self.conclude()

    def take(self, in_round: int, vouched: Vouched) -> None:
        """Believe one word, and prepare to hand it on."""
        word = judge(self, in_round, vouched)
        if word is None:
            return
        words = self.believed.setdefault(word.origin, [])
        if word.value in words or len(words) >= WORDS_MAX:
            return
        words.append(word.value)
        signers = {vote.signer for vote in vouched.votes}
        if self.me not in signers:
            self.fresh.append(Vouched((*vouched.votes, Signed(self.me, word))))

    def conclude(self) -> bytes:
        """What each broadcast came to, and of several the commonest."""
        words = (self.believed.get(origin, []) for origin in self.origins)
        results = [said[0] if len(said) == 1 else NULL_VALUE for said in words]
        if len(results) == 1:
            return results[0]
        return choose_plurality([result for result in results if result != NULL_VALUE])


def judge(participant: DolevStrong, in_round: int, vouched: Vouched) -> Vouch | None:
    """The word that these votes prove in this round, or None."""
    votes = vouched.votes
    if len(votes) < in_round or not has_distinct_members(votes, participant.committee):
        return None
    word = votes[0].body
    signers = {vote.signer for vote in votes}
    is_same = all(vote.body == word for vote in votes) and word.instance == participant.instance
    is_known = word.origin in participant.origins and word.origin in signers
    return word if is_same and is_known else None


def create_broadcast(
    me: ReplicaId,
    committee: Committee,
    value: bytes,
    origin: ReplicaId,
    instance: int = 0,
) -> DolevStrong:
    """One broadcast; `value` is of use at the origin only."""
    return create_among(me, committee, value, (origin,), instance)


def create(me: ReplicaId, committee: Committee, value: bytes, instance: int = 0) -> DolevStrong:
    """Agreement on inputs: everybody broadcasts."""
    return create_among(me, committee, value, committee.members, instance)


def create_among(
    me: ReplicaId,
    committee: Committee,
    value: bytes,
    origins: tuple[ReplicaId, ...],
    instance: int,
) -> DolevStrong:
    """A participant of the broadcasts of `origins`, with its input if it is one of them."""
    rounds = committee.faults + 1
    participant = DolevStrong(me, committee, rounds, origins, instance)
    if me in origins:
        participant.fresh.append(Vouched((Signed(me, Vouch(instance, me, value)),)))
    return participant
