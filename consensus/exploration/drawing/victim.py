"""All about one victim, in the order of the proof; each figure with a number to check."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from consensus.exploration.drawing.cube import draw_cube
from consensus.exploration.drawing.layers import draw_layers
from consensus.exploration.drawing.rows import draw_diamond, draw_halts
from consensus.exploration.drawing.run import draw_run
from consensus.exploration.figures import Diamond, Figures
from consensus.simulation.drawing.markup import Markup, tag, text
from consensus.simulation.entry import Entry

TIMERS = {
    "coins": "",
    "timers": " No timer runs out in the loop, for every attempt of a proposer sets its timer anew; "
    "once it is let go, who is refused waits before the next attempt.",
}
"""What is to be said of them."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A victim's report, its figures, and the film of its lasso."""

    report: dict[str, Any]
    figures: Figures
    film: list[Entry]


def draw_victim(shown: Shown, *, is_open: bool) -> Markup:
    """A part of the page that folds."""
    report, state = shown.report, {"open": "open"} if is_open else {}
    return tag(
        "details",
        tag("summary", tag("h2", text(report["words"]))),
        *draw_starts(shown),
        *draw_graph(shown),
        *draw_lemma(shown),
        *draw_walk(shown),
        *draw_lasso(shown),
        id=report["victim"],
        class_="victim",
        **state,
    )


def draw_figure(title: str, words: str, drawing: Markup, check: str) -> Iterator[Markup]:
    """A heading, what to see, the drawing, and a number to check."""
    yield tag("h3", text(title))
    yield tag("p", text(words))
    yield tag("figure", drawing)
    yield tag("p", tag("strong", text("Check: ")), text(check), class_="check")


def draw_starts(shown: Shown) -> Iterator[Markup]:
    """Lemma 2."""
    inputs = shown.report["inputs"]
    both = [join(one["inputs"]) for one in inputs if len(one["witnesses"]) > 1]
    yield from draw_figure(
        "Eight ways to begin (lemma 2)",
        "A corner is one choice of inputs, and neighbours differ in the input of one participant. "
        "Three zeros have to lead to 0 and three ones to 1. If every corner had one colour, two "
        "neighbours somewhere would have different ones; let the participant in which they differ "
        "be silent, and nobody could tell them apart. So some corner is bivalent.",
        draw_cube(shown.figures.starts, f"The eight initial configurations, {name(shown)}"),
        f"{len(both)} of {len(inputs)} are bivalent: {', '.join(both) or 'none'}. For each, a schedule "
        "that decides 0 and one that decides 1 were replayed on fresh participants.",
    )


def draw_graph(shown: Shown) -> Iterator[Markup]:
    """The first layers."""
    layers, report = shown.figures.layers, shown.report
    if layers is None:
        return
    seen = (
        f"the whole space, up to a shift of the rounds, has {report['configurations']:,} "
        f"configurations before a first decision; {report['bivalent']:,} of them are bivalent."
    )
    if not report["surveyed"]:
        seen = (
            f"the space has no end, so the search looked around {report['configurations']} "
            f"configurations near the adversary's way; {report['bivalent']} are bivalent, each by two "
            "schedules. One valence is only said of what was looked at."
        )
    yield from draw_figure(
        f"The first steps from {join(layers.inputs)}",
        "From left to right, each column holds what one more message can lead to. A configuration "
        "that has one colour keeps it for ever, so only the bivalent ones are followed.",
        draw_layers(layers, f"The first layers of the graph of configurations, {name(shown)}"),
        seen,
    )


