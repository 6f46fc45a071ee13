"""The impossibility of Fischer, Lynch and Paterson 1985, shown on an agreement that nodes run.

The victim is Ben-Or's agreement with its coins on a tape: deterministic and safe, so by the theorem
some fair schedule keeps it from deciding. Here that schedule is found and played.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from consensus import agreements
from consensus.agreement import Opened, Propose
from consensus.agreements import AgreementSpec, Shifting
from consensus.committee import Committee, ReplicaId
from consensus.engine import clone
from consensus.events import Tag
from consensus.exploration.asynchronous import Liberties, World
from consensus.exploration.lemma import Lasso, LemmaCount, check_lemma, find_lasso
from consensus.exploration.local import Tape
from consensus.exploration.replaying import Replay, ReplayError
from consensus.exploration.shifted import Shifted
from consensus.exploration.table import Deliver, Move, Table
from consensus.exploration.valence import Survey, survey

SIZE, FAULTS, PERIOD = 3, 1, 2
RELEASE_EVENTS_MAX = 10_000
Inputs = tuple[int, ...]

TAPES: dict[str, Tape] = {
    "p+r": lambda me, tag: (me + tag[0]) % 2,
    "r": lambda _me, tag: tag[0] % 2,
    "p": lambda me, _tag: me % 2,
}
"""Coins that are none: the face by participant p and round r, repeated every `PERIOD` rounds."""


@dataclass(frozen=True, slots=True)
class Victim:
    """An agreement without chance."""

    tape_name: str

    @property
    def spec(self) -> AgreementSpec:
        """The agreement."""
        return agreements.get("benor")

    @property
    def shifting(self) -> Shifting:
        """How its rounds are counted from elsewhere."""
        shifting = self.spec.shifting
        assert shifting is not None
        return shifting

    @property
    def committee(self) -> Committee:
        """Three members, one of which may crash."""
        return Committee.of(SIZE, FAULTS)

    def make_space(self) -> Shifted:
        """Its configurations up to a shift."""
        tape = TAPES[self.tape_name]
        table = Table(self.committee, tape=tape, tidy=self.shifting.tidy)
        world = World(table, Liberties(timers=False), self.spec.is_stale)
        return Shifted(world, self.shifting, PERIOD)

    def make_replay(self, inputs: Inputs, tape: Tape | None = None) -> Replay:
        """Fresh participants that have proposed."""
        replay = Replay(self.committee, self.spec.create, tape or TAPES[self.tape_name])
        replay.begin(make_openings(inputs))
        return replay


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the replayer saw of a lasso."""

    loops: int
    events: int
    rounds: int
    """Of the participant that is least far."""
    age_max: int
    stale: int
    """Messages that were delivered when they could change nothing any more."""
    released_after: int | None
    """Events from the release of the adversary to the last decision; None if there was none."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one victim."""

    seen: Survey
    starts: dict[Inputs, int]
    valences: dict[Inputs, frozenset[bytes]]
    lemma: LemmaCount
    lasso_inputs: Inputs | None
    lasso: Lasso | None

    @property
    def bivalent(self) -> int:
        """How many configurations are."""
        return sum(map(self.seen.is_bivalent, range(len(self.seen.configurations))))


def list_inputs() -> list[Inputs]:
    """All of them, in order."""
    return list(itertools.product((0, 1), repeat=SIZE))


def make_openings(inputs: Inputs) -> list[list[Any]]:
    """What participants take first."""
    return [[Opened(), Propose(bytes([bit]))] for bit in inputs]


