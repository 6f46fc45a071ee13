"""The page around a drawing: title, caption, legend, the names of the hosts."""

from collections import Counter
from collections.abc import Iterator

from consensus.simulation.drawing.canvas import Canvas, is_for_all
from consensus.simulation.drawing.fork_tree import STYLE
from consensus.simulation.drawing.look import SCRIPT, make_style
from consensus.simulation.drawing.marks import CROSS, LAYERS, NAMES, SIGNS, find_sign
from consensus.simulation.drawing.markup import Markup, path, tag, text
from consensus.simulation.drawing.story import LOST, OPEN, RECEIVED, name_replica
from consensus.simulation.trace_header import Header

NAMES_PX = 46
WORDS = "words"
"""The layer of everything that is written in the drawing."""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""The browser itself sees to it that nothing is asked of anybody."""
HIDDEN_LAYERS = frozenset({"apply", "ignore", "other"})
"""Off until switched on."""

ADVICE = (
    "Time runs downwards, and faster through the grey bands, where nothing happens. "
    "Point at an arrow or a sign to read its line of the trace."
)


def draw_page(header: Header, canvas: Canvas, forks: Markup = "") -> str:
    """The whole page; `forks` is the tree of blocks, if the run grew one."""
    title = f"{header.engine}, {header.nodes} nodes, seed {header.seed}"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width"),
        tag("title", text(f"Space-time diagram: {title}")),
        tag(
            "style", make_style(canvas.looks.values(), [*LAYERS, WORDS]) + (STYLE if forks else "")
        ),
    )
    body = tag(
        "body",
        draw_header(header, canvas, title),
        forks,
        draw_names(header, canvas),
        canvas.draw(),
        tag("script", SCRIPT),
    )
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


def draw_header(header: Header, canvas: Canvas, title: str) -> Markup:
    """What this is, how it was made, and what the signs mean."""
    return tag(
        "header",
        tag("h1", text(title)),
        tag("p", text(summarize(canvas) + tell_missing(header))),
        tag("p", tag("code", text(header.command))),
        tag("p", text(ADVICE)),
        tag("ul", *draw_kinds(canvas), class_="legend"),
        tag("ul", *draw_signs(canvas), *draw_layers(canvas), class_="legend"),
    )


def summarize(canvas: Canvas) -> str:
    """From when to when, and how many copies of messages there are, by fate."""
    if not canvas.story.sends and not canvas.story.marks:
        return "The trace is empty"
    frame = canvas.frame
    fates = Counter(flight.fate for flight in canvas.story.flights if frame.shows(flight))
    words = {RECEIVED: "received", LOST: "lost", OPEN: "of unknown fate"}
    told = [f"{fates[fate]:,} {word}" for fate, word in words.items() if fates[fate]]
    copies = f"copies of messages: {', '.join(told)}" if told else "no messages"
    return f"{frame.from_ms:,} to {frame.to_ms:,} ms of virtual time, {copies}"


def tell_missing(header: Header) -> str:
    """What the trace does not hold."""
    return f"; {header.missing:,} further entries were not kept" if header.missing else ""


def draw_kinds(canvas: Canvas) -> Iterator[Markup]:
    """A switch for each kind of message that occurs."""
    counts = Counter(
        flight.known.name for flight in canvas.story.flights if canvas.frame.shows(flight)
    )
    for kind, look in canvas.looks.items():
        if not counts[kind]:
            continue
        arrow = tag("line", x1=0, y1=6, x2=26, y2=6, class_="way", marker_end=f"url(#head-{look})")
        yield draw_switch(look, f"{kind} {counts[kind]:,}", draw_sample(arrow, look, 28))


def draw_switch(name: str, words: str, *sample: Markup, is_on: bool = True) -> Markup:
    """A box to tick that shows or hides something."""
    state = {"checked": "checked"} if is_on else {}
    box = tag("input", type="checkbox", id=f"show-{name}", **state)
    return tag("li", tag("label", box, *sample, text(words)))


def draw_sample(sign: Markup, look: str, width: int = 16) -> Markup:
    """A sign in the legend."""
    return tag("svg", sign, class_=look, width=width, height=12)


def draw_signs(canvas: Canvas) -> Iterator[Markup]:
    """The signs that occur."""
    marks = [entry for entry in canvas.story.marks if canvas.frame.has(entry.at_ms)]
    kinds = {entry.kind for entry in marks if not is_for_all(entry)}
    for kind, words in NAMES.items():
        if kind in kinds:
            sign = tag(
                "g", SIGNS[kind], class_=f"mark {kind}", transform="translate(8 6) scale(.8)"
            )
            yield tag("li", tag("span", draw_sample(sign, "sign"), text(words)))
    if any(flight.fate == LOST for flight in canvas.story.flights):
        cross = tag("path", d=CROSS, class_="cross", transform="translate(8 6)")
        yield tag("li", tag("span", draw_sample(cross, "sign"), text("message lost")))


def draw_layers(canvas: Canvas) -> Iterator[Markup]:
    """A switch for each layer that occurs, and one for the words."""
    signs = {find_sign(entry.kind) for entry in canvas.story.marks}
    for layer, words in LAYERS.items():
        if layer in signs:
            yield draw_switch(layer, words, is_on=layer not in HIDDEN_LAYERS)
    yield draw_switch(WORDS, "words")


def draw_names(header: Header, canvas: Canvas) -> Markup:
    """The hosts' names, which stay in sight."""
    frame = canvas.frame
    names = (draw_name(header, place, frame.find_x(place)) for place in frame.places)
    width = frame.width_px
    return tag(
        "svg",
        *names,
        tag("text", text("virtual time"), x=42, y=NAMES_PX - 10, class_="note"),
        xmlns="http://www.w3.org/2000/svg",
        class_="names",
        width=width,
        height=NAMES_PX,
        viewBox=path(0, 0, width, NAMES_PX),
    )


def draw_name(header: Header, place: int, x: float) -> Markup:
    """A host's name, and what is special about it."""
    replica = name_replica(place, header.replicas)
    notes = ["byzantine"] if place in header.liars else []
    if replica != place:
        notes.append(f"a copy of replica {replica}")
    look = "host liar" if place in header.liars else "host"
    name = tag(
        "text", text(f"{'host' if replica != place else 'replica'} {place}"), x=x, y=20, class_=look
    )
    note = tag("text", text(", ".join(notes)), x=x, y=36, class_="note liar") if notes else ""
    return name + note
