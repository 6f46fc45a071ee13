"""The drawing itself: axis, hosts, messages, signs and words, from the back to the front."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import filterfalse, groupby

from consensus.simulation.drawing.frame import AXIS_PX, TOP_PX, Frame, Line
from consensus.simulation.drawing.marks import CROSS, LAYERS, SIGNS, SPREAD_PX, WRITE_PX, find_sign
from consensus.simulation.drawing.markup import Markup, draw_svg, path, tag, text
from consensus.simulation.drawing.scale import Stretch
from consensus.simulation.drawing.story import LOST, OPEN, Flight, Life, Story
from consensus.simulation.drawing.words import (
    LINE_PX,
    draw_line,
    set_lines,
    tell_banner,
    tell_words,
)
from consensus.simulation.entry import NETWORK, Entry, format_entry

WORDS_PX = 9
"""From a host's line to its words."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """What is drawn, where, and how its messages look."""

    story: Story
    frame: Frame
    looks: Mapping[str, str]
    """Kind of message -> class."""
    liars: frozenset[int]
    prefix: str = ""
    """Keeps the names within several drawings of one page apart."""
    unit: str = "ms"
    """Of time."""

    def draw(self) -> Markup:
        """The whole drawing."""
        width, height = self.frame.width_px, self.frame.height_px
        return draw_svg(
            "Messages between hosts over virtual time",
            width,
            height,
            tag("defs", *self.draw_heads()),
            tag("g", *self.draw_ticks(), class_="axis"),
            tag("g", *map(self.draw_life, self.story.lives), class_="lives"),
            tag("g", *self.draw_breaks(), class_="axis"),
            tag("g", *self.draw_flights(), class_="flights"),
            tag("g", *self.draw_marks(), class_="marks"),
            tag("g", *self.draw_words(), class_="words"),
            class_="drawing",
        )

    def draw_heads(self) -> Iterator[Markup]:
        """An arrow head for each kind of message."""
        for look in dict.fromkeys(self.looks.values()):
            head = tag("path", d="M 0 0 L 8 3.5 L 0 7 Z")
            size = {"markerWidth": 8, "markerHeight": 7, "refX": 7.5, "refY": 3.5}
            units = {"orient": "auto", "markerUnits": "userSpaceOnUse"}
            yield tag(
                "marker",
                head,
                id=f"{self.prefix}head-{look}",
                class_=f"head {look}",
                **size,
                **units,
            )

    def draw_ticks(self) -> Iterator[Markup]:
        """A line and a number for each."""
        right = self.frame.width_px
        for at_ms in self.frame.scale.ticks():
            y = self.frame.find_y(at_ms)
            yield tag("line", x1=AXIS_PX, y1=y, x2=right, y2=y)
            yield tag("text", text(f"{at_ms:,} {self.unit}"), x=AXIS_PX - 8, y=y + 4)

    def draw_breaks(self) -> Iterator[Markup]:
        """A band for each stretch that is cut short."""
        return (self.draw_break(each) for each in self.frame.scale.stretches if each.is_break)

    def draw_break(self, stretch: Stretch) -> Markup:
        """A band across the page in which time runs faster."""
        top, bottom = TOP_PX + stretch.top_px + 8, TOP_PX + stretch.bottom_px - 8
        middle = (top + bottom) / 2
        length_ms = stretch.end_ms - stretch.begin_ms
        return tag(
            "g",
            tag("rect", x=0, y=top, width=self.frame.width_px, height=bottom - top),
            tag("path", d=" ".join(self.cut_lives(top, bottom)), class_="gap"),
            tag("text", text(f"{length_ms:,} {self.unit} pass"), x=AXIS_PX - 8, y=middle + 4),
            class_="break",
        )

    def cut_lives(self, top: float, bottom: float) -> Iterator[str]:
        """What takes the hosts' lines apart in a break."""
        for place in self.frame.places:
            yield path("M", self.frame.find_x(place), top, "V", bottom)

    def draw_life(self, life: Life) -> Markup:
        """A piece of a host's line: whole, dashed or missing."""
        frame = self.frame
        begin_ms = frame.from_ms if life.begin_ms is None else life.begin_ms
        end_ms = frame.to_ms if life.end_ms is None else life.end_ms
        if end_ms < frame.from_ms or begin_ms > frame.to_ms:
            return ""
        x = frame.find_x(life.place)
        y1 = 0.0 if begin_ms <= frame.from_ms else frame.find_y(begin_ms)
        y2 = frame.height_px if life.end_ms is None else frame.find_y(end_ms)
        liar = " liar" if life.place in self.liars else ""
        look = f"life {life.state}{liar}"
        return tag("line", x1=x, y1=y1, x2=x, y2=y2, class_=look, data_place=life.place)

    def draw_flights(self) -> Iterator[Markup]:
        """An arrow for each copy that has a part in the window."""
        flights = [flight for flight in self.story.flights if self.frame.shows(flight)]
        for flight, line in self.frame.find_lines(flights):
            yield self.draw_flight(flight, line)

    def draw_flight(self, flight: Flight, line: Line) -> Markup:
        """One copy: an arrow, or what became of it instead, wide enough to be pointed at."""
        ends = {"x1": line.x1, "y1": line.y1, "x2": line.x2, "y2": line.y2}
        look = self.looks[flight.known.name]
        told = [format_entry(entry) for entry in (flight.sent, flight.ended) if entry]
        if flight.fate == OPEN:
            told.append("nothing more is known of this copy")
        arrow = (
            {"marker_end": f"url(#{self.prefix}head-{look})"} if self.has_head(flight, line) else {}
        )
        return tag(
            "g",
            tag("title", text("\n".join(told))),
            tag("line", class_="reach", **ends),
            tag("line", class_="way", **ends, **arrow),
            *self.draw_cross(flight, line),
            class_=f"flight {flight.fate} {look}",
            data_message=flight.known.number,
            data_from=flight.origin,
            data_to=flight.target,
        )

    def has_head(self, flight: Flight, line: Line) -> bool:
        """Does the arrow reach its host on the page."""
        return flight.fate not in {LOST, OPEN} and line.is_whole

    def draw_cross(self, flight: Flight, line: Line) -> Iterator[Markup]:
        """Where a copy was lost."""
        if flight.fate == LOST and line.is_whole:
            yield tag("path", d=CROSS, transform=move(line.x2, line.y2), class_="cross")

    def draw_marks(self) -> Iterator[Markup]:
        """The signs, side by side where several stand at one moment of a host."""
        taken: Counter[tuple[int, int, bool]] = Counter()
        marks = [entry for entry in self.story.marks if self.frame.has(entry.at_ms)]
        for entry in sorted(filterfalse(is_for_all, marks), key=is_minor):
            key = (entry.place, entry.at_ms, entry.kind == "write")
            yield self.draw_mark(entry, taken[key])
            taken[key] += 1
        for at_ms, entries in groupby(filter(is_for_all, marks), key=lambda entry: entry.at_ms):
            yield self.draw_banner(at_ms, list(entries))

    def draw_mark(self, entry: Entry, index: int) -> Markup:
        """A sign on its host's line, or left of the `index` that are there already."""
        x, y = self.frame.find_x(entry.place), self.frame.find_y(entry.at_ms)
        sign = find_sign(entry.kind)
        title = tag("title", text(format_entry(entry)))
        if sign == "write":
            y += 3.0 * index
            tick = tag("line", x1=x - 2, y1=y, x2=x - 2 - WRITE_PX, y2=y)
            return tag("g", title, tick, class_="mark write")
        place = move(x - SPREAD_PX * index, y)
        return tag("g", title, SIGNS[sign], class_=f"mark {sign}", transform=place)

    def draw_banner(self, at_ms: int, entries: Sequence[Entry]) -> Markup:
        """What happened to the network at one moment, across the page."""
        y, right = self.frame.find_y(at_ms), self.frame.words_end_px
        kinds = dict.fromkeys(entry.kind for entry in entries)
        return tag(
            "g",
            tag("title", text("\n".join(map(format_entry, entries)))),
            tag("line", x1=AXIS_PX, y1=y, x2=right, y2=y),
            *(
                self.write_banner(entry, y + index * LINE_PX + 4)
                for index, entry in enumerate(entries)
            ),
            class_=f"banner {' '.join(kinds)}",
        )

    def write_banner(self, entry: Entry, y: float) -> Markup:
        """Words at the right edge; a run ends where a promise breaks, so there they go below."""
        if entry.kind == "violated":
            return tag("text", text(tell_banner(entry)), x=AXIS_PX + 8, y=y + 3 * LINE_PX)
        return tag("text", text(tell_banner(entry)), x=self.frame.words_end_px + 6, y=y)

    def draw_words(self) -> Iterator[Markup]:
        """The words beside each line, further down where they would cover each other."""
        frame = self.frame
        sends = [entry for entry in self.story.sends if frame.has(entry.at_ms)]
        marks = [entry for entry in self.story.marks if frame.has(entry.at_ms)]
        free: defaultdict[int, float] = defaultdict(float)
        words = tell_words(sends, marks, self.looks)
        for place, at_ms in sorted(words, key=lambda key: (key[1], key[0])):
            y = max(frame.find_y(at_ms) - 4, free[place])
            for line in set_lines(words[place, at_ms], frame.column_px - 2 * WORDS_PX):
                yield draw_line(line, frame.find_x(place) + WORDS_PX, y)
                y += LINE_PX
            free[place] = y


def is_minor(entry: Entry) -> bool:
    """Does a mark belong to a layer that can be switched off; others stand nearer to the line."""
    return find_sign(entry.kind) in LAYERS


def is_for_all(entry: Entry) -> bool:
    """Is a mark drawn across the page."""
    return entry.place == NETWORK or entry.kind == "violated"


def move(x: float, y: float) -> str:
    """A shift from the origin."""
    return f"translate({path(x, y)})"
