"""One page that stands alone: the theorem, four victims, and three straw men."""

from collections.abc import Iterator, Sequence
from typing import Any

from consensus.exploration.drawing.signs import draw_key
from consensus.exploration.drawing.straw import draw_straw_men
from consensus.exploration.drawing.style import STYLE
from consensus.exploration.drawing.victim import Shown, draw_victim
from consensus.simulation.drawing.markup import Markup, tag, text
from consensus.simulation.drawing.page import draw_document

TITLE = "No deterministic agreement stands one crash for certain"
INTRODUCTION = (
    (
        "Three participants have to agree on one bit. Messages may take as long as they like, and one "
        "participant may stop for ever. Fischer, Lynch and Paterson proved in 1985 that every "
        "deterministic way to agree then has a run in which everybody works, every message arrives, and "
        "nobody ever decides. Nothing on this page is a sketch: each picture was computed from the "
        "agreement that a node runs, and each run was played again on fresh participants."
    ),
    (
        "A configuration is what all participants know, and all mail that is on its way. What can still "
        "be decided from it is its valence:"
    ),
)


ENDING = (
    (
        "They keep agreement and validity always, and give up certainty about when. Ben-Or's coins end "
        "the run with probability one; Paxos and PBFT decide once messages are quick for long enough "
        "and rivals give way; synchronous agreements assume a bound on delays and stop when it is "
        "broken. The theorem says that one of these is needed."
    ),
    (
        "Or they ask for less. If two values may be decided instead of one, nothing of all this is "
        "needed: everybody says its input, waits for all but one, and takes the least."
    ),
)


def draw_page(
    shown: Sequence[Shown], losses: Sequence[tuple[dict[str, Any], Any]], weak: dict[str, Any]
) -> str:
    """The whole page; the first victim is open, the others open when asked."""
    return draw_document(
        f"FLP: {TITLE}",
        STYLE,
        tag("header", *draw_header(shown)),
        tag(
            "main",
            *(draw_victim(one, is_open=not at) for at, one in enumerate(shown)),
            draw_straw_men(losses),
            draw_end(weak),
        ),
    )


def draw_header(shown: Sequence[Shown]) -> Iterator[Markup]:
    """What this is, what the signs mean, and where to go."""
    yield tag("h1", text(TITLE))
    for words in INTRODUCTION:
        yield tag("p", text(words))
    yield draw_key()
    links = [(one.report["victim"], one.report["words"]) for one in shown]
    items = [tag("li", tag("a", text(words), href=f"#{name}")) for name, words in links]
    items.append(tag("li", tag("a", text("three straw men"), href="#straw-men")))
    yield tag("nav", tag("ul", *items), aria_label="victims")


def draw_end(weak: dict[str, Any]) -> Markup:
    """What follows from all of it."""
    check = (
        f"all {weak['configurations']:,} configurations of k-set agreement with k = {weak['k']}, from "
        f"all inputs and with a crash anywhere: {weak['ends']:,} ends, {weak['undecided']} of them "
        f"undecided, never more than {weak['values_max']} values, and no run goes on for ever."
    )
    return tag(
        "section",
        tag("h2", text("So what do real systems do?")),
        *(tag("p", text(words)) for words in ENDING),
        tag("p", tag("strong", text("Check: ")), text(check), class_="check"),
        class_="men",
    )