def draw_lemma(shown: Shown) -> Iterator[Markup]:
    """Lemma 3."""
    lemma, diamond = shown.report["lemma"], shown.figures.diamond
    if diamond is None:
        return
    yield from draw_figure(
        "Whatever message the adversary must deliver, it can (lemma 3)",
        f"C is bivalent, and the event e is the delivery {diamond.event}. Delivered at once, e would "
        f"settle the matter: e(C) has one colour. So other messages go first, along the upper row, "
        f"until e leaves both words open. {tell_turn(diamond)}",
        draw_diamond(diamond, f"Lemma 3 for one configuration and one event, {name(shown)}"),
        f"{lemma['pairs']:,} pairs of a bivalent configuration and an event in its mail, "
        f"{lemma['exceptions']} without such a schedule.",
    )
    rows = (
        tag("tr", tag("td", text(length), class_="n"), tag("td", text(f"{count:,}"), class_="n"))
        for length, count in lemma["lengths"].items()
    )
    head = tag("th", text("steps before e"), class_="n") + tag("th", text("pairs"), class_="n")
    yield tag("table", tag("thead", tag("tr", head)), tag("tbody", *rows))


def tell_turn(diamond: Diamond) -> str:
    """What the proof says of the square in which the colour changes."""
    words = (
        "Where e and the step above it concern different participants, their order makes no "
        "difference and the square closes below, in one colour. The colour changes where both concern "
        f"the same one, here participant {diamond.receiver}: exactly the case in which the proof lets "
        "that participant be silent."
    )
    if diamond.is_late:
        words += " Here the last step takes it so far that e comes too late and changes nothing."
    return words


def draw_walk(shown: Shown) -> Iterator[Markup]:
    """The adversary's way, and what it avoids."""
    figures, walk = shown.figures, shown.report["adversary"]
    if not figures.halts or walk is None:
        return
    avoided = sum(
        bool(valence in {"0", "1"}) for halt in figures.halts for _, valence in halt.others
    )
    yield from draw_figure(
        "The walk that never leaves the middle",
        "Every ring on the line is bivalent. Above and below hang the steps that were possible and "
        "would have settled the matter for 0 or for 1; the adversary takes another one each time. "
        "After the last ring everything is as where the loop began, only some rounds later, so it "
        "can go on like that for ever.",
        draw_halts(figures.halts, figures.prefix, f"The lasso, {name(shown)}"),
        f"{avoided} steps would have settled it, and none is taken. The adversary of the proof, which "
        f"serves everybody strictly in turn, oldest message first, is back where it was after "
        f"{walk['stages']} stages.",
    )


def draw_lasso(shown: Shown) -> Iterator[Markup]:
    """The run, replayed."""
    lasso = shown.report["lasso"]
    if lasso is None:
        return
    size = shown.report["nodes"]
    yield from draw_figure(
        "The same walk as a run",
        "Time runs downwards, one event to a unit; arrows are messages. Nobody crashes, everybody "
        "works, and nobody decides: the loop is shown twice. What is dotted and ends on its way is late; "
        "it arrives when it can change nothing any more. Then the adversary lets go, the oldest "
        f"message goes first, and the dots are decisions.{TIMERS[lasso['chance']['of']]}",
        draw_run(
            shown.film,
            size,
            f"{name(shown)}-".replace("+", "-"),
            f"Space-time diagram, {name(shown)}",
        ),
        tell_confirmation(lasso),
    )
    steps = tag("ol", *(tag("li", text(step)) for step in lasso["loop"]), class_="steps")
    yield tag("details", tag("summary", text("the loop, step by step")), steps)


def tell_confirmation(lasso: dict[str, Any]) -> str:
    """What the replayer saw."""
    chance = lasso["chance"]
    return (
        f"fresh participants went round {lasso['loops']:,} times, {lasso['events']:,} events, up to "
        f"round {lasso['round']:,}, and nobody decided; no message waited longer than "
        f"{lasso['age_max']} events. Let go, all had decided {lasso['released_after']} events later. "
        f"With {chance['of']} left to chance {chance['decided']} of {chance['runs']} runs decided, "
        f"within {chance['events_max']} events."
    )


def name(shown: Shown) -> str:
    """The victim's."""
    return str(shown.report["victim"])


def join(bits: Any) -> str:
    """`011`."""
    return "".join(map(str, bits))
