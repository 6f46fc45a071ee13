"""What the nodes of a network say to each other for a transaction, and for a height.

Every frame counts once, at the node that sends it, whatever it carries: votes, transactions on their
way to everybody, status. The engine's own messages are counted by kind besides, once per receiver,
so that they can be held against the engine's formula.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from consensus import catalog
from node.samples import Samples


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """Sent by all nodes together since they started; `heights` is what the furthest has decided."""

    frames: Mapping[str, float]
    bytes: Mapping[str, float]
    engine: Mapping[str, float]
    heights: float


class TrafficShare(msgspec.Struct, frozen=True, kw_only=True):
    """Messages and bytes between all nodes per final transaction, and the engine's per height.

    `messages_by_kind` and `bytes_by_kind` add up to the totals, but for rounding. `formula` is what
    one height from rest takes by the engine's own reckoning.
    """

    messages: float
    bytes: float
    messages_by_kind: dict[str, float]
    bytes_by_kind: dict[str, float]
    heights: int
    engine_per_height: dict[str, float]
    formula: dict[str, int]

    def to_plain(self) -> dict[str, Any]:
        """For JSON."""
        return msgspec.structs.asdict(self)


def sum_traffic(samples: Iterable[Samples]) -> Traffic:
    """One scrape of every node."""
    frames, sizes, engine = Counter[str](), Counter[str](), Counter[str]()
    heights = 0.0
    for one in samples:
        frames.update(one.by_label("quorate_peer_frames_total", "kind", direction="out"))
        sizes.update(one.by_label("quorate_peer_bytes_total", "kind", direction="out"))
        engine.update(one.by_label("quorate_engine_messages_total", "kind", direction="out"))
        heights = max(heights, one.value("quorate_final_height"))
    return Traffic(frames=frames, bytes=sizes, engine=engine, heights=heights)


def compute_share(
    before: Traffic, after: Traffic, transactions: int, formula: Mapping[str, int]
) -> TrafficShare:
    """What was sent between two moments, for so many transactions; nothing divided by zero."""
    heights = after.heights - before.heights
    frames = divide(before.frames, after.frames, transactions)
    sizes = divide(before.bytes, after.bytes, transactions)
    return TrafficShare(
        messages=round(sum(frames.values()), 4),
        bytes=round(sum(sizes.values()), 1),
        messages_by_kind={kind: round(count, 4) for kind, count in frames.items()},
        bytes_by_kind={kind: round(count, 1) for kind, count in sizes.items()},
        heights=int(heights),
        engine_per_height={
            kind: round(count, 3)
            for kind, count in divide(before.engine, after.engine, heights).items()
        },
        formula=dict(formula),
    )


def divide(
    before: Mapping[str, float], after: Mapping[str, float], count: float
) -> dict[str, float]:
    """The growth of each kind that has grown, divided, by name."""
    grown = {kind: after[kind] - before.get(kind, 0.0) for kind in sorted(after)}
    return {kind: growth / max(count, 1) for kind, growth in grown.items() if growth}


def read_formula(engine: str, size: int) -> dict[str, int]:
    """What one height from rest costs among so many, by kind; raises `UnknownEngineError`."""
    return catalog.get(engine).model.good_case_messages(size)
