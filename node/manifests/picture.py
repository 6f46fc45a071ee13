"""A played manifest as one SVG: the final height over time, what each node did, and the steps."""

from collections.abc import Iterator
from html import escape

from node.manifests.sight import Lane, Sight, Span

WIDTH = 960
LEFT, RIGHT, TOP = 110, 20, 34
CHART = 150
LANE = 22
GAP = 14
LABEL = 76
"""A label on less room than this would run into the next."""
AXIS = 26
TICKS_MAX = 12

STYLE = """
svg { --ink: #1c2430; --dim: #6b7686; --line: #d7dde5; --final: #1a7f5a; --down: #8b95a3;
  --paused: #d9a441; --still: #d64545; --cut: #7a5bd0; --paper: #ffffff;
  font: 12px system-ui, sans-serif; background: var(--paper); }
@media (prefers-color-scheme: dark) {
  svg { --ink: #e7ebf0; --dim: #97a2b1; --line: #39424f; --final: #4cc38a; --down: #6a7482;
    --paused: #e2b45c; --still: #f07178; --cut: #a78bfa; --paper: #14181e; } }
text { fill: var(--ink); } .dim { fill: var(--dim); } .axis { stroke: var(--line); }
.head { fill: none; stroke: var(--final); stroke-width: 1.2; opacity: .7; }
.block { stroke: var(--paper); stroke-width: .6; } .height { fill: none; stroke: var(--final); stroke-width: 1.8; } .finals { stroke: var(--final); }
.down { fill: var(--down); } .paused { fill: var(--paused); } .still { fill: var(--still); }
.cut { fill: var(--cut); } .mark { stroke: var(--ink); stroke-dasharray: 2 3; opacity: .55; }
.knob { fill: var(--ink); } .bad { fill: var(--still); }
.number { fill: var(--paper); font-size: 10px; text-anchor: middle; }
.view { fill: var(--cut); } .name { text-anchor: end; } .tick { text-anchor: middle; }
""".strip()


def draw_picture(sight: Sight, title: str) -> str:
    """The SVG as a text; it holds its own style and asks for nothing."""
    height = TOP + CHART + GAP + (len(sight.lanes) + 2) * LANE + AXIS
    frame = f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {frame}>',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        *draw_bands(sight),
        *draw_heights(sight),
        *draw_lanes(sight),
        *draw_axis(sight, height),
        *draw_marks(sight, height),
        "</svg>",
    ]
    return "\n".join(parts)


def x(sight: Sight, at_s: float) -> float:
    """Where a time stands."""
    part = min(max(at_s / sight.seconds, 0.0), 1.0) if sight.seconds > 0 else 0.0
    return round(LEFT + part * (WIDTH - LEFT - RIGHT), 1)


def draw_span(sight: Sight, span: Span, y: float, size: float, kind: str) -> str:
    """A bar that says what it is when it is pointed at."""
    left, right = x(sight, span.from_s), x(sight, span.until_s)
    hint = escape(f"{span.what}: {span.from_s:.1f}s to {span.until_s:.1f}s")
    opacity = ' opacity=".16"' if kind in {"still", "cut"} else ' opacity=".75"'
    return (
        f'<rect class="{kind}"{opacity} x="{left}" y="{y}" width="{max(right - left, 1):.1f}"'
        f' height="{size}"><title>{hint}</title></rect>'
    )


def draw_bands(sight: Sight) -> Iterator[str]:
    """When nothing became final, and when links were cut or slow."""
    for still in sight.stills:
        yield draw_span(sight, still, TOP, CHART, "still")
    links = TOP + CHART + GAP + len(sight.lanes) * LANE
    yield f'<text class="name" x="{LEFT - 8}" y="{links + 14}">links</text>'
    for cut in sight.cuts:
        yield draw_span(sight, cut.span, TOP, CHART + GAP, "cut")
        yield draw_span(sight, cut.span, links + 3, LANE - 6, "cut")
        left, right = x(sight, cut.span.from_s), x(sight, cut.span.until_s)
        if right - left >= LABEL:
            label = f"{cut.number}: {cut.verb}"
            yield f'<text class="dim" x="{left + 4}" y="{links + 15}">{label}</text>'


