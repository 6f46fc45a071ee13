"""The tree of blocks as a drawing: time runs to the right, the adopted branch in a straight line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from node.api.backend import ForksView, TreeBlockView
from node.web.views.blocks import Author, name_author
from node.web.words import shorten

COLUMN, LANE, RADIUS, MARGIN = 43, 40, 11, 32
LABEL_DIGITS_MAX = 5
"""Heights with more digits are written under every third block only."""
LANES_MAX = 8
"""Branches beyond so many side by side are drawn in the last lane."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One block of the drawing; `standing` is final, adopted or side."""

    id: str
    height: int
    x: int
    y: int
    standing: str
    author: Author | None
    timestamp_ms: int

    @property
    def is_labelled(self) -> bool:
        """Is there room for its height."""
        is_short = len(str(self.height)) <= LABEL_DIGITS_MAX
        return self.standing != "side" and (is_short or self.height % 3 == 0)


@dataclass(frozen=True, slots=True)
class Edge:
    """From a block to its parent."""

    x1: int
    y1: int
    x2: int
    y2: int
    is_adopted: bool


@dataclass(frozen=True, slots=True)
class TreeView:
    """The drawing: its size in pixels, and what is on it."""

    width: int
    height: int
    dots: tuple[Dot, ...]
    edges: tuple[Edge, ...]
    radius: int = RADIUS

    @property
    def summary(self) -> str:
        """The same in words."""
        if not self.dots:
            return "No block is here yet."
        side = sum(dot.standing == "side" for dot in self.dots)
        first, last = self.dots[0].height, self.dots[-1].height
        beside = {0: "no block", 1: "one block"}.get(side, f"{side} blocks")
        return f"Heights {first:,} to {last:,}, with {beside} beside the adopted branch."


@dataclass(frozen=True, slots=True)
class BranchRow:
    """One tip; `length` counts its blocks above the fork."""

    tip: str
    height: int
    length: int
    fork_height: int
    work: int
    is_adopted: bool
    is_stored: bool


@dataclass(frozen=True, slots=True)
class ForkPage:
    """The drawing and the measures."""

    tree: TreeView
    branches: tuple[BranchRow, ...]
    view: ForksView
    reorganisations: tuple[tuple[int, int], ...]
    fork_rates: tuple[tuple[int, float], ...]


def choose_lanes(blocks: Sequence[TreeBlockView]) -> Mapping[bytes, int]:
    """The adopted branch is lane 0; a side branch takes the lowest lane that is free over its heights.

    A block goes on in its parent's lane where no sibling took that before.
    """
    lanes: dict[bytes, int] = {block.id: 0 for block in blocks if block.is_adopted}
    taken: set[tuple[int, int]] = {(block.height, 0) for block in blocks if block.is_adopted}
    for block in sorted(blocks, key=lambda one: (one.height, one.id)):
        if block.id in lanes:
            continue
        lane = max(1, lanes.get(block.parent, 1))
        while (block.height, lane) in taken and lane < LANES_MAX:
            lane += 1
        lanes[block.id] = lane
        taken.add((block.height, lane))
    return lanes


def draw_tree(
    blocks: Sequence[TreeBlockView], final_height: int, keys: Sequence[bytes]
) -> TreeView:
    """Dots and edges for these blocks; an edge leads only to a parent that is drawn."""
    if not blocks:
        return TreeView(0, 0, (), ())
    lowest = min(block.height for block in blocks)
    highest = max(block.height for block in blocks)
    lanes = choose_lanes(blocks)
    at = {
        block.id: (MARGIN + (block.height - lowest) * COLUMN, MARGIN + lanes[block.id] * LANE)
        for block in blocks
    }
    dots = tuple(_make_dot(block, *at[block.id], final_height, keys) for block in blocks)
    edges = tuple(
        Edge(*at[block.id], *at[block.parent], is_adopted=block.is_adopted)
        for block in blocks
        if block.parent in at
    )
    width = 2 * MARGIN + (highest - lowest) * COLUMN
    height = 2 * MARGIN + max(lanes.values()) * LANE
    return TreeView(width, height, dots, edges)


def _make_dot(
    block: TreeBlockView, x: int, y: int, final_height: int, keys: Sequence[bytes]
) -> Dot:
    standing = "side"
    if block.is_adopted:
        standing = "final" if block.height <= final_height else "adopted"
    author = name_author(block.proposer, keys)
    return Dot(block.id.hex(), block.height, x, y, standing, author, block.timestamp_ms)


def make_fork_page(
    view: ForksView, blocks: Sequence[TreeBlockView], final_height: int, keys: Sequence[bytes]
) -> ForkPage:
    """All that is told of branches."""
    measures = view.measures
    return ForkPage(
        tree=draw_tree(blocks, final_height, keys),
        branches=tuple(
            BranchRow(
                one.tip.hex(),
                one.height,
                one.height - one.fork_height,
                one.fork_height,
                one.work,
                one.is_adopted,
                one.is_stored,
            )
            for one in measures.branches
        ),
        view=view,
        reorganisations=tuple(sorted(measures.reorganisations.items())),
        fork_rates=tuple(sorted(measures.fork_rates.items())),
    )


def name_short(author: Author | None) -> str:
    """Who made a block, in the room of a label."""
    if author is None:
        return "nobody"
    return author.name or shorten(author.address)
