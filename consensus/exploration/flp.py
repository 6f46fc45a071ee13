"""The impossibility of Fischer, Lynch and Paterson 1985, shown on agreements that nodes run.

A victim is deterministic and safe, so by the theorem some fair schedule keeps it from deciding. Here
that schedule is found and played. Ben-Or's agreement with its coins on a tape is a victim whose
configurations can all be seen, up to a shift of the rounds; single-decree Paxos, whose refused
proposers try again at once, has far more, so there the adversary looks around as it goes.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from consensus import agreements
from consensus.agreement import Opened, Propose
from consensus.agreements import AgreementSpec, Shifting
from consensus.committee import Committee
from consensus.engine import clone
from consensus.exploration.asynchronous import Configuration, Liberties, World
from consensus.exploration.lemma import Lasso, LemmaCount, check_lemma, find_lasso
from consensus.exploration.local import Local, Tape
from consensus.exploration.oracle import Oracle, Probing, Surveyed, Way
from consensus.exploration.replaying import Replay, ReplayError
from consensus.exploration.shifted import Shifted
from consensus.exploration.staging import Walk, walk
from consensus.exploration.table import Deliver, Move, Table
from consensus.exploration.valence import survey
from consensus.message import compute_digest

SIZE, FAULTS = 3, 1
RELEASE_EVENTS_MAX = 10_000
STAGES_MAX = 2_000
Inputs = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Victim:
    """An agreement without chance."""

    name: str
    agreement: str
    words: str
    tape: Tape | None = None
    """Coins that are none: the face by participant and round, repeated every `period` rounds."""
    period: int = 1
    skew: int = 1
    """By how many rounds participants may differ; longer leads are not looked at."""
    is_surveyed: bool = True
    """Is its space small enough to be seen as a whole."""

    @property
    def spec(self) -> AgreementSpec:
        """The agreement."""
        return agreements.get(self.agreement)

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

    def find_reached(self, local: Local) -> int:
        """The round, or ballot, that a participant has come to."""
        return self.spec.find_round(local.participant)

    def make_space(self) -> Shifted:
        """Its configurations up to a shift."""
        table = Table(self.committee, tape=self.tape, tidy=self.shifting.tidy)
        world = World(table, Liberties(timers=False), self.spec.is_stale)
        return Shifted(world, self.shifting, self.period, self.skew)

    def make_start(self, space: Shifted, inputs: Inputs) -> Configuration:
        """Everybody has proposed, nothing has arrived."""
        participants = [self.spec.create(me, self.committee) for me in self.committee.members]
        return space.begin(participants, make_openings(inputs))

    def make_replay(self, inputs: Inputs, tape: Tape | None = None) -> Replay:
        """Fresh participants that have proposed."""
        replay = Replay(self.committee, self.spec.create, tape or self.tape)
        replay.begin(make_openings(inputs))
        return replay


_VICTIMS = (
    Victim(
        "benor-p+r",
        "benor",
        "Ben-Or, the coin of participant p in round r shows (p + r) mod 2",
        lambda me, tag: (me + tag[0]) % 2,
        period=2,
    ),
    Victim(
        "benor-r",
        "benor",
        "Ben-Or, the coin of round r shows r mod 2 to everybody",
        lambda _me, tag: tag[0] % 2,
        period=2,
    ),
    Victim(
        "benor-p",
        "benor",
        "Ben-Or, the coin of participant p always shows p mod 2",
        lambda me, _tag: me % 2,
        period=2,
    ),
    Victim(
        "paxos",
        "paxos",
        "single-decree Paxos, refused proposers try again at once",
        skew=2,
        is_surveyed=False,
    ),
)
VICTIMS = {victim.name: victim for victim in _VICTIMS}


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the replayer saw of a lasso."""

    loops: int
    events: int
    rounds: int
    """Of the participant that is least far."""
    age_max: int
    """The most events that a message has waited, delivered or not."""
    stale: int
    """Messages that were delivered when they could change nothing any more."""
    released_after: int | None
    """Events from the release of the adversary to the last decision; None if there was none."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one victim."""

    oracle: Oracle
    starts: dict[Inputs, Configuration]
    ways: dict[Inputs, dict[bytes, Way]]
    """From each start, a schedule for each word that can be decided."""
    configurations: int
    """Of the whole space, or those that the adversary came to."""
    transitions: int
    bivalent: int
    is_closed: bool
    """Was everything seen that can be reached."""
    lemma: LemmaCount
    lasso_inputs: Inputs | None
    lasso: Lasso | None
    walk: Walk | None
    """The adversary's, from the same inputs."""


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
    """Valences, lemma, adversary and lasso, from these inputs; from all if none are given."""
    all_inputs = all_inputs or list_inputs()
    if victim.is_surveyed:
        return examine_all(victim, all_inputs, configurations_max)
    return examine_near(victim, all_inputs)


