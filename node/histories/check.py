"""The check of a whole history, one register at a time.

A history is linearizable exactly if its part on each register is (Herlihy & Wing 1990, locality).
"""

from collections import defaultdict
from collections.abc import Callable, Sequence

import msgspec

from node.histories.operation import Operation
from node.histories.search import STATES_MAX, Verdict, search
from node.histories.witness import Witness, find_witness


class KeyReport(msgspec.Struct, frozen=True):
    """One register that is not known to be linearizable; `witness` says why it is not."""

    key: str
    verdict: Verdict
    operations: int
    witness: Witness | None = None


class Report(msgspec.Struct, frozen=True):
    """What became of a check; `keys` lists those that did not pass, `states` is its effort."""

    verdict: Verdict
    operations: int
    reads: int
    writes: int
    indefinite: int
    failed: int
    registers: int
    states: int
    keys: tuple[KeyReport, ...]


def check_history(
    operations: Sequence[Operation],
    *,
    states_max: int = STATES_MAX,
    on_register: Callable[[], None] = lambda: None,
) -> Report:
    """Check every register; `on_register` is called after each. All hold nothing at first."""
    by_key: dict[str, list[Operation]] = defaultdict(list)
    for one in operations:
        by_key[one.key].append(one)
    bad: list[KeyReport] = []
    states = 0
    for key, own in sorted(by_key.items()):
        found = search(own, states_max)
        states += found.states
        if found.verdict is not Verdict.LINEARIZABLE:
            witness = find_witness(own) if found.verdict is Verdict.VIOLATED else None
            bad.append(KeyReport(key, found.verdict, len(own), witness))
        on_register()
    return Report(
        verdict=conclude(bad),
        operations=len(operations),
        reads=sum(one.is_read and one.is_definite for one in operations),
        writes=sum(not one.is_read and one.is_definite for one in operations),
        indefinite=sum(one.completed_us is None for one in operations),
        failed=sum(one.failed for one in operations),
        registers=len(by_key),
        states=states,
        keys=tuple(bad),
    )


def conclude(bad: Sequence[KeyReport]) -> Verdict:
    """One violation is enough; without any, an open question leaves the whole open."""
    verdicts = {one.verdict for one in bad}
    for verdict in (Verdict.VIOLATED, Verdict.UNDECIDED):
        if verdict in verdicts:
            return verdict
    return Verdict.LINEARIZABLE


def describe_key(report: KeyReport) -> list[str]:
    """A register that did not pass, in lines for people."""
    if report.witness is None:
        return [
            f"{report.key}: undecided, the search among {report.operations} operations is too long"
        ]
    witness = report.witness
    lines = [f"{report.key}: {witness.read.describe()}: {witness.why}"]
    return [*lines, *(f"    {one.describe()}" for one in witness.operations)]
