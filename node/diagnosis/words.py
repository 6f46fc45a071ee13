"""Plain words: times, names in a row, and who is missing in which way."""

from collections.abc import Sequence

from node.diagnosis.facts import Member, Presence

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
PRECISE_S = 10
NAMES_MAX = 8
"""Named in one sentence; of more, only their number."""

REASONS = {
    "unreachable": "nothing listens at its address",
    "cut-off": "calls to it are cut off",
    "idle": "it fell silent on an open link, like a process that is paused or hangs",
    "stalled": "it took no more bytes from an open link, like a process that is paused or hangs",
    "timeout": "it takes calls and does not answer them, like a process that is paused or hangs",
    "tls-foreign-certificate": "its certificate is not of this network",
    "tls-failed": "no secure connection to it comes about",
    "not-a-node": "something else listens at its address",
    "wrong-chain": "what listens at its address belongs to another network",
    "wrong-key": "what listens at its address has another key",
    "wrong-version": "it speaks another version of the protocol",
    "banned": "it has shut this node out for misbehaviour",
}
"""What the end of a link, or a call that failed, tells of a peer."""
HANGING = frozenset({"timeout", "idle", "stalled"})
"""Such a peer takes bytes or calls, and does nothing with them."""


def show_duration(ms: float) -> str:
    """A time for people: `0.4 s`, `12 s`, `3 min`, `2 h`, `5 days`."""
    if ms < PRECISE_S * SECOND_MS:
        return f"{ms / SECOND_MS:.1f} s"
    if ms < 2 * MINUTE_MS:
        return f"{ms / SECOND_MS:.0f} s"
    if ms < 2 * HOUR_MS:
        return f"{ms / MINUTE_MS:.0f} min"
    if ms < 2 * DAY_MS:
        return f"{ms / HOUR_MS:.0f} h"
    return f"{ms / DAY_MS:.0f} days"


def join_names(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`; of many, the first ones and how many more."""
    shown = list(names)
    if len(shown) > NAMES_MAX:
        shown = [*shown[: NAMES_MAX - 1], f"{len(shown) - NAMES_MAX + 1} more"]
    if len(shown) < 2:
        return "".join(shown) or "nobody"
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def count(number: int, noun: str) -> str:
    """`1 vote`, `2 votes`."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def describe_absence(member: Member) -> str:
    """What is known of one that cannot take part."""
    if member.presence is Presence.SILENT:
        return f"linked but silent for {show_duration(member.presence_ms)}"
    said = REASONS.get(member.why, "")
    return f"unreachable for {show_duration(member.presence_ms)}" + (f": {said}" if said else "")


def advise_return(members: Sequence[Member]) -> str:
    """What to do about those that cannot take part."""
    hanging = [m.name for m in members if is_hanging(m)]
    down = [m.name for m in members if not is_hanging(m)]
    advice = []
    if down:
        advice.append(
            f"Start {join_names(down)} again;"
            " where it runs already, look at the network between here and there."
        )
    if hanging:
        advice.append(
            f"See whether {join_names(hanging)} is paused, hangs or is overloaded:"
            " its process or its machine takes calls and says nothing."
        )
    return " ".join(advice)


def is_hanging(member: Member) -> bool:
    """Does it look like a process that lives and does not run."""
    return member.presence is Presence.SILENT or member.why in HANGING
