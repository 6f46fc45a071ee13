"""Where everything is on the page: a column for each host, time downwards."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from consensus.simulation.drawing.scale import Scale
from consensus.simulation.drawing.story import Flight

AXIS_PX = 100
"""Left of the first column: room for the times."""
INDENT_PX = 40
"""From the axis to the first host."""
COLUMNS_PX = 980
"""What the columns share, within the limits of one."""
COLUMN_PX_MIN, COLUMN_PX_MAX = 92, 236
MARGIN_PX = 170
"""Right of the last host: room for its words."""
BANNERS_PX = 250
"""Further right: room for what happens to the network, if anything does."""
TOP_PX, BOTTOM_PX = 26, 56
LOST_AT = 0.42
"""Where on its way a copy ends that the link lost."""
OPEN_AT = 0.3
"""How far a copy is drawn of which nothing more is known."""
STUB_PX = 34
"""How far down such ends are, for no time belongs to them."""
CLEARANCE_PX = 4
"""An arrow ends short of its host's line."""
BESIDE_PX = 3.2
"""From one arrow to the next, where several go the same way at the same time."""


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line on the page."""

    x1: float
    y1: float
    x2: float
    y2: float
    is_whole: bool = True
    """Does it end where the message ended, and not at the edge of the window."""

    def lower(self, by_px: float) -> "Line":
        """The same line further down."""
        return replace(self, y1=self.y1 + by_px, y2=self.y2 + by_px) if by_px else self


@dataclass(frozen=True, slots=True)
class Frame:
    """The geometry of one diagram."""

    places: Sequence[int]
    scale: Scale
    from_ms: int
    to_ms: int
    has_banners: bool = False

    @property
    def column_px(self) -> float:
        """From host to host."""
        return min(max(COLUMNS_PX / max(len(self.places), 1), COLUMN_PX_MIN), COLUMN_PX_MAX)

    @property
    def width_px(self) -> float:
        """Of the whole drawing."""
        return self.words_end_px + (BANNERS_PX if self.has_banners else 0)

    @property
    def words_end_px(self) -> float:
        """Where the room for the words of the last host ends."""
        return self.right_px + MARGIN_PX

    @property
    def right_px(self) -> float:
        """Where the last host is."""
        return AXIS_PX + INDENT_PX + self.column_px * (max(len(self.places), 1) - 1)

    @property
    def bottom_px(self) -> float:
        """Where the last moment is."""
        return TOP_PX + self.scale.height_px

    @property
    def height_px(self) -> float:
        """Of the whole drawing."""
        return self.bottom_px + BOTTOM_PX

    def find_x(self, place: int) -> float:
        """The line of a host."""
        return AXIS_PX + INDENT_PX + self.column_px * self.places.index(place)

    def find_y(self, at_ms: float) -> float:
        """A moment."""
        return TOP_PX + self.scale.find(at_ms)

    def has(self, at_ms: int) -> bool:
        """Does a moment lie in the window."""
        return self.from_ms <= at_ms <= self.to_ms

    def shows(self, flight: Flight) -> bool:
        """Does any part of a flight lie in the window."""
        return flight.sent_ms <= self.to_ms and flight.ended_ms >= self.from_ms

    def find_line(self, flight: Flight) -> Line:
        """A flight's way, cut at the edges of the window."""
        x1, x2 = self.find_x(flight.origin), self.find_x(flight.target)
        y1 = self.find_y(flight.sent_ms)
        if flight.ended is None:
            return Line(x1, y1, x1 + OPEN_AT * (x2 - x1), y1 + OPEN_AT * STUB_PX * 2)
        if flight.fate == "lost" and flight.ended_ms == flight.sent_ms:
            return Line(x1, y1, x1 + LOST_AT * (x2 - x1), y1 + STUB_PX)
        x2 -= CLEARANCE_PX if x2 > x1 else -CLEARANCE_PX
        return self.cut(flight, Line(x1, y1, x2, self.find_y(flight.ended_ms)))

    def find_lines(self, flights: Iterable[Flight]) -> Iterator[tuple[Flight, Line]]:
        """The ways of flights; those that would cover each other lie side by side."""
        taken: Counter[tuple[int, int, int, int, str]] = Counter()
        for flight in flights:
            way = (flight.origin, flight.target, flight.sent_ms, flight.ended_ms, flight.fate)
            yield flight, self.find_line(flight).lower(BESIDE_PX * taken[way])
            taken[way] += 1

    def cut(self, flight: Flight, line: Line) -> Line:
        """Without what lies before or after the window."""
        length_ms = flight.ended_ms - flight.sent_ms
        if not length_ms:
            return line
        begin = max(self.from_ms - flight.sent_ms, 0) / length_ms
        end = min(self.to_ms - flight.sent_ms, length_ms) / length_ms
        width = line.x2 - line.x1
        return Line(
            x1=line.x1 + begin * width,
            y1=line.y1,
            x2=line.x1 + end * width,
            y2=line.y2,
            is_whole=end == 1.0,
        )
