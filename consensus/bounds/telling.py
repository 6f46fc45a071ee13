"""What was found, in a few lines for people."""

from collections.abc import Iterator, Mapping

from consensus.bounds.benign import tell_execution
from consensus.bounds.reports import (
    CellShown,
    ChainFound,
    Culprit,
    Finding,
    Hexagon,
    Hiding,
    Named,
    Replayed,
)
from consensus.bounds.witness import Witness


def tell(finding: Finding) -> Iterator[str]:
    """The lines of a finding."""
    match finding:
        case Named():
            yield f"{finding.title}: {tell_witness(finding.witness)}"
        case Hexagon():
            yield from tell_hexagon(finding)
        case Hiding():
            yield tell_hiding(finding)
        case ChainFound():
            yield from tell_chain(finding)
        case CellShown():
            yield from tell_cell(finding)


def tell_witness(witness: Witness) -> str:
    """One run on one line."""
    where = "inside" if witness.covered else "outside"
    came = f"breaks {', '.join(witness.broken)}" if witness.broken else "all promises kept"
    doubt = "" if witness.confirmed else " (NOT confirmed)"
    return (
        f"n = {witness.nodes}, f = {witness.faults}, {witness.algorithm}: {where} the bound, "
        f"{came}{doubt}; {tell_decisions(witness.decisions)}"
    )


def tell_decisions(decisions: Mapping[str, str]) -> str:
    """Who decided what, those alike together."""
    by_value: dict[str, list[str]] = {}
    for me, value in decisions.items():
        by_value.setdefault(value, []).append(me)
    told = [f"{' '.join(who)} decided {tell_value(value)}" for value, who in by_value.items()]
    return ", ".join(told) or "nobody decided"


def tell_value(value: str) -> str:
    """Words are quoted; the null value has no letters."""
    if not value:
        return "null"
    return value if value.isalnum() else repr(value)


def count(number: int, noun: str) -> str:
    """So many of something."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def tell_hexagon(hexagon: Hexagon) -> Iterator[str]:
    """The ring, and its pairs."""
    kind = ", signed (control)" if hexagon.signed else ""
    yield (
        f"{hexagon.algorithm}{kind}: two copies of n = {hexagon.nodes}, f = {hexagon.faults}, "
        f"{count(hexagon.rounds, 'round')}"
    )
    corners = (
        f"{one.name} ({one.input}) → {' '.join(map(tell_value, dict.fromkeys(one.decisions)))}"
        for one in hexagon.corners
    )
    yield f"  the ring: {', '.join(corners)}"
    for pair in hexagon.pairs:
        if pair.broken or hexagon.signed:
            yield f"  {tell_pair(pair)}"


def tell_pair(pair: Replayed) -> str:
    """One pair in its genuine run."""
    puppet = f"{' and '.join(pair.pair)} with {' '.join(map(str, pair.liars))} a puppet"
    if pair.forged:
        return (
            f"{puppet}: {pair.forged} of its messages need signatures that nobody gave; "
            f"{', '.join(pair.broken) or 'nothing'} breaks"
        )
    same = "as in the ring" if pair.same else "NOT as in the ring"
    return f"{puppet}: breaks {', '.join(pair.broken)}, {same}; {tell_decisions(pair.decisions)}"


def tell_hiding(hiding: Hiding) -> str:
    """The hiding chain on one line."""
    opening = (
        f"hiding chain, n = {hiding.nodes}, {hiding.algorithm}, {count(hiding.rounds, 'round')}, "
        f"{count(hiding.faults, 'crashed member')}: "
    )
    if not hiding.broken:
        return f"{opening}holds from all {2**hiding.nodes} inputs"
    inputs = " ".join(map(str, hiding.inputs))
    return (
        f"{opening}breaks {', '.join(hiding.broken)} from {inputs}; "
        f"{tell_decisions(hiding.decisions)}"
    )


def tell_chain(found: ChainFound) -> Iterator[str]:
    """The search, and whom the chain catches."""
    opening = (
        f"n = {found.nodes}, f = {found.faults}, {count(found.rounds, 'round')}: "
        f"{found.searched:,} executions, {found.views:,} views of correct participants; "
    )
    if not found.chain:
        yield f"{opening}no chain, all-0 is similar to {found.reached:,} of them and not to all-1"
        return
    yield f"{opening}a chain of {len(found.chain)} similar executions from all-0 to all-1"
    for culprit in found.culprits:
        yield f"  {tell_culprit(found, culprit)}"


def tell_culprit(found: ChainFound, culprit: Culprit) -> str:
    """Where an algorithm was caught."""
    execution = "; ".join(tell_execution(found.chain[culprit.number]))
    return (
        f"{culprit.algorithm} breaks {', '.join(culprit.broken)} in number {culprit.number}: "
        f"{execution}; {tell_decisions(culprit.decisions)}"
    )


def tell_cell(shown: CellShown) -> Iterator[str]:
    """A statement, and its two runs."""
    cell = shown.cell
    signed = ", signed" if cell.signed else ""
    yield (
        f"{cell.faults}, {cell.timing}{signed}, {cell.validity}, {cell.agreement} agreement: "
        f"{cell.bound} ({cell.source})"
    )
    yield f"  {tell_witness(cell.inside)}"
    yield f"  {tell_witness(cell.outside)}"
