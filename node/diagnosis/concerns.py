"""Findings beside the question whether it moves: fairness, room, roles, clocks, liars."""

from collections.abc import Iterator

from node.diagnosis.facts import Facts
from node.diagnosis.finding import Code, Finding, Severity
from node.diagnosis.words import count, join_names, show_duration

REPLACED_MS = 60_000
"""For so long a change of leaders is worth telling."""
CLOCK_MS = 600_000
"""For so long a clock is remembered to have been wrong."""


def find_overdue(facts: Facts) -> Iterator[Finding]:
    """Blocks pass over what they should take."""
    if not facts.is_overdue:
        return
    leader = facts.leader
    yield Finding(
        code=Code.OVERDUE,
        severity=Severity.WARNING,
        text=(
            "blocks pass over transactions here that could be executed and pay enough;"
            f" the oldest waits for {show_duration(facts.oldest_ms or 0)}"
        ),
        advice=(
            f"If it lasts, {leader.name if leader else 'the proposer'} may be censoring: validators that"
            " see the same replace it. Submit to another node as well."
        ),
        since_ms=facts.oldest_ms,
        members=(leader.name,) if leader else (),
    )


def find_full_mempool(facts: Facts) -> Iterator[Finding]:
    """No room for new transactions."""
    is_full = facts.pending >= facts.pending_max or facts.size_bytes >= facts.size_bytes_max
    if not is_full:
        return
    yield Finding(
        code=Code.MEMPOOL_FULL,
        severity=Severity.WARNING,
        text=(
            f"the mempool is full: {facts.pending:,} of {facts.pending_max:,} transactions,"
            f" {facts.size_bytes:,} of {facts.size_bytes_max:,} bytes; only better paying ones get in"
        ),
        advice="Send more slowly, pay a higher fee, or raise mempool.count_max and size_bytes_max.",
    )


def find_new_leader(facts: Facts) -> Iterator[Finding]:
    """Another leader has taken over, and the one before may be why."""
    leader, former = facts.leader, facts.former_leader
    if leader is None or former is None or facts.reign_ms > REPLACED_MS:
        return
    before = next((m for m in facts.members if m.name == former), None)
    is_gone = before is not None and not before.is_here
    yield Finding(
        code=Code.LEADER_REPLACED,
        severity=Severity.WARNING if is_gone else Severity.INFO,
        text=(
            f"{leader.name} replaced {former} as leader {show_duration(facts.reign_ms)} ago"
            f" (view {facts.account.view})"
            + (f"; {former} is {before.presence.value}" if before is not None and is_gone else "")
        ),
        since_ms=facts.reign_ms,
        members=(leader.name, former),
    )


def find_observing(facts: Facts) -> Iterator[Finding]:
    """The journal was lost, so this validator must not vote."""
    if facts.account.phase != "observer":
        return
    goal = facts.account.goal
    until = (
        f"until block {goal:,} is certified"
        if goal
        else "until enough others have told from where on that is safe, if it ever is"
    )
    yield Finding(
        code=Code.OBSERVING,
        severity=Severity.WARNING,
        text=f"this validator has lost its journal: it observes and does not vote {until}",
        advice=(
            "Keep the chain moving: it votes again by itself where the engine allows it. Where it does"
            " not, vote in a new validator with a new key. Never restore an old copy of a journal."
        ),
    )


def find_follower(facts: Facts) -> Iterator[Finding]:
    """This node has no vote."""
    if not facts.is_follower or facts.tree is not None:
        return
    text = "this node follows: it verifies and serves, and is not one of the validators"
    yield Finding(code=Code.NOT_A_MEMBER, severity=Severity.INFO, text=text)


def find_change(facts: Facts) -> Iterator[Finding]:
    """Another committee is on its way."""
    if (change := facts.change) is None:
        return
    parts = [f"{join_names(change.joining)} join"] if change.joining else []
    parts += [f"{join_names(change.leaving)} leave"] if change.leaving else []
    what = " and ".join(parts) or "its number of faults changes"
    if change.is_handing_over:
        text = (
            f"a new committee decides above block {change.height:,} ({what}); it begins when the former"
            " one has certified that block"
        )
    else:
        text = f"a new committee takes office above block {change.height:,}: {what}"
    yield Finding(
        code=Code.COMMITTEE_CHANGING,
        severity=Severity.INFO,
        text=text,
        members=change.joining + change.leaving,
    )


def find_clock_drift(facts: Facts) -> Iterator[Finding]:
    """What others proposed had to wait for this clock."""
    ahead = [clock for clock in facts.clocks if clock.age_ms < CLOCK_MS]
    if not ahead:
        return
    last = min(ahead, key=lambda clock: clock.age_ms)
    is_own = len(ahead) > 1 and 2 * len(ahead) >= len(facts.members) - 1
    names = tuple(clock.name for clock in ahead)
    who = "this node's clock is behind" if is_own else f"the clock of {join_names(names)} is ahead"
    yield Finding(
        code=Code.CLOCK_DRIFT,
        severity=Severity.WARNING,
        text=(
            f"{who}: what {last.name} proposed {show_duration(last.age_ms)} ago was dated"
            f" {show_duration(last.beyond_ms)} further into the future than clocks may differ"
        ),
        advice=(
            "Set the clocks by NTP: proposals from the future have to wait, and whoever makes them may"
            " lose its turn to lead."
        ),
        since_ms=max(clock.age_ms for clock in ahead),
        members=names,
    )


def find_liars(facts: Facts) -> Iterator[Finding]:
    """There is proof of misbehaviour."""
    if not facts.evidence:
        return
    names = tuple(sorted({one.name for one in facts.evidence}))
    first_ms = max(one.age_ms for one in facts.evidence)
    yield Finding(
        code=Code.LIAR_SEEN,
        severity=Severity.WARNING,
        text=(
            f"{join_names(names)} signed votes that clash: {count(len(facts.evidence), 'proof')} since"
            f" {show_duration(first_ms)}"
        ),
        advice=(
            "Its key is stolen, runs twice, or its software lies: find out which, and vote it out with"
            " `quorate committee`."
        ),
        since_ms=first_ms,
        members=names,
    )
