"""What several nodes say, put together: one conclusion for the network. Pure functions.

A node sees only its own links. Who is asked over HTTP as well tells apart what one node cannot: a
validator that is down from one that lives behind a cut link, and a network that stands still from a
node that has been left behind.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from node.api.node_models import EngineAnswer, FindingAnswer, StatusAnswer
from node.diagnosis.facts import Presence
from node.diagnosis.finding import Code, Finding, Severity
from node.diagnosis.words import count, join_names, show_duration

BEHIND_HEIGHTS = 8
"""So far behind the foremost, a node is worth naming."""
STATES = {"down": "its process does not run", "paused": "its process is paused"}
"""What is known of a node's process, where that is on this machine."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one node said; both answers are None where it did not."""

    name: str
    url: str
    status: StatusAnswer | None = None
    engine: EngineAnswer | None = None
    condition: str = ""
    """Of its process, where it is known to be `paused` or `down`."""
    common_id: bytes | None = None
    """Its block at the lowest final height that any of those who answered has."""

    @property
    def headline(self) -> FindingAnswer | None:
        """What it says first of itself."""
        return self.engine.findings[0] if self.engine else None

    @property
    def is_well(self) -> bool:
        """Does it find no fault."""
        return self.headline is not None and self.headline.severity is not Severity.FAULT

    @property
    def replica(self) -> int | None:
        """Its number in the committee; None for a follower, or without an answer."""
        if self.engine is None or self.engine.replica is None:
            return None
        numbers = {member.replica for member in self.engine.members}
        return self.engine.replica if self.engine.replica in numbers else None

    def is_linked(self, replica: int) -> bool:
        """Does it see a live link to a member; one is always linked to oneself."""
        members = self.engine.members if self.engine else []
        return any(
            member.replica == replica and member.presence in {Presence.SELF, Presence.LINKED}
            for member in members
        )


def conclude(told: Sequence[Told]) -> tuple[Finding, ...]:
    """Findings of the network, never none, the one that matters most first.

    Where cut links explain a fault, nobody is told to start what runs.
    """
    answering = [one for one in told if one.engine is not None]
    if not answering:
        return (describe_silence(told),)
    split, state = list(find_split(answering)), describe_state(told, answering)
    is_explained = state.severity is Severity.FAULT and any(
        finding.severity is Severity.FAULT for finding in split
    )
    findings = [
        *split,
        *([] if is_explained else [state]),
        *find_forks(answering),
        *find_down(told),
        *find_behind(answering),
        *find_dissent(answering),
    ]
    return tuple(sorted(findings, key=compute_rank))


def compute_rank(finding: Finding) -> int:
    """Clashing blocks before all, then cut links, then whether it moves, then the rest."""
    if finding.severity is Severity.FAULT:
        return {Code.NODES_DISAGREE: 0, Code.LINKS_CUT: 1}.get(finding.code, 2)
    if finding.severity is Severity.OK or finding.code is Code.CATCHING_UP:
        return 3
    return 4 if finding.severity is Severity.WARNING else 5


def describe_silence(told: Sequence[Told]) -> Finding:
    """Nobody answers."""
    names = tuple(one.name for one in told)
    who = "the node" if len(told) == 1 else f"none of {len(told)} nodes"
    verb = "does not answer" if len(told) == 1 else "answers"
    return Finding(
        code=Code.NODE_DOWN,
        severity=Severity.FAULT,
        text=f"{who} {verb}{describe_conditions(told)}",
        advice="Start it, or name others with --url or --home.",
        members=names,
    )


def describe_conditions(told: Sequence[Told]) -> str:
    """What is known of their processes."""
    known = [f"{one.name}: {STATES[one.condition]}" for one in told if one.condition in STATES]
    return f" ({'; '.join(known)})" if known else ""


def find_members(answering: Sequence[Told]) -> dict[int, str]:
    """Every member of the committee, as those say who answer."""
    return {
        member.replica: member.name
        for one in answering
        for member in (one.engine.members if one.engine else [])
    }


def find_quorum(answering: Sequence[Told]) -> int:
    """How many members have to take part."""
    return max(one.engine.quorum for one in answering if one.engine)


def is_tree(answering: Sequence[Told]) -> bool:
    """Do its nodes keep a tree of blocks, which grows without a quorum too."""
    return any(one.engine is not None and one.engine.forks is not None for one in answering)


