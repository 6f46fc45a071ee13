"""One page with all that was shown; it asks nothing of any other place, and can be read without scripts."""

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

from consensus.bounds.arguments import (
    ARGUMENTS,
    ASYNCHRONOUS,
    HEXAGON,
    PARTITION,
    ROUNDS,
    THEOREM,
    WEAK,
)
from consensus.bounds.drawing.chain import draw_chain, draw_hiding, tell_links
from consensus.bounds.drawing.groups import draw_groups
from consensus.bounds.drawing.ring import draw_pair, draw_ring
from consensus.bounds.drawing.runs import draw_named, draw_theorem
from consensus.bounds.drawing.style import STYLE
from consensus.bounds.reports import CellShown, ChainFound, Finding, Hexagon, Hiding, Named
from consensus.bounds.telling import tell
from consensus.simulation.drawing.markup import Markup, tag, text
from consensus.simulation.drawing.page import draw_document

Findings: TypeAlias = Sequence[Finding]
Kind = TypeVar("Kind")

INTRODUCTION = (
    "What agreement cannot do, by runs of the engines and agreements that nodes run. Nothing here is "
    "drawn by hand: each picture and each line is a run, or the result of a search through all runs."
)
EXPLANATIONS = {
    PARTITION: "A and B are correct and cannot hear each other until both have decided; C lies, and "
    "signs both of its faces. With n <= 3f no quorum is both live and safe: n - f votes are reached by A "
    "with C and by B with C, and quorums that meet in a correct member need more than are left.",
    HEXAGON: "Two copies of a system of three blocks are wired as one ring; copy 0 proposes 0, copy 1 "
    "proposes 1. Each pair of neighbours sees a legal run whose third block lies, so it has to keep its "
    "promises; together they cannot. A broken pair (red) is replayed among three, with a puppet that "
    "says to each of the two what the ring said to it. With signatures the puppet lacks the words.",
    ROUNDS: "Upper: each member that crashes whispers to the next alone, so that after f rounds one "
    "member knows what nobody else does. Lower: each column is an execution, circles are inputs, crossed "
    "out where the member crashes (round → whom it still reached). The bar from column to column is a "
    "correct member to whom both look alike, whatever the algorithm is, so it decides the same in both. "
    "The ends force different decisions: in some column (shaded) agreement breaks.",
    ASYNCHRONOUS: "Whoever is silent may have crashed, so the others must decide; or be late, so what "
    "they decide must fit what it holds.",
    WEAK: "k members crash in each round, each with a secret of its own that it whispers to one of the "
    "next k. Without a clock every member may hear another n - f of the inputs; that no algorithm "
    "keeps to f values then is topology, and not shown here.",
    THEOREM: "Open a run to read what was done in it. Where f < n is the bound nobody is left outside "
    "it, so there the algorithm meets one fault more than it was made for.",
}


def draw_page(arguments: Sequence[tuple[str, Findings]]) -> str:
    """The whole page, from the findings of each argument."""
    makers: dict[str, Callable[[Findings], Markup]] = {
        PARTITION: draw_partitions,
        HEXAGON: draw_hexagons,
        ROUNDS: draw_rounds,
        ASYNCHRONOUS: draw_runs,
        WEAK: draw_runs,
        THEOREM: draw_cells,
    }
    links = [tag("a", text(name), href=f"#{name}") for name, _ in arguments]
    parts = [
        tag(
            "section",
            tag("h2", text(ARGUMENTS[name]), id=name),
            tag("p", text(EXPLANATIONS[name]), class_="soft"),
            makers[name](findings),
        )
        for name, findings in arguments
    ]
    title = "The bounds of agreement"
    return draw_document(
        title,
        STYLE,
        tag("h1", text(title)),
        tag("p", text(INTRODUCTION)),
        tag("nav", *links),
        *parts,
    )


def pick(findings: Findings, kind: type[Kind]) -> list[Kind]:
    """Those of one kind."""
    return [finding for finding in findings if isinstance(finding, kind)]


def draw_runs(findings: Findings) -> Markup:
    """A table of runs."""
    return draw_named(pick(findings, Named))


def draw_partitions(findings: Findings) -> Markup:
    """The three groups wherever there are some, and the runs."""
    divided = [one for one in pick(findings, Named) if one.groups]
    pictures = [tag("div", draw_groups(one)) for one in divided]
    return tag("div", *pictures, class_="pair") + draw_runs(findings)


def draw_cells(findings: Findings) -> Markup:
    """The theorem."""
    return draw_theorem(pick(findings, CellShown))


def draw_hexagons(findings: Findings) -> Markup:
    """Each ring, with its first broken pair beside it."""
    return "".join(map(draw_hexagon, pick(findings, Hexagon)))


def draw_hexagon(hexagon: Hexagon) -> Markup:
    """The ring, and below it what became of its pairs."""
    title, *lines = tell(hexagon)
    broken = [pair for pair in hexagon.pairs if pair.broken]
    pictures = [draw_ring(hexagon), *(draw_pair(hexagon, pair) for pair in broken[:1])]
    return tag(
        "div",
        tag("h3", text(title)),
        tag("div", *(tag("div", one) for one in pictures), class_="pair"),
        *(tag("p", text(line.strip()), class_="soft") for line in lines),
    )


def draw_rounds(findings: Findings) -> Markup:
    """The hiding chains that break something, and the chains of similar executions."""
    hidings = [
        draw_told(
            hiding,
            tag("div", draw_hiding(hiding), class_="wide", tabindex=0) if hiding.broken else "",
        )
        for hiding in pick(findings, Hiding)
    ]
    return "".join([*hidings, *(draw_search(found) for found in pick(findings, ChainFound))])


def draw_search(found: ChainFound) -> Markup:
    """The chain, and all of its executions in words."""
    if not found.chain:
        return draw_told(found, "")
    steps = tag("ol", *(tag("li", text(line)) for line in tell_links(found)), start=0)
    words = tag("details", tag("summary", text("each execution in words")), steps)
    return draw_told(found, tag("div", draw_chain(found), class_="wide", tabindex=0) + words)


def draw_told(finding: Hiding | ChainFound, picture: Markup) -> Markup:
    """A title, a picture, and the lines that remain."""
    title, *lines = tell(finding)
    told = [tag("p", text(line.strip()), class_="soft") for line in lines]
    return tag("div", tag("h3", text(title)), picture, *told)
