"""Findings about a wait that takes too long: what for, and because of whom.

Each is made from the engine's own account, by what it waits for; the words for that are the same for
all engines (see `consensus.engine.Account`).
"""

from collections.abc import Iterator

from node.diagnosis.absence import describe_member, name_all
from node.diagnosis.facts import Facts, Member
from node.diagnosis.finding import Code, Finding, Severity
from node.diagnosis.words import advise_return, count, join_names, show_duration

VOTES = {
    "prepares": "prepares",
    "commits": "commits",
    "accepted": "acceptances",
}
"""Voices for a block that has been proposed."""
CHANGES = {
    "view-changes": "validators have asked for another leader",
    "supporters": "validators support its candidacy",
    "promises": "validators have promised to follow it",
}
"""Voices for another leader."""
NEWS = "news"
"""The leader's word that a proposed block has its votes."""
OPENING = "new-view"
"""The new leader's first word."""
LEADERS_WORD = frozenset({"proposal", "leader", NEWS})
"""What only a leader that is at work brings."""
SYNCHRONY = "synchrony"
"""That messages are in time again."""
BODIES = frozenset({"value", "bodies"})
FETCHING_STUCK_MS = 10_000
"""Without a block for so long, catching up is no progress any more."""
FAR_HEIGHTS = 8
GONE_SHARE = 4
"""Of a leader that is known to be gone nothing is expected, so it is named after this part."""
SPEAKS_MS = 3_000
"""An engine that was heard so lately is at work."""


def find_catching_up(facts: Facts) -> Iterator[Finding]:
    """Others are ahead, and their blocks are fetched."""
    goal = max(facts.target, facts.account.goal if facts.account.phase != "observer" else 0)
    behind = goal - facts.height
    is_waiting = facts.account.waiting_for == "blocks" and facts.is_late
    if behind <= 0 or not (is_waiting or behind > FAR_HEIGHTS or facts.state == "catching-up"):
        return
    is_stuck = facts.head_ms > max(FETCHING_STUCK_MS, facts.patience_ms)
    source = f" from {join_names(facts.helpers)}" if facts.helpers else ""
    text = (
        f"catching up{source}: block {facts.height:,} of {goal:,}, {count(behind, 'block')} to go"
    )
    if is_stuck:
        text += f"; none came for {show_duration(facts.head_ms)}"
    advice = "Wait: it takes part again when it has come to the end."
    if is_stuck:
        advice = (
            "Look at the links to those that are ahead, and at their logs for refused requests."
            if facts.helpers
            else "None of the linked peers has these blocks: start those that do, or link to them."
        )
    yield Finding(
        code=Code.CATCHING_UP,
        severity=Severity.FAULT if is_stuck else Severity.WARNING,
        text=text,
        advice=advice,
        since_ms=facts.head_ms if is_stuck else None,
        members=facts.helpers,
    )


def find_lateness(facts: Facts) -> Iterator[Finding]:
    """A synchronous engine saw its assumption broken, and abstains until it holds again."""
    account = facts.account
    if account.waiting_for != SYNCHRONY:
        return
    yield Finding(
        code=Code.NOT_IN_TIME,
        severity=Severity.FAULT if facts.is_late else Severity.WARNING,
        text=(
            "messages come later than the engine's rounds allow, or too few validators are there: this"
            f" validator abstains; block {account.height:,} waits for {show_duration(facts.wait_ms)}"
        ),
        advice=(
            "Nothing wrong is decided meanwhile. Look for slow links, stalled processes and clocks that"
            " differ; a network that stays slower needs longer rounds from its genesis on."
        ),
        since_ms=facts.wait_ms,
    )


def find_missing_bodies(facts: Facts) -> Iterator[Finding]:
    """What was decided or proposed is not here in full."""
    if not facts.is_late or facts.account.waiting_for not in BODIES:
        return
    yield Finding(
        code=Code.BODIES_MISSING,
        severity=Severity.FAULT,
        text=(
            f"block {facts.account.height:,} is known for {show_duration(facts.phase_ms)}, but not all"
            " of its transactions have been received, or its time lies ahead of this clock"
        ),
        advice=(
            "They are asked for again by themselves; if it lasts, look at this node's links and clock,"
            " and at whether the proposer still runs."
        ),
        since_ms=facts.phase_ms,
    )


