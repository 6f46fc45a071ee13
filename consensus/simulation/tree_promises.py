"""What an engine of block trees promises besides: that the work is real, and the rules are kept.

found    each final block was granted to a miner by chance
lawful   each final block keeps the header rules, as an auditor reads them
heavier  no head is left for one with less work, unless the ledger refuted a block
timely   no head lies further ahead of its host's clock than the rules allow
"""

from collections.abc import Callable
from typing import Any

from consensus.engine_spec import TreeRules
from consensus.simulation.history import Execution, HeadMoved, History

ROOT_TIME_MS = 0


def explain_found(history: History, fact: Execution) -> str | None:
    """A block that took no work is final."""
    if fact.header is None or fact.block.block_id in history.found:
        return None
    return f"host {fact.name} finalized height {fact.block.height}, which nobody found"


def lawful(rules: TreeRules, parameters: Any) -> Callable[[History, Execution], str | None]:
    """The first who finalizes a height answers for its header; all others have the same."""

    def explain(history: History, fact: Execution) -> str | None:
        if fact.header is None or fact.block.height != len(history.final) + 1:
            return None
        history.final.append(fact.header)
        wrong = rules.audit(parameters, ROOT_TIME_MS, history.final)
        return f"host {fact.name} finalized height {fact.block.height}: {wrong}" if wrong else None

    return explain


def explain_heavier(_history: History, fact: HeadMoved) -> str | None:
    """A head was left for a lighter one."""
    if fact.gained is None or fact.gained >= 0:
        return None
    return f"host {fact.name} left a branch for one with {-fact.gained} hashes less"


def timely(rules: TreeRules, parameters: Any) -> Callable[[History, HeadMoved], str | None]:
    """A block from the future is somebody's head."""
    drift_ms = rules.drift_ms(parameters)

    def explain(_history: History, fact: HeadMoved) -> str | None:
        if fact.ahead_ms <= drift_ms:
            return None
        return f"host {fact.name} adopted a block {fact.ahead_ms} ms ahead of its clock"

    return explain
