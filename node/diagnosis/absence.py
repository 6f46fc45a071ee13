"""Findings about who is there: a lost quorum, single validators, peers of a tree of blocks."""

from collections.abc import Iterator, Sequence

from node.diagnosis.facts import Facts, Member, Presence
from node.diagnosis.finding import Code, Finding, Severity
from node.diagnosis.words import advise_return, count, describe_absence, show_duration

ALONE = "This node may be the one that is cut off: look at its own network first."


def name_all(members: Sequence[Member]) -> tuple[str, ...]:
    """Their names."""
    return tuple(member.name for member in members)


def find_lost_quorum(facts: Facts) -> Iterator[Finding]:
    """Too few validators are there to decide anything; true also while there is nothing to decide.

    A follower need not be linked to all, so for one it is a finding only when blocks are late too.
    """
    gone, size = facts.gone, len(facts.members)
    if facts.tree is not None or len(facts.here) >= facts.quorum:
        return
    if facts.is_follower and facts.here and not facts.is_late:
        return
    ages = sorted((member.presence_ms for member in gone), reverse=True)
    yield Finding(
        code=Code.QUORUM_UNREACHABLE,
        severity=Severity.FAULT,
        text=(
            f"{len(gone)} of {size} validators {describe_gone(gone)}; {facts.quorum} are needed,"
            f" {len(facts.here)} {'is' if len(facts.here) == 1 else 'are'} there"
        ),
        advice=advise_return(gone) if len(facts.here) > 1 else f"{ALONE} {advise_return(gone)}",
        since_ms=ages[size - facts.quorum],
        members=name_all(gone),
    )


def describe_gone(gone: Sequence[Member]) -> str:
    """`unreachable (a, b)` where all are missing in the same way, else each with its own."""
    if len({member.presence for member in gone}) == 1:
        return f"{gone[0].presence.value} ({', '.join(name_all(gone))})"
    each = ", ".join(f"{member.name} {member.presence.value}" for member in gone)
    return f"missing ({each})"


def find_missing_members(facts: Facts) -> Iterator[Finding]:
    """Single validators that the others can do without, and how many more they can."""
    if is_split_off(facts) if facts.tree else len(facts.here) < facts.quorum:
        return
    for presence, code in (
        (Presence.UNREACHABLE, Code.MEMBER_UNREACHABLE),
        (Presence.SILENT, Code.MEMBER_SILENT),
    ):
        if gone := [member for member in facts.gone if member.presence is presence]:
            yield describe_missing(facts, gone, code)


def describe_missing(facts: Facts, gone: Sequence[Member], code: Code) -> Finding:
    """Some validators that are missing in the same way."""
    each = ", ".join(f"{member.name} is {describe_absence(member)}" for member in gone)
    return Finding(
        code=code,
        severity=Severity.WARNING,
        text=each + describe_reserve(facts),
        advice=advise_return(gone),
        since_ms=min(member.presence_ms for member in gone),
        members=name_all(gone),
    )


def describe_reserve(facts: Facts) -> str:
    """How many more may fail."""
    if facts.tree is not None:
        return ""
    spare = len(facts.here) - facts.quorum
    left = count(spare, "more") if spare > 1 else "one more"
    may = f"{left} may fail" if spare else "no other may fail"
    return (
        f"; {len(facts.here)} of {len(facts.members)} are there, {facts.quorum} are needed: {may}"
    )


def find_partition(facts: Facts) -> Iterator[Finding]:
    """Where blocks are mined nothing stops without peers, and nothing is safe either."""
    if facts.tree is None or not is_split_off(facts):
        return
    others = list_others(facts)
    here = [member for member in others if member.is_here]
    gone = facts.gone
    is_alone = not here
    yield Finding(
        code=Code.PARTITIONED,
        severity=Severity.FAULT if is_alone else Severity.WARNING,
        text=(
            f"{len(here)} of {len(others)} expected peers linked"
            f" ({', '.join(name_all(gone))} {'is' if len(gone) == 1 else 'are'} missing): "
            + (
                "blocks found here reach nobody, and all of them may be undone later"
                if is_alone
                else "the others may be growing another branch that replaces this one later"
            )
        ),
        advice=f"{ALONE} Wait for final blocks before relying on anything.",
        since_ms=min(member.presence_ms for member in gone),
        members=name_all(gone),
    )


def list_others(facts: Facts) -> list[Member]:
    """The members but this node."""
    return [member for member in facts.members if member.presence is not Presence.SELF]


def is_split_off(facts: Facts) -> bool:
    """Are fewer than half of the others here."""
    others = list_others(facts)
    return 2 * sum(member.is_here for member in others) < len(others)


def describe_member(member: Member) -> str:
    """Where one stands whose voice is missed."""
    if not member.is_here:
        return f"{member.name} ({describe_absence(member)})"
    if member.heard_ms is None:
        return f"{member.name} (linked, but its engine has said nothing yet)"
    return f"{member.name} (linked; its engine last spoke {show_duration(member.heard_ms)} ago)"