def find_view_change(facts: Facts) -> Iterator[Finding]:
    """Another leader is being agreed on: who wants it, and who has not said so."""
    account = facts.account
    if not facts.is_late or not (account.waiting_for in CHANGES or is_opening(facts)):
        return
    missing = [m for m in facts.members if m.replica not in account.heard]
    leader = facts.leader
    if account.waiting_for in CHANGES:
        heard = [m.name for m in facts.members if m.replica in account.heard]
        text = (
            f"{describe_candidate(facts)}: {len(heard)} of {account.needed}"
            f" {CHANGES[account.waiting_for]} ({join_names(heard)}); not heard from"
            f" {join_names([describe_member(m) for m in missing])}"
        )
    elif leader is not None:
        missing = [leader]
        text = (
            f"a quorum asked for view {account.view}, which {describe_member(leader)} has to open"
        )
    else:
        missing = []
        text = "nobody leads; a validator stands for election as soon as its patience ends"
    yield Finding(
        code=Code.VIEW_CHANGING,
        severity=Severity.WARNING if facts.phase_ms < 10 * facts.patience_ms else Severity.FAULT,
        text=text,
        advice=advise_return([m for m in missing if not m.is_here]) or "Wait: another try follows.",
        since_ms=facts.wait_ms,
        members=name_all(missing),
    )


def is_opening(facts: Facts) -> bool:
    """Is a leader chosen that has not spoken yet, or none known."""
    waiting_for = facts.account.waiting_for
    return waiting_for == OPENING or (waiting_for in LEADERS_WORD and facts.leader is None)


def describe_candidate(facts: Facts) -> str:
    """Who would lead."""
    if facts.account.waiting_for == "view-changes":
        leader = facts.leader.name if facts.leader else "nobody"
        return f"changing to view {facts.account.view}, which {leader} would lead"
    return "this node stands for election"


def find_silent_leader(facts: Facts) -> Iterator[Finding]:
    """Whoever leads is not there, or its engine has said nothing."""
    leader = facts.leader
    waiting_for = facts.account.waiting_for
    if leader is None or not (waiting_for in LEADERS_WORD or waiting_for == OPENING):
        return
    patience_ms = facts.patience_ms if leader.is_here else facts.patience_ms // GONE_SHARE
    if facts.wait_ms <= patience_ms or leader.replica == facts.me or is_speaking(leader):
        return
    yield Finding(
        code=Code.LEADER_SILENT,
        severity=Severity.FAULT,
        text=(
            f"{describe_member(leader)} leads and has brought nothing for"
            f" {show_duration(facts.wait_ms)}{describe_suspects(facts)}"
        ),
        advice=(
            "Wait: the others replace a leader that stays silent, as long as a quorum of them is"
            f" there. {advise_return([leader]) if not leader.is_here else ''}"
        ).strip(),
        since_ms=facts.wait_ms,
        members=(leader.name,),
    )


def is_speaking(member: Member) -> bool:
    """Is it there, and is its engine at work."""
    return member.is_here and member.heard_ms is not None and member.heard_ms < SPEAKS_MS


def describe_suspects(facts: Facts) -> str:
    """Who wants another leader."""
    names = [m.name for m in facts.members if m.replica in facts.account.suspects]
    if not names:
        return ""
    return f"; {join_names(names)} {'wants' if len(names) == 1 else 'want'} another leader"


