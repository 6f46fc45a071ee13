"""Every way in which members may crash, for synchronous agreements on the code that a node runs.

In each round any set of members may stop, as long as at most f do in all, and the last message of each
reaches any set of those that go on. Situations that are equal (the same states, the same decisions)
are gone through once. Where an algorithm treats all members alike it is enough to try inputs in one
order; `is_symmetric=False` tries all of them.

What is looked for: two decisions where at most `values_max` may be (uniformly: those of members that
crash later count), a decision that nobody proposed (V1), one that not even the correct proposed
together (V2, if asked for), somebody up who has not decided at the end, or a decision later than
min(f' + 2, f + 1), where f' members have crashed so far (if asked for).
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from consensus.committee import Committee, ReplicaId
from consensus.engine import clone, fingerprint
from consensus.exploration.synchronous import Crash

Create = Callable[[ReplicaId, Committee, bytes], Any]


@dataclass(frozen=True, slots=True)
class Demands:
    """What has to hold."""

    values_max: int = 1
    proposed: bool = True
    """V1."""
    correct_validity: bool = False
    """V2: if all who never crash propose the same, it is decided."""
    stops_early: bool = False


@dataclass(frozen=True, slots=True)
class Breach:
    """A run that breaks a demand."""

    words: str
    inputs: tuple[bytes, ...]
    crashes: Mapping[ReplicaId, Crash]
    decisions: Mapping[ReplicaId, bytes]


@dataclass(slots=True)
class Survey:
    """What was found; `slowest` is the latest round of a decision by the number of crashes before."""

    situations: int = 0
    """Distinct ones, at the beginnings of rounds."""
    steps: int = 0
    """Rounds that were run."""
    slowest: dict[int, int] = field(default_factory=dict)
    breach: Breach | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A participant as it stands, shared by all situations that hold it, and the state's name."""

    participant: Any
    name: bytes


@dataclass(slots=True)
class Situation:
    """The beginning of a round: who is up in which state, who has decided what, who crashed how."""

    up: dict[ReplicaId, State]
    decisions: dict[ReplicaId, bytes]
    crashes: dict[ReplicaId, Crash]


def survey(
    create: Create,
    committee: Committee,
    values: Sequence[bytes],
    demands: Demands = Demands(),
    *,
    is_symmetric: bool = True,
) -> Survey:
    """All inputs out of `values`, all crash patterns; stops at the first breach."""
    found = Survey()
    for inputs in list_inputs(committee.size, values, is_symmetric=is_symmetric):
        survey_inputs(create, committee, inputs, demands, found)
        if found.breach is not None:
            break
    return found


def list_inputs(
    size: int, values: Sequence[bytes], *, is_symmetric: bool
) -> Iterator[tuple[bytes, ...]]:
    """Inputs of all members, in order; one arrangement of each kind if members are alike."""
    if is_symmetric:
        return itertools.combinations_with_replacement(values, size)
    return itertools.product(values, repeat=size)


def survey_inputs(
    create: Create,
    committee: Committee,
    inputs: tuple[bytes, ...],
    demands: Demands,
    found: Survey,
) -> None:
    """All crash patterns for these inputs, round by round."""
    pairs = zip(committee.members, inputs, strict=True)
    fresh = {me: create(me, committee, value) for me, value in pairs}
    first = Situation({me: State(one, fingerprint(one)) for me, one in fresh.items()}, {}, {})
    layer, in_round = [first], 0
    last = max(participant.rounds for participant in fresh.values())
    while layer and in_round < last and found.breach is None:
        in_round += 1
        found.situations += len(layer)
        after: dict[Any, Situation] = {}
        for situation in layer:
            for following in list_following(situation, committee, in_round):
                found.steps += 1
                words = judge(following, inputs, demands)
                if is_open(situation):
                    words = words or judge_time(following, committee, demands, in_round, found)
                if words is not None:
                    found.breach = Breach(words, inputs, following.crashes, following.decisions)
                    return
                after.setdefault(name(following), following)
        layer = list(after.values())
    for situation in layer:
        words = judge_end(situation, committee, inputs, demands)
        if words is not None:
            found.breach = Breach(words, inputs, situation.crashes, situation.decisions)
            return


