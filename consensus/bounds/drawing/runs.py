"""Runs in tables: what was run, what came of it, and step by step how."""

from collections.abc import Iterable, Sequence

from consensus.bounds.reports import CellShown, Named
from consensus.bounds.telling import tell_decisions
from consensus.bounds.witness import Witness
from consensus.simulation.drawing.markup import Markup, tag, text


def draw_table(heads: Sequence[str], rows: Iterable[Sequence[Markup]]) -> Markup:
    """A table; cells are elements `td`."""
    head = tag("tr", *(tag("th", text(name)) for name in heads))
    return tag("table", tag("thead", head), tag("tbody", *(tag("tr", *cells) for cells in rows)))


def draw_named(runs: Sequence[Named]) -> Markup:
    """One line for each run."""
    return draw_table(
        ("case", "run", "bound"),
        (
            (
                tag("td", text(run.title)),
                tag("td", draw_witness(run.witness)),
                tag("td", text("inside" if run.witness.covered else "outside")),
            )
            for run in runs
        ),
    )


def draw_theorem(cells: Sequence[CellShown]) -> Markup:
    """One line for each statement, with both of its runs."""
    return draw_table(
        ("faults", "timing", "promise", "bound", "a run inside", "a run outside"),
        (
            (
                tag("td", text(cell.faults + (", signed" if cell.signed else ""))),
                tag("td", text(cell.timing)),
                tag("td", text(f"{cell.validity}, {name_agreement(cell.agreement)}")),
                tag("td", text(cell.bound), class_="bound", title=cell.source),
                tag("td", draw_witness(cell.inside)),
                tag("td", draw_witness(cell.outside)),
            )
            for cell in (shown.cell for shown in cells)
        ),
    )


def name_agreement(agreement: str) -> str:
    """Among whom."""
    return "uniform agreement" if agreement == "uniform" else "agreement of the correct"


def draw_witness(witness: Witness) -> Markup:
    """Which run, whether it kept its promises, and its story when opened."""
    verdict = (
        tag("span", text(f"breaks {', '.join(witness.broken)}"), class_="bad")
        if witness.broken
        else tag("span", text("all kept"), class_="good")
    )
    title = text(f"n = {witness.nodes}, f = {witness.faults}: {witness.algorithm}. ")
    doubt = "" if witness.confirmed else tag("span", text(" not confirmed"), class_="bad")
    steps = [tag("li", text(line)) for line in (*witness.story, tell_decisions(witness.decisions))]
    return tag("details", tag("summary", title, verdict, doubt), tag("ol", *steps))