def find_missing_votes(facts: Facts) -> Iterator[Finding]:
    """A block is proposed, and votes for it are missing."""
    account = facts.account
    if not facts.is_late or account.waiting_for not in VOTES:
        return
    heard = [m for m in facts.members if m.replica in account.heard]
    missing = [m for m in facts.members if m.replica not in account.heard]
    yield Finding(
        code=Code.WAITING_FOR_VOTES,
        severity=Severity.FAULT,
        text=(
            f"block {account.height:,} has {len(heard)} of {account.needed} {VOTES[account.waiting_for]}"
            f" ({join_names(name_all(heard))}) after {show_duration(facts.wait_ms)}; missing:"
            f" {join_names([describe_member(m) for m in missing])}"
        ),
        advice=advise_return([m for m in missing if not m.is_here])
        or "Look at the logs of those that are linked and do not vote: they may be behind or observe.",
        since_ms=facts.wait_ms,
        members=name_all(missing),
    )


def find_missing_shares(facts: Facts) -> Iterator[Finding]:
    """A common coin was asked for, and too few members have given their shares of it."""
    coin = facts.coin
    if not facts.is_late or coin is None or coin.age_ms <= facts.patience_ms:
        return
    heard = [m for m in facts.members if m.replica in coin.heard]
    missing = [m for m in facts.members if m.replica not in coin.heard]
    yield Finding(
        code=Code.WAITING_FOR_VOTES,
        severity=Severity.FAULT,
        text=(
            f"the common coin of block {coin.height:,} has {len(heard)} of {coin.needed} shares"
            f" ({join_names(name_all(heard))}) after {show_duration(coin.age_ms)}; missing:"
            f" {join_names([describe_member(m) for m in missing])}"
        ),
        advice=advise_return([m for m in missing if not m.is_here])
        or "Wait: the others give theirs when they come to this coin; one that is behind does later.",
        since_ms=coin.age_ms,
        members=name_all(missing),
    )


def find_missing_proposals(facts: Facts) -> Iterator[Finding]:
    """There is work and a leader that is there, and it proposes nothing."""
    leader = facts.leader
    if not facts.is_late or facts.account.waiting_for not in LEADERS_WORD:
        return
    if facts.is_follower:
        yield describe_dry_follower(facts)
        return
    if leader is None or not (leader.replica == facts.me or is_speaking(leader)):
        return
    if facts.account.waiting_for == NEWS:
        yield describe_no_news(facts, leader)
        return
    who = "this node leads" if leader.replica == facts.me else f"{leader.name} leads and is there"
    yield Finding(
        code=Code.NO_PROPOSALS,
        severity=Severity.FAULT,
        text=(
            f"{who}, {describe_backlog(facts)}, and nothing has been proposed"
            f" for {show_duration(facts.wait_ms)}{describe_suspects(facts)}"
        ),
        advice=(
            "Look at the leader's load and log. It is replaced when enough validators find the same;"
            " transactions that only this node holds may not have reached it."
        ),
        since_ms=facts.wait_ms,
        members=(leader.name,),
    )


def describe_backlog(facts: Facts) -> str:
    """What waits here to be ordered."""
    verb = "waits" if facts.pending == 1 else "wait"
    return f"{count(facts.pending, 'transaction')} {verb} here"


def describe_no_news(facts: Facts, leader: Member) -> Finding:
    """Only the leader counts the votes, and it has not said that there are enough."""
    return Finding(
        code=Code.WAITING_FOR_VOTES,
        severity=Severity.FAULT,
        text=(
            f"block {facts.account.height:,} is proposed, and {leader.name}, which counts the votes for"
            f" it, has not told for {show_duration(facts.wait_ms)} that they are enough"
        ),
        advice=f"Ask {leader.name} whose votes are missing: `quorate status --why --url` there.",
        since_ms=facts.wait_ms,
        members=(leader.name,),
    )


def describe_dry_follower(facts: Facts) -> Finding:
    """A follower hears no votes: it only knows that no blocks come."""
    return Finding(
        code=Code.NO_PROPOSALS,
        severity=Severity.FAULT,
        text=(
            f"{describe_backlog(facts)} and no block has come for"
            f" {show_duration(facts.head_ms)}; this node follows, so it cannot tell why"
        ),
        advice="Ask a validator: `quorate status --why --url` with its address.",
        since_ms=facts.wait_ms,
    )