def list_gone(answering: Sequence[Told]) -> dict[int, str]:
    """Members that do not answer, and that nobody who does is linked to."""
    own = {one.replica for one in answering}
    return {
        replica: name
        for replica, name in find_members(answering).items()
        if replica not in own and not any(one.is_linked(replica) for one in answering)
    }


def find_groups(answering: Sequence[Told]) -> list[list[Told]]:
    """Members that answer, by who reaches whom, the largest group first."""
    left = [one for one in answering if one.replica is not None]
    groups: list[list[Told]] = []
    while left:
        group, waiting = [], [left.pop(0)]
        while waiting:
            one = waiting.pop()
            group.append(one)
            reached = [other for other in left if is_link(one, other)]
            left = [other for other in left if other not in reached]
            waiting += reached
        groups.append(sorted(group, key=lambda told: told.name))
    return sorted(groups, key=len, reverse=True)


def is_link(one: Told, other: Told) -> bool:
    """Do both see a link to each other."""
    assert one.replica is not None
    assert other.replica is not None
    return one.is_linked(other.replica) and other.is_linked(one.replica)


def find_split(answering: Sequence[Told]) -> Iterator[Finding]:
    """Nodes that live and do not reach each other."""
    groups = find_groups(answering)
    if len(groups) < 2:
        return
    quorum = find_quorum(answering)
    names = [f"[{', '.join(one.name for one in group)}]" for group in groups]
    goes_on = len(groups[0]) >= quorum
    if is_tree(answering):
        so = "each side mines a branch of its own, and one of them will be undone"
    elif goes_on:
        so = f"{quorum} are needed together, so only the first side decides"
    else:
        so = f"{quorum} are needed together, so neither side decides anything"
    small = tuple(one.name for group in groups[1:] for one in group)
    yield Finding(
        code=Code.LINKS_CUT,
        severity=Severity.WARNING if goes_on and not is_tree(answering) else Severity.FAULT,
        text=f"all of these run, but {' and '.join(names)} do not reach each other: {so}",
        advice="Look at the network between them; on a testnet, `quorate testnet heal`.",
        members=small,
    )


def find_forks(answering: Sequence[Told]) -> Iterator[Finding]:
    """Different final blocks at one height: the one thing that must never be."""
    ids: dict[bytes, list[str]] = {}
    for one in answering:
        if one.common_id is not None:
            ids.setdefault(one.common_id, []).append(one.name)
    if len(ids) < 2:
        return
    sides = "; ".join(f"{join_names(names)} {id_.hex()[:12]}" for id_, names in ids.items())
    yield Finding(
        code=Code.NODES_DISAGREE,
        severity=Severity.FAULT,
        text=f"nodes hold different final blocks at the same height: {sides}",
        advice="Rely on none of them until it is clear why, and keep their home folders.",
        members=tuple(name for names in ids.values() for name in names),
    )


def find_down(told: Sequence[Told]) -> Iterator[Finding]:
    """Nodes that were asked and do not answer."""
    silent = [one for one in told if one.engine is None]
    if silent:
        names = tuple(one.name for one in silent)
        verb = "does" if len(names) == 1 else "do"
        yield Finding(
            code=Code.NODE_DOWN,
            severity=Severity.WARNING,
            text=f"{join_names(names)} {verb} not answer{describe_conditions(silent)}",
            advice=advise_start(silent),
            members=names,
        )


def advise_start(silent: Sequence[Told]) -> str:
    """What to do about nodes that do not answer."""
    paused = [one.name for one in silent if one.condition == "paused"]
    rest = [one.name for one in silent if one.condition != "paused"]
    words = [f"Start {join_names(rest)}."] if rest else []
    words += [f"Let {join_names(paused)} go on."] if paused else []
    return " ".join(words)


def find_behind(answering: Sequence[Told]) -> Iterator[Finding]:
    """Nodes that are far behind the foremost."""
    heights = {one.name: one.status.head_height for one in answering if one.status}
    top = max(heights.values(), default=0)
    late = {name: top - height for name, height in heights.items() if top - height > BEHIND_HEIGHTS}
    if late:
        each = join_names([f"{name} ({count(blocks, 'block')})" for name, blocks in late.items()])
        yield Finding(
            code=Code.CATCHING_UP,
            severity=Severity.WARNING,
            text=f"behind the foremost, which is at block {top:,}: {each}",
            members=tuple(late),
        )