def draw_heights(sight: Sight) -> Iterator[str]:
    """The final height over time, as steps; where heads may move, that of every node's head."""
    curves = [[(seen.at, seen.height) for seen in lane.heads] for lane in sight.lanes]
    kind, label = "head", "heads"
    if not any(curves):
        kind, label = "height", "final height"
        curves = [[(0.0, sight.heights[0][1] - 1), *sight.heights]] if sight.heights else []
    heights = [height for curve in curves for _, height in curve]
    if not heights:
        yield f'<text class="dim" x="{LEFT + 8}" y="{TOP + 20}">no final block was seen</text>'
        return
    least, most = min(heights), max(heights)
    scale = (CHART - 12) / max(most - least, 1)

    def y(height: int) -> float:
        return round(TOP + CHART - 4 - (height - least) * scale, 1)

    for curve in filter(None, curves):
        path = [f"M{x(sight, curve[0][0])} {y(curve[0][1])}"]
        path += [f"H{x(sight, at)}V{y(height)}" for at, height in curve[1:]]
        yield f'<path class="{kind}" d="{"".join(path)}H{x(sight, sight.seconds)}"/>'
    yield f'<text class="name dim" x="{LEFT - 8}" y="{y(most) + 4}">{most:,}</text>'
    yield f'<text class="name dim" x="{LEFT - 8}" y="{y(least) + 2}">{least:,}</text>'
    yield f'<text class="name" x="{LEFT - 8}" y="{TOP + CHART / 2}">{label}</text>'


def draw_lanes(sight: Sight) -> Iterator[str]:
    """One lane for each node, and one for views."""
    top = TOP + CHART + GAP
    for number, lane in enumerate(sight.lanes):
        yield from draw_lane(sight, lane, top + number * LANE)
    y = top + (len(sight.lanes) + 1) * LANE
    yield f'<text class="name" x="{LEFT - 8}" y="{y + 14}">views</text>'
    for at, view in sight.views:
        hint = f"view {view} at {at:.1f}s"
        middle = x(sight, at)
        yield (
            f'<path class="view" d="M{middle} {y + 4}l5 6l-5 6l-5 -6z"><title>{hint}</title></path>'
        )


def draw_lane(sight: Sight, lane: Lane, y: float) -> Iterator[str]:
    """A node: a stroke for each time it had a newly final block, bars where it was down or paused."""
    yield f'<text class="name" x="{LEFT - 8}" y="{y + 15}">{escape(lane.name)}</text>'
    yield f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y + LANE - 2}" y2="{y + LANE - 2}"/>'
    for span in lane.spans:
        yield draw_span(sight, span, y + 3, LANE - 6, span.what)
    if lane.heads:
        yield from draw_heads(sight, lane, y)
        return
    places = sorted({round(x(sight, at)) for at in lane.finals_s})
    if places:
        strokes = "".join(f"M{place} {y + 5}v{LANE - 10}" for place in places)
        yield f'<path class="finals" d="{strokes}"/>'


def draw_heads(sight: Sight, lane: Lane, y: float) -> Iterator[str]:
    """A field for each head of a node, in the block's own colour: the same block looks the same."""
    ends = [*(seen.at for seen in lane.heads[1:]), sight.seconds]
    for seen, end_s in zip(lane.heads, ends, strict=True):
        left, right = x(sight, seen.at), x(sight, end_s)
        shade = int(seen.id[-6:] or "0", 16)
        hue, light = shade % 360, 42 + shade // 360 % 30
        hint = f"{lane.name}: height {seen.height}, block {seen.id[:10]}…, at {seen.at:.1f}s"
        yield (
            f'<rect class="block" x="{left}" y="{y + 5}" width="{max(right - left, 1):.1f}"'
            f' height="{LANE - 10}" style="fill:hsl({hue} 55% {light}%)"><title>{hint}</title></rect>'
        )


def draw_axis(sight: Sight, height: float) -> Iterator[str]:
    """Seconds along the foot."""
    step = next(
        (s for s in (1, 2, 5, 10, 20, 30, 60, 120, 300, 600) if sight.seconds / s <= TICKS_MAX),
        3_600,
    )
    for number in range(int(sight.seconds // step) + 1):
        place = x(sight, number * step)
        yield f'<line class="axis" x1="{place}" x2="{place}" y1="{TOP}" y2="{height - AXIS + 4}"/>'
        yield f'<text class="tick dim" x="{place}" y="{height - 8}">{number * step}s</text>'


def draw_marks(sight: Sight, height: float) -> Iterator[str]:
    """A line for each step with its number on top; those that are close together stand lower."""
    last, lowered = float("-inf"), False
    for at, number, is_good in sight.marks:
        place = x(sight, at)
        lowered = not lowered if place - last < 18 else False
        last = place
        y = TOP - 8 if lowered else TOP - 22
        kind = "knob" if is_good else "bad"
        yield (
            f'<line class="mark" x1="{place}" x2="{place}" y1="{y + 8}" y2="{height - AXIS}"/>'
            f'<circle class="{kind}" cx="{place}" cy="{y + 4}" r="8"/>'
            f'<text class="number" x="{place}" y="{y + 8}">{number}</text>'
        )