def examine_all(victim: Victim, all_inputs: Sequence[Inputs], configurations_max: int) -> Finding:
    """Everything that can be reached is looked at."""
    space = victim.make_space()
    starts = {inputs: victim.make_start(space, inputs) for inputs in all_inputs}
    seen = survey(space, starts.values(), configurations_max)
    oracle = Surveyed(seen)
    ways = {inputs: oracle.find_ways(start) for inputs, start in starts.items()}
    lasso = None
    for inputs in (inputs for inputs, found in ways.items() if len(found) > 1):
        if (lasso := find_lasso(seen, seen.index[starts[inputs]])) is not None:
            break
    count = len(seen.configurations)
    return Finding(
        oracle,
        starts,
        ways,
        count,
        sum(map(len, seen.edges)),
        sum(map(seen.is_bivalent, range(count))),
        seen.is_closed,
        check_lemma(oracle, filter(oracle.is_bivalent, seen.configurations)),
        inputs if lasso else None,
        lasso,
        walk(oracle, starts[inputs], STAGES_MAX) if lasso else None,
    )


def examine_near(victim: Victim, all_inputs: Sequence[Inputs]) -> Finding:
    """What lies around the adversary's way is looked at; lemma 3 at each of its configurations."""
    space = victim.make_space()
    oracle = Probing(space)
    starts = {inputs: victim.make_start(space, inputs) for inputs in all_inputs}
    ways = {inputs: oracle.find_ways(start) for inputs, start in starts.items()}
    found, inputs = None, None
    for inputs in (inputs for inputs, words in ways.items() if len(words) > 1):
        found = walk(oracle, starts[inputs], STAGES_MAX)
        if found.lasso is not None:
            break
    passed = list_passed(oracle, found) if found else []
    lemma = check_lemma(oracle, dict.fromkeys(passed))
    return Finding(
        oracle,
        starts,
        ways,
        len(oracle.known),
        oracle.looked_at,
        sum(map(oracle.is_bivalent, oracle.known)),
        False,
        lemma,
        inputs if found and found.lasso else None,
        found.lasso if found else None,
        found,
    )


def list_passed(oracle: Oracle, found: Walk) -> list[Configuration]:
    """The configurations of a walk, in order, its start first."""
    passed = [found.start]
    for move, _ in found.moves:
        passed.append(next(to for taken, to, _ in oracle.steps(passed[-1]) if taken == move))
    return passed


def unshift(victim: Victim, finding: Finding, moves: Sequence[tuple[int, int]]) -> list[Move]:
    """The moves of a schedule with their rounds counted from the beginning."""
    table, base = finding.oracle.space.world.table, 0
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
    check_fairness(victim, loop, lasso.gain)
    oldest = max((replay.events - sent.at for sent in replay.mail), default=0)
    age, events, rounds = (
        replay.age_max,
        replay.events,
        min(map(victim.find_reached, replay.locals.values())),
    )
    released = let_go(victim, replay)
    after = replay.events - events if released else None
    return Confirmation(loops, events, rounds, max(age, oldest), stale, after)


def check_fairness(victim: Victim, loop: Sequence[Move], gain: int) -> None:
    """Everybody steps, and every round grows: raises `ReplayError` if not.

    With the rounds, all mail of the loop's end is later than all of its beginning, and there is as much
    of it, so no message waits for ever: it is delivered, or comes to be stale and is delivered then.
    """
    require({move.to for move in loop} == set(victim.committee.members), "somebody never steps")
    require(gain > 0, "the rounds do not grow")


def sweep(victim: Victim, replay: Replay) -> int:
    """Deliver what can change nothing any more, and see that it changes nothing; how many."""
    count = 0
    while old := [sent.delivery for sent in replay.mail if is_void(victim, replay, sent.delivery)]:
        for delivery in old:
            count += 1
            before, mail = clone(replay.locals[delivery.to]), len(replay.mail)
            replay.play(delivery)
            require(replay.locals[delivery.to] == before, "a stale message did something")
            said = [sent.delivery for sent in replay.mail[mail - 1 :]]
            fresh = [one for one in said if not is_void(victim, replay, one)]
            require(not fresh, "a stale message brought about one that is not")
    return count


def is_void(victim: Victim, replay: Replay, delivery: Deliver) -> bool:
    """Is a message stale, or could it only bring about what is."""
    receiver = replay.locals[delivery.to].participant
    if victim.spec.is_stale(receiver, delivery.message):
        return True
    is_spent = victim.shifting.is_spent
    sender = replay.locals[delivery.sender].participant
    return is_spent is not None and is_spent(sender, receiver, delivery.message)


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


def let_go(victim: Victim, replay: Replay, draw: Callable[[int], int] | None = None) -> bool:
    """No adversary any more, and everybody has what there is against rivals: do all decide."""
    calm(victim, replay)
    return replay.release(RELEASE_EVENTS_MAX, draw)


def calm(victim: Victim, replay: Replay) -> None:
    """Rivals give way from here on."""
    for local in replay.locals.values():
        victim.spec.calm(local.participant)


def restore_chance(victim: Victim, inputs: Inputs, seed: int) -> int | None:
    """Coins, or timers, that nobody foresees, and the fair scheduler.

    Returns after how many events everybody has decided; None if not.
    """
    if victim.tape is None:
        replay = victim.make_replay(inputs)
        is_over = let_go(victim, replay, lambda event: draw_number(f"{seed}/{event}"))
    else:
        replay = victim.make_replay(inputs, make_coin(seed))
        is_over = let_go(victim, replay)
    return replay.events if is_over else None


def make_coin(seed: int) -> Tape:
    """Coins drawn from a seed: as good as fair, and the same in every process."""
    return lambda me, tag: draw_number(f"{seed}/{me}/{tag}") & 1


def draw_number(name: str) -> int:
    """A number that looks like chance."""
    return int.from_bytes(compute_digest(name.encode())[:4])
