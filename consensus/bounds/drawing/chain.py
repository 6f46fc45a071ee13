"""The chain of similar executions: a column for each, and a bar from one to the next along who cannot tell."""

from collections.abc import Iterator

from consensus.bounds.benign import tell_execution
from consensus.bounds.drawing.svg import draw_node
from consensus.bounds.reports import ChainFound, Hiding
from consensus.bounds.views import Crash, Execution
from consensus.simulation.drawing.markup import Markup, draw_svg, path, tag, text

COLUMN_PX, ROW_PX, LEFT_PX, TOP_PX, NODE_PX = 62.0, 50.0, 60.0, 34.0, 14.0
ROUND_PX = 150.0


def draw_chain(found: ChainFound) -> Markup:
    """All of it; the columns in which algorithms are caught are shaded."""
    rows = range(found.nodes)
    names = [
        tag("text", text(f"member {me}"), x=LEFT_PX / 2, y=find_y(me) + 4, class_="small")
        for me in rows
    ]
    shades = [draw_shade(found, number) for number in sorted({c.number for c in found.culprits})]
    links = [draw_link(number, link) for number, link in enumerate(found.links)]
    columns = [draw_column(number, one) for number, one in enumerate(found.chain)]
    width = LEFT_PX + COLUMN_PX * len(found.chain)
    height = TOP_PX + ROW_PX * found.nodes + 8
    title = f"A chain of {len(found.chain)} similar executions"
    return draw_svg(title, width, height, *shades, *links, *names, *columns)


def find_x(number: int) -> float:
    """The middle of a column."""
    return LEFT_PX + COLUMN_PX * (number + 0.5)


def find_y(me: int) -> float:
    """The middle of a row."""
    return TOP_PX + ROW_PX * (me + 0.4)


def draw_shade(found: ChainFound, number: int) -> Markup:
    """A column in which something breaks, and for whom."""
    caught = [culprit for culprit in found.culprits if culprit.number == number]
    words = "\n".join(f"{c.algorithm} breaks {', '.join(c.broken)}" for c in caught)
    box = tag(
        "rect",
        x=find_x(number) - COLUMN_PX / 2,
        y=0,
        width=COLUMN_PX,
        height=TOP_PX + ROW_PX * found.nodes + 8,
        class_="culprit",
    )
    return tag("g", tag("title", text(words)), box)


def draw_link(number: int, me: int) -> Markup:
    """Whom executions `number` and `number` + 1 look alike to."""
    words = f"member {me} cannot tell {number} from {number + 1}"
    y = find_y(me)
    line = tag("line", x1=find_x(number), y1=y, x2=find_x(number + 1), y2=y, class_="link")
    return tag("g", tag("title", text(words)), line)


def draw_column(number: int, execution: Execution) -> Markup:
    """One execution: inputs, and who crashes."""
    crashes = {crash.by: crash for crash in execution.crashes}
    return tag(
        "g",
        tag("title", text("\n".join(tell_execution(execution)))),
        tag("text", text(number), x=find_x(number), y=16, class_="small"),
        *(
            draw_member(find_x(number), find_y(me), bit, crashes.get(me))
            for me, bit in enumerate(execution.inputs)
        ),
    )


def draw_member(x: float, y: float, bit: int, crash: Crash | None) -> Markup:
    """An input in a circle; crossed out, with round and receivers below, if its member crashes."""
    look = f"node v{bit}" if crash is None else "node down"
    node = draw_node(x, y, str(bit), look, NODE_PX)
    if crash is None:
        return node
    words = f"{crash.round}→{' '.join(map(str, crash.reached)) or '–'}"
    note = tag("text", text(words), x=x, y=y + NODE_PX + 11, class_="small fault")
    return draw_cross(x, y, NODE_PX) + node + note


def draw_cross(x: float, y: float, size: float) -> Markup:
    """The end of a member."""
    half = size * 0.7
    steps = path("M", x - half, y - half, "L", x + half, y + half)
    back = path("M", x - half, y + half, "L", x + half, y - half)
    return tag("path", d=f"{steps} {back}", class_="cross")


def draw_hiding(hiding: Hiding) -> Markup:
    """Members from top to bottom, rounds from left to right: a secret goes down and nobody else hears it."""
    lives = "".join(draw_life(hiding, me) for me in range(hiding.nodes))
    whispers = "".join(draw_whisper(me) for me in range(hiding.faults))
    rounds = "".join(
        tag("text", text(f"round {at + 1}"), x=find_round(at + 0.5), y=16, class_="small")
        for at in range(hiding.rounds)
    )
    width = find_round(hiding.rounds) + 120
    title = f"The hiding chain of {hiding.faults} crashes"
    height = TOP_PX + ROW_PX * hiding.nodes
    return draw_svg(title, width, height, rounds, lives, whispers)


def find_round(at: float) -> float:
    """Where a round begins."""
    return LEFT_PX + 30 + ROUND_PX * at


def draw_life(hiding: Hiding, me: int) -> Markup:
    """A member's line, from its input to its crash or its decision."""
    y = find_y(me)
    end = find_round(me + 0.3 if me < hiding.faults else hiding.rounds)
    bit = hiding.inputs[me] if hiding.inputs else 0
    decided = hiding.decisions.get(str(me))
    told = [] if decided is None else [f"decides {decided}"]
    name = tag("text", text(f"member {me}"), x=LEFT_PX / 2, y=y + 4, class_="small")
    return (
        tag("line", x1=find_round(0), y1=y, x2=end, y2=y, class_="life")
        + draw_member(find_round(0), y, bit, None)
        + "".join(tag("text", text(words), x=end + 44, y=y + 4) for words in told)
        + name
    )


def draw_whisper(me: int) -> Markup:
    """The last message of a member, to the next one alone."""
    x, y = find_round(me + 0.3), find_y(me)
    line = tag("line", x1=x, y1=y, x2=find_round(me + 0.9), y2=find_y(me + 1), class_="edge said")
    return line + draw_cross(x, y, NODE_PX * 0.7)


def tell_links(found: ChainFound) -> Iterator[str]:
    """The chain in words, one execution after the other."""
    for number, execution in enumerate(found.chain):
        words = "; ".join(tell_execution(execution))
        if number < len(found.links):
            words += f" – member {found.links[number]} cannot tell the next"
        yield words