def name(situation: Situation) -> Any:
    """Equal for situations from which the same follows, whoever crashed when."""
    ups = tuple((member, state.name) for member, state in sorted(situation.up.items()))
    return ups, tuple(sorted(situation.decisions.items()))


def list_following(
    situation: Situation, committee: Committee, in_round: int
) -> Iterator[Situation]:
    """All ways in which this round may end."""
    sent = {member: clone(state.participant) for member, state in situation.up.items()}
    said = {member: sent[member].send(in_round) for member in sorted(sent)}
    ended: dict[tuple[ReplicaId, tuple[ReplicaId, ...]], State] = {}
    speaking = [member for member, message in said.items() if message is not None]
    for crashes in list_crashes(committee.faults - len(situation.crashes), said, in_round):
        up: dict[ReplicaId, State] = {}
        for member in sent.keys() - crashes.keys():
            heard = tuple(s for s in speaking if s not in crashes or member in crashes[s].reached)
            if (member, heard) not in ended:
                mail = {sender: said[sender] for sender in heard}
                ended[member, heard] = close(clone(sent[member]), in_round, mail)
            up[member] = ended[member, heard]
        decisions = {member: state.participant.decision for member, state in up.items()}
        decisions = {member: word for member, word in decisions.items() if word is not None}
        yield Situation(up, situation.decisions | decisions, situation.crashes | crashes)


def close(participant: Any, in_round: int, mail: Mapping[ReplicaId, Any]) -> State:
    """What a participant comes to that has heard this; who has decided and halted listens no more."""
    if participant.decision is None or not participant.has_halted:
        participant.receive(in_round, mail)
    return State(participant, fingerprint(participant))


def list_crashes(
    budget: int, said: Mapping[ReplicaId, Any], in_round: int
) -> Iterator[dict[ReplicaId, Crash]]:
    """Who may stop in this round, and whom they still reach; who has fallen silent cannot matter."""
    candidates = [member for member in sorted(said) if said[member] is not None]
    for count in range(min(budget, len(candidates)) + 1):
        for stopping in itertools.combinations(candidates, count):
            others = [member for member in sorted(said) if member not in stopping]
            for reached in itertools.product(list_subsets(others), repeat=count):
                pairs = zip(stopping, reached, strict=True)
                yield {member: Crash(in_round, names) for member, names in pairs}


def list_subsets(members: Sequence[ReplicaId]) -> list[frozenset[ReplicaId]]:
    """All of them, the empty one first."""
    sizes = range(len(members) + 1)
    return [frozenset(some) for size in sizes for some in itertools.combinations(members, size)]


def judge(situation: Situation, inputs: tuple[bytes, ...], demands: Demands) -> str | None:
    """What the decisions so far show to be broken."""
    decided = set(situation.decisions.values())
    if len(decided) > demands.values_max:
        return f"{len(decided)} values are decided"
    if demands.proposed and not decided <= set(inputs):
        return "a value is decided that nobody proposed"
    return None


def judge_time(
    situation: Situation, committee: Committee, demands: Demands, in_round: int, found: Survey
) -> str | None:
    """How long the slowest take; too long, if that is asked for."""
    crashed = len(situation.crashes)
    lasting = in_round + is_open(situation)
    found.slowest[crashed] = max(found.slowest.get(crashed, 0), lasting)
    if demands.stops_early and lasting > min(crashed + 2, committee.faults + 1):
        return f"somebody is undecided after round {in_round}, with {crashed} crashed"
    return None


def is_open(situation: Situation) -> bool:
    """Is somebody up who has not decided."""
    return any(state.participant.decision is None for state in situation.up.values())


def judge_end(
    situation: Situation, committee: Committee, inputs: tuple[bytes, ...], demands: Demands
) -> str | None:
    """What the end of the last round shows to be broken."""
    if is_open(situation):
        return "somebody up has not decided"
    own = dict(zip(committee.members, inputs, strict=True))
    wanted = {own[member] for member in situation.up}
    if demands.correct_validity and len(wanted) == 1:
        other = set(situation.decisions.values()) - wanted
        if other:
            return "all correct members proposed another value"
    return None
