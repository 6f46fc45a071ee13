"""Findings about the life of a node and its chain: moving, at rest, starting, stopped for good."""

from collections.abc import Iterator

from node.diagnosis.facts import Facts
from node.diagnosis.finding import Code, Finding, Severity
from node.diagnosis.words import count, show_duration

LATELY_MS = 10_000
"""A block that came so lately shows that the chain moves, whatever is under way."""
SOON_MS = 500
"""A block that takes no longer needs no word."""
DRY_INTERVALS = 8
"""Without a block for so many of the times that one should take: chance alone does that once in
three thousand blocks."""
SPLIT = "split-off"
HALTED = "halted"


def find_divergence(facts: Facts) -> Iterator[Finding]:
    """The rest of the network holds something else for irreversible."""
    if facts.account.phase not in {SPLIT, HALTED}:
        return
    yield Finding(
        code=Code.DIVERGED,
        severity=Severity.FAULT,
        text=(
            f"this node stopped at block {facts.height:,}: the others agree on another irreversible"
            " block than the one that is final here"
        ),
        advice=(
            "Do not rely on this node. Keep its home folder for examination, start a new home and let"
            " it catch up."
        ),
        since_ms=facts.phase_ms,
    )


def find_beginning(facts: Facts) -> Iterator[Finding]:
    """The engine has not begun, or the process is ending."""
    if facts.state == "stopping":
        text = "the node is being closed"
        yield Finding(code=Code.STOPPING, severity=Severity.INFO, text=text)
    elif facts.account.phase == "starting":
        text = "the node is starting: its engine has not begun yet"
        yield Finding(code=Code.STARTING, severity=Severity.INFO, text=text)


def find_progress(facts: Facts) -> Iterator[Finding]:
    """Blocks come, or there is nothing to do."""
    if facts.is_at_rest:
        yield describe_rest(facts)
    elif facts.tree is not None:
        yield from describe_mining(facts)
    elif not facts.is_late:
        yield Finding(
            code=Code.MOVING,
            severity=Severity.OK,
            text=describe_move(facts),
            since_ms=facts.head_ms,
        )


def describe_move(facts: Facts) -> str:
    """The last block, or the one under way where the last was long ago."""
    if facts.height and facts.head_ms < LATELY_MS:
        text = f"moving: block {facts.height:,}, {show_duration(facts.head_ms)} ago"
        if facts.wait_ms < SOON_MS:
            return text
        return (
            f"{text}; block {facts.account.height:,} under way for {show_duration(facts.wait_ms)}"
        )
    return f"moving: block {facts.account.height:,} under way for {show_duration(facts.wait_ms)}"


def describe_rest(facts: Facts) -> Finding:
    """Nothing to do; what waits, if anything does, cannot be executed."""
    last = f"block {facts.height:,}" if facts.height else "the genesis"
    text = f"at rest: nothing to do since {last}, {show_duration(facts.head_ms)} ago"
    advice = ""
    if facts.pending:
        text += f"; {count(facts.pending, 'pending transaction')} cannot be executed yet"
        advice = "They wait for an earlier nonce of their senders: send that, or let them expire."
    return Finding(
        code=Code.IDLE, severity=Severity.OK, text=text, advice=advice, since_ms=facts.head_ms
    )


def describe_mining(facts: Facts) -> Iterator[Finding]:
    """Blocks are a matter of chance: late is what chance hardly explains."""
    tree = facts.tree
    assert tree is not None
    expected_ms = compute_expected_ms(facts)
    if facts.head_ms > DRY_INTERVALS * max(tree.interval_ms, facts.patience_ms):
        yield describe_dryness(facts)
        return
    soon = f"; the next is expected in about {show_duration(expected_ms)}"
    text = f"moving: block {facts.height:,}, {show_duration(facts.head_ms)} ago{soon}"
    if not facts.height:
        text = f"moving: no block yet, one is expected each {show_duration(expected_ms)}"
    yield Finding(code=Code.MOVING, severity=Severity.OK, text=text, since_ms=facts.head_ms)


def compute_expected_ms(facts: Facts) -> float:
    """How long the next block should take, as the pace of the latest tells, or else the goal."""
    tree = facts.tree
    assert tree is not None
    if tree.network_rate:
        return tree.difficulty * 1_000 / tree.network_rate
    return tree.interval_ms


def describe_dryness(facts: Facts) -> Finding:
    """Nobody seems to mine, or too few for the difficulty."""
    tree = facts.tree
    assert tree is not None
    if tree.own_rate > 0:
        alone = show_duration(tree.difficulty * 1_000 / tree.own_rate)
        own = f"this node's {tree.own_rate:,.0f} hashes a second alone take about {alone} for it"
        advice = "Wait: the difficulty follows the pace once blocks come; or add miners."
    elif tree.workers:
        own = f"this node's {count(tree.workers, 'mining process')} make no hashes just now"
        advice = "Look at this node's log and at the machine's load: mining yields to all else."
    else:
        own = "this node does not mine"
        advice = (
            "Start a miner: set mining.workers in a node's config.toml, or start those that mined."
        )
    return Finding(
        code=Code.NO_MINERS,
        severity=Severity.FAULT,
        text=(
            f"no block for {show_duration(facts.head_ms)}, one was expected each"
            f" {show_duration(tree.interval_ms)}; the next takes {tree.difficulty:,} hashes, and {own}"
        ),
        advice=advice,
        since_ms=facts.head_ms,
    )
