"""The tree of blocks of a run: who found what on what, where each host stands, and what is final.

It reads three kinds of entries: `found` (HEIGHT ID on PARENT), `head` (HEIGHT ID …) and `apply`
(HEIGHT ID: final there). Heights run to the right. The branch on which most hosts end is the top
row, every other branch has a row as far up as there is room.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from consensus.simulation.drawing.look import PALETTE
from consensus.simulation.drawing.markup import Markup, draw_svg, path, tag, text
from consensus.simulation.entry import Entry

COLUMN_PX, ROW_PX, LEFT_PX, TOP_PX, BLOCK_PX = 46, 34, 30, 40, 8.0
BLOCKS_MAX = 3_000
"""More are not drawn: the last ones are, and the page says so."""


@dataclass(slots=True)
class Block:
    """One block of the tree."""

    name: str
    parent: str
    height: int
    miner: int
    at_ms: int
    heads: list[int] = field(default_factory=list)
    """The hosts that stand here in the end."""
    final: set[int] = field(default_factory=set)
    """The hosts that will never undo it."""
    row: int = 0
    is_kept: bool = False
    """Is it on the branch of any host in the end."""


def grow_tree(entries: Iterable[Entry]) -> dict[str, Block]:
    """All blocks that were found, by name, in the order in which they were."""
    blocks: dict[str, Block] = {}
    heads: dict[int, str] = {}
    for entry in entries:
        words = entry.detail.split()
        if entry.kind == "found" and len(words) == 4 and words[0].isdecimal():
            name = words[1]
            blocks[name] = Block(name, words[3], int(words[0]), entry.place, entry.at_ms)
        elif entry.kind == "head" and len(words) > 1:
            heads[entry.place] = words[1]
        elif entry.kind == "apply" and len(words) > 1 and words[1] in blocks:
            blocks[words[1]].final.add(entry.place)
    for place, name in sorted(heads.items()):
        if name in blocks:
            blocks[name].heads.append(place)
    for block in blocks.values():
        if block.heads:
            for below in walk_down(blocks, block.name):
                below.is_kept = True
    return blocks


def walk_down(blocks: dict[str, Block], name: str) -> Iterator[Block]:
    """A block and all below it."""
    while name in blocks:
        yield blocks[name]
        name = blocks[name].parent


def set_rows(blocks: dict[str, Block]) -> int:
    """Give each branch a row, the most popular one the first; how many rows there are."""
    taken: dict[int, list[tuple[int, int]]] = defaultdict(list)
    placed: set[str] = set()
    for tip in sorted(blocks.values(), key=lambda b: (-len(b.heads), -b.height, b.name)):
        branch = []
        for block in walk_down(blocks, tip.name):
            if block.name in placed:
                break
            branch.append(block)
        if not branch:
            continue
        span = branch[-1].height - 1, tip.height
        row = next(r for r in range(len(blocks) + 1) if is_free(taken[r], span))
        taken[row].append(span)
        placed.update(block.name for block in branch)
        for block in branch:
            block.row = row
    return max((block.row for block in blocks.values()), default=0) + 1


def is_free(taken: Iterable[tuple[int, int]], span: tuple[int, int]) -> bool:
    """Is there room in a row for these heights, and a little more."""
    return all(span[1] < first or last < span[0] for first, last in taken)


def draw_fork_tree(entries: Sequence[Entry], from_ms: int = 0, liars: Iterable[int] = ()) -> Markup:
    """The blocks found from a moment on, with a caption; nothing for a run that found none."""
    found = [entry for entry in entries if entry.kind == "found" and entry.at_ms >= from_ms]
    if not found:
        return ""
    oldest_ms = found[-BLOCKS_MAX:][0].at_ms
    shown = [e for e in entries if e.kind != "found" or e.at_ms >= oldest_ms]
    blocks = grow_tree(shown)
    rows = set_rows(blocks)
    first = min(block.height for block in blocks.values())
    width = LEFT_PX * 2 + COLUMN_PX * (max(b.height for b in blocks.values()) - first + 1)
    height = TOP_PX + ROW_PX * rows
    drawing = draw_svg(
        "The tree of blocks",
        width,
        height,
        *draw_heights(blocks, first),
        *draw_links(blocks, first),
        *draw_blocks(blocks, first, frozenset(liars)),
        class_="tree",
    )
    caption = tag("p", text(tell(blocks, len(found) - len(blocks))))
    return tag("section", tag("h2", text("Tree of blocks")), caption, drawing, class_="forks")


def tell(blocks: dict[str, Block], left_out: int) -> str:
    """What there is, in words."""
    per_height = Counter(block.height for block in blocks.values())
    forked = sum(count > 1 for count in per_height.values())
    stale = sum(not block.is_kept for block in blocks.values())
    words = (
        f"{len(blocks):,} blocks at {len(per_height):,} heights, {forked:,} of which have several; "
        f"on no host's branch in the end (pale): {stale:,}. A ring: final somewhere. Below "
        f"a block: the hosts that stand there. Colours tell who found it."
    )
    return words + (f" {left_out:,} older blocks are left out." if left_out > 0 else "")


def find_point(block: Block, first: int) -> tuple[float, float]:
    """Where a block is drawn."""
    x = LEFT_PX + COLUMN_PX * (block.height - first) + COLUMN_PX / 2
    return float(x), float(TOP_PX + ROW_PX * block.row)


def draw_heights(blocks: dict[str, Block], first: int) -> Iterator[Markup]:
    """The heights above their columns."""
    for height in sorted({block.height for block in blocks.values()}):
        x = LEFT_PX + COLUMN_PX * (height - first) + COLUMN_PX / 2
        yield tag("text", text(height), x=x, y=14, class_="height")


def draw_links(blocks: dict[str, Block], first: int) -> Iterator[Markup]:
    """From each block to the one that it stands on."""
    for block in blocks.values():
        x, y = find_point(block, first)
        parent = blocks.get(block.parent)
        left, above = find_point(parent, first) if parent else (x - COLUMN_PX / 2, y)
        look = "link" if block.is_kept else "link stale"
        yield tag(
            "path", d=path("M", left, above, "L", x - COLUMN_PX / 2, y, "L", x, y), class_=look
        )


def draw_blocks(blocks: dict[str, Block], first: int, liars: frozenset[int]) -> Iterator[Markup]:
    """A circle each; pointing at it tells the rest."""
    for block in blocks.values():
        x, y = find_point(block, first)
        signs = [tag("title", text(tell_block(block, liars)))]
        if block.final:
            signs.append(tag("circle", cx=x, cy=y, r=BLOCK_PX + 3, class_="final"))
        signs.append(tag("circle", cx=x, cy=y, r=BLOCK_PX, class_=f"m{block.miner % len(PALETTE)}"))
        if block.heads:
            words = " ".join(map(str, block.heads))
            signs.append(tag("text", text(words), x=x, y=y + BLOCK_PX + 13, class_="hosts"))
        yield tag("g", *signs, class_="block" if block.is_kept else "block stale")


def tell_block(block: Block, liars: frozenset[int]) -> str:
    """All that is known of a block."""
    liar = " (byzantine)" if block.miner in liars else ""
    words = [f"height {block.height}, {block.name} on {block.parent}"]
    words.append(f"found by host {block.miner}{liar} at {block.at_ms:,} ms")
    if block.heads:
        words.append(f"head of hosts {', '.join(map(str, block.heads))}")
    if block.final:
        words.append(f"final at hosts {', '.join(map(str, sorted(block.final)))}")
    return "; ".join(words)


STYLE = """
.forks{padding:0 24px 16px;max-width:100vw;overflow-x:auto;position:sticky;left:0}
.forks h2{font-size:15px;font-weight:600;margin:8px 0 2px}
.tree .height{fill:var(--soft);text-anchor:middle}
.tree .hosts{text-anchor:middle;font-size:10.5px;font-weight:600}
.tree .link{stroke:var(--ink);stroke-width:1.4;fill:none}
.tree .final{fill:none;stroke:var(--ink);stroke-width:1.4}
.tree .stale{opacity:.38}
""" + "".join(f".tree .m{number}{{fill:var(--c{number})}}\n" for number in range(len(PALETTE)))