def find_dissent(answering: Sequence[Told]) -> Iterator[Finding]:
    """Some find a fault and others do not, or those who wait are in different views."""
    ill = [one for one in answering if not one.is_well]
    if ill and len(ill) < len(answering):
        for text, names in group_by_text(ill).items():
            yield Finding(
                code=Code.NODES_DISAGREE,
                severity=Severity.WARNING,
                text=f"{join_names(names)} {'says' if len(names) == 1 else 'say'}: {text}",
                members=tuple(names),
            )
    views: dict[int, list[str]] = {}
    for one in ill:
        if one.engine is not None and one.replica is not None:
            views.setdefault(one.engine.view, []).append(one.name)
    if len(views) > 1:
        each = "; ".join(f"{join_names(names)} in {view}" for view, names in sorted(views.items()))
        text = f"they are in different views: {each}"
        yield Finding(code=Code.NODES_DISAGREE, severity=Severity.INFO, text=text)


def group_by_text(told: Sequence[Told]) -> dict[str, list[str]]:
    """Who says what."""
    groups: dict[str, list[str]] = {}
    for one in told:
        assert one.headline is not None
        groups.setdefault(one.headline.text, []).append(one.name)
    return groups


def describe_state(told: Sequence[Told], answering: Sequence[Told]) -> Finding:
    """Does the network move; if not, why."""
    well = [one for one in answering if one.is_well]
    voters = [one for one in well if one.replica is not None]
    needed = 1 if is_tree(answering) else min(find_quorum(answering), len(answering))
    is_moving = len(voters) >= needed if voters else len(well) == len(answering)
    if is_moving:
        return describe_well(told, well)
    gone = list_gone(answering)
    members, quorum = find_members(answering), find_quorum(answering)
    if gone and len(members) - len(gone) < quorum and not is_tree(answering):
        return describe_lost_quorum(answering, gone)
    return describe_common_fault(answering)


def describe_well(told: Sequence[Told], well: Sequence[Told]) -> Finding:
    """What most of those say who find no fault, and the foremost block."""
    headlines = [one.headline for one in well if one.headline]
    (code, _), *_ = Counter(headline.code for headline in headlines).most_common()
    first = next(headline for headline in headlines if headline.code is code)
    ages = [h.since_ms for h in headlines if h.code is code and h.since_ms is not None]
    top = max((one.status.head_height for one in well if one.status), default=0)
    verb = {Code.MOVING: "moving", Code.IDLE: "at rest, nothing to do"}.get(code)
    who = f"{len(well)} of {len(told)} nodes are well"
    text = f"{verb}: block {top:,}; {who}" if verb else f"{first.text}; {who}"
    return Finding(code=code, severity=first.severity, text=text, since_ms=min(ages, default=None))


def describe_lost_quorum(answering: Sequence[Told], gone: dict[int, str]) -> Finding:
    """Those who are left cannot decide."""
    names, members = tuple(gone.values()), find_members(answering)
    waiting = [one.name for one in answering if one.replica is not None]
    ages = [
        one.headline.since_ms
        for one in answering
        if one.headline and one.headline.code is Code.QUORUM_UNREACHABLE and one.headline.since_ms
    ]
    since = f" for {show_duration(min(ages))}" if ages else ""
    verb = "does" if len(names) == 1 else "do"
    return Finding(
        code=Code.QUORUM_UNREACHABLE,
        severity=Severity.FAULT,
        text=(
            f"cannot move{since}: {join_names(names)} {verb} not answer and nobody is linked to them;"
            f" {join_names(waiting)} wait for {find_quorum(answering)} of {len(members)} votes"
        ),
        advice=f"Start {join_names(names)}; as many of them as are missing for a quorum will do.",
        since_ms=min(ages, default=None),
        members=names,
    )


def describe_common_fault(answering: Sequence[Told]) -> Finding:
    """The fault that most of them find, in the words of one of them."""
    faults = [one.headline for one in answering if one.headline and not one.is_well]
    (code, times), *_ = Counter(fault.code for fault in faults).most_common()
    first = max(
        (fault for fault in faults if fault.code is code), key=lambda fault: fault.since_ms or 0
    )
    return Finding(
        code=code,
        severity=Severity.FAULT,
        text=f"stands still, as {times} of {len(answering)} nodes say: {first.text}",
        advice=first.advice,
        since_ms=first.since_ms,
        members=tuple(first.members),
    )
