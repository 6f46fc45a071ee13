"""Three simple agreements, and the one property that each gives up."""

from collections.abc import Iterator, Sequence
from typing import Any

from consensus.exploration.drawing.run import draw_run
from consensus.simulation.drawing.markup import Markup, tag, text
from consensus.simulation.entry import Entry

WORDS = {
    "wait-for-all": (
        "Wait for everybody",
        (
            "Each says its input and decides the majority of all three. No two can disagree, and "
            "whatever is decided was somebody's input. But if one participant is silent, the others "
            "wait for ever."
        ),
    ),
    "first-heard": (
        "Take the first two",
        (
            "Each decides by its own input and the first other one that it hears. Nobody waits for "
            "the slowest, so one silent participant does no harm. But who is first is not the same for "
            "everybody, so two participants can decide differently."
        ),
    ),
    "always-0": (
        "Always say 0",
        (
            "Nobody waits and nobody disagrees. But nobody asked either: 0 is decided although all "
            "inputs are 1."
        ),
    ),
}


def draw_straw_men(losses: Sequence[tuple[dict[str, Any], list[Entry]]]) -> Markup:
    """A part for each."""
    return tag(
        "section",
        tag("h2", text("Three straw men, and what each gives up")),
        tag(
            "p",
            text(
                "One can have two of three: agreement (no two decide differently), validity (what is "
                "decided was an input) and termination (all decide, though one is silent)."
            ),
        ),
        *(part for loss, film in losses for part in draw_loss(loss, film)),
        id="straw-men",
        class_="men",
    )


def draw_loss(loss: dict[str, Any], film: list[Entry]) -> Iterator[Markup]:
    """One of them."""
    title, words = WORDS[loss["name"]]
    bits = "".join(map(str, loss["inputs"]))
    yield tag("h3", text(f"{title}: gives up {loss['loses']}"))
    yield tag("p", text(words))
    yield tag("figure", draw_run(film, len(bits), f"{loss['name']}-", f"{title}, a run"))
    yield tag("p", tag("strong", text("Check: ")), text(tell_loss(loss, bits)), class_="check")


def tell_loss(loss: dict[str, Any], bits: str) -> str:
    """The least that shows it."""
    if loss["silent"] is not None:
        return (
            f"inputs {bits}, participant {loss['silent']} takes no step, everything that the others "
            "say to each other arrives, and 0 of them have decided."
        )
    steps = len(loss["schedule"])
    return f"inputs {bits}; {steps} {'delivery' if steps == 1 else 'deliveries'} are enough."