def examine(
    victim: Victim,
    all_inputs: Sequence[Inputs] | None = None,
    configurations_max: int = 1_000_000,
) -> Finding:
    """Survey, lemma and lasso, from these inputs; from all if none are given."""
    all_inputs = all_inputs or list_inputs()
    space, committee = victim.make_space(), victim.committee
    starts = []
    for inputs in all_inputs:
        participants = [victim.spec.create(me, committee) for me in committee.members]
        starts.append(space.begin(participants, make_openings(inputs)))
    seen = survey(space, starts, configurations_max)
    numbers = {i: seen.index[start] for i, start in zip(all_inputs, starts, strict=True)}
    valences = {inputs: seen.find_valence(number) for inputs, number in numbers.items()}
    bivalent = [inputs for inputs in numbers if len(valences[inputs]) > 1]
    lasso = None
    for inputs in bivalent:
        if (lasso := find_lasso(seen, numbers[inputs])) is not None:
            break
    return Finding(seen, numbers, valences, check_lemma(seen), inputs if lasso else None, lasso)


def unshift(victim: Victim, finding: Finding, moves: Sequence[tuple[int, int]]) -> list[Move]:
    """The moves of a schedule with their rounds counted from the beginning."""
    table, base = finding.seen.space.world.table, 0
    told: list[Move] = []
    for number, by in moves:
        told.append(raise_move(victim, table.moves[number], base))
        base += by
    return told


def raise_move(victim: Victim, move: Move, base: int) -> Move:
    """A delivery, `base` rounds later."""
    if not isinstance(move, Deliver):
        return move
    return Deliver(move.sender, move.to, victim.shifting.lower_message(move.message, -base))


def confirm(victim: Victim, finding: Finding, loops: int) -> Confirmation:
    """Play the lasso on fresh participants, so many times around, then let the adversary go.

    Raises `ReplayError` if anything is not as the search said.
    """
    lasso, inputs = finding.lasso, finding.lasso_inputs
    assert lasso is not None
    assert inputs is not None
    replay = victim.make_replay(inputs)
    for move in unshift(victim, finding, lasso.prefix):
        replay.play(move)
    loop = unshift(victim, finding, lasso.loop)
    base, stale = sum(by for _, by in lasso.prefix), sweep(victim, replay)
    for _ in range(loops):
        before = look(victim, replay, base)
        for move in loop:
            replay.play(raise_move(victim, move, base))
        base += lasso.gain
        stale += sweep(victim, replay)
        require(not replay.words(), "somebody has decided")
        require(look(victim, replay, base) == before, "the loop does not come back")
    require({move.to for move in loop} == set(victim.committee.members), "somebody never steps")
    events, rounds = replay.events, min(one.participant.round for one in replay.locals.values())
    released = replay.release(RELEASE_EVENTS_MAX)
    after = replay.events - events if released else None
    return Confirmation(loops, events, rounds, replay.age_max, stale, after)


def sweep(victim: Victim, replay: Replay) -> int:
    """Deliver what can change nothing any more, and see that it changes nothing; how many."""
    is_stale = victim.spec.is_stale
    old = [
        sent.delivery
        for sent in replay.mail
        if is_stale(replay.locals[sent.delivery.to].participant, sent.delivery.message)
    ]
    for delivery in old:
        before = clone(replay.locals[delivery.to])
        said = replay.play(delivery)
        require(not said and replay.locals[delivery.to] == before, "a stale message did something")
    return len(old)


def look(victim: Victim, replay: Replay, base: int) -> tuple[Any, ...]:
    """States and mail with rounds counted from `base`; equal looks have equal futures."""
    states = []
    for current in replay.locals.values():
        local = clone(current)
        victim.shifting.tidy(local.participant)
        victim.shifting.lower(local.participant, base)
        states.append(local)
    mail = {raise_move(victim, sent.delivery, -base) for sent in replay.mail}
    return (states, mail, len(replay.mail))


def require(holds: bool, otherwise: str) -> None:
    """Raise `ReplayError`."""
    if not holds:
        raise ReplayError(f"the replay is not what the search said: {otherwise}")


def restore_coins(
    victim: Victim, inputs: Inputs, draw: Callable[[ReplicaId, Tag], int]
) -> int | None:
    """Real coins and the fair scheduler: after how many events has everybody decided."""
    replay = victim.make_replay(inputs, draw)
    return replay.events if replay.release(RELEASE_EVENTS_MAX) else None
