"""What the picture of a played manifest is drawn from: plain numbers, so that it can be tested."""

from itertools import pairwise
from typing import NamedTuple

from node.load.heights import HeadSeen
from node.manifests.play import Play, Scene
from node.manifests.steps import Heal, Partition, SlowLink
from node.testnet.processes import Condition

STILL_S_MIN = 1.0
"""A shorter time without a final block is nothing to look at."""


class Span(NamedTuple):
    """A time from one second to another, and what it was."""

    from_s: float
    until_s: float
    what: str


class Cut(NamedTuple):
    """A time in which links were cut or slow, and the step that did it."""

    span: Span
    number: int
    verb: str


class Lane(NamedTuple):
    """One node: when it had newly final blocks, and when its process was down or paused."""

    name: str
    finals_s: list[float]
    spans: list[Span]
    heads: list[HeadSeen]
    """Where heads may move to another branch; else none."""


class Sight(NamedTuple):
    """All that is drawn; times are seconds from the start of the load."""

    seconds: float
    heights: list[tuple[float, int]]
    lanes: list[Lane]
    cuts: list[Cut]
    stills: list[Span]
    views: list[tuple[float, int]]
    marks: list[tuple[float, int, bool]]
    """Of each step that began: when, its number, and whether it went well."""


def see(play: Play) -> Sight:
    """What was seen of a play that is over."""
    seconds, watch = play.ended_s, play.watch
    heights = [(at, height) for at, height in watch.list_progress() if at <= seconds]
    lanes = [
        Lane(
            member.name,
            [at for at, _ in watch.list_progress([number]) if at <= seconds],
            list_conditions(play, number),
            [seen for seen in watch.list_heads(number) if seen.at <= seconds]
            if watch.is_forking
            else [],
        )
        for number, member in enumerate(watch.members)
    ]
    return Sight(
        seconds,
        heights,
        lanes,
        list_cuts(play),
        [] if watch.is_forking else list_stills([at for at, _ in heights], seconds),
        [(seen.at_s, seen.view) for seen in watch.views[1:] if seen.at_s <= seconds],
        [
            (scene.began_s, number, scene.is_good is not False)
            for number, scene in enumerate(play.scenes, start=1)
            if scene.began_s is not None
        ],
    )


def list_conditions(play: Play, number: int) -> list[Span]:
    """When a node's process was down or paused."""
    seen = play.watch.conditions.get(number, [])
    ends = [*(one.at_s for one in seen[1:]), play.ended_s]
    names = {Condition.GONE: "down", Condition.PAUSED: "paused"}
    return [
        Span(one.at_s, min(end_s, play.ended_s), names[one.condition])
        for one, end_s in zip(seen, ends, strict=bool(seen))
        if one.condition in names and one.at_s < play.ended_s
    ]


def list_cuts(play: Play) -> list[Cut]:
    """When links were cut or slow: from the deed to the next heal, a further partition or the end."""
    cuts: list[Cut] = []
    for number, scene in enumerate(play.scenes):
        if scene.began_s is None or not isinstance(scene.step, Partition | SlowLink):
            continue
        later = play.scenes[number + 1 :]
        ends = [one.began_s for one in later if one.began_s is not None and ends_it(scene, one)]
        until_s = min(ends, default=play.ended_s)
        span = Span(scene.began_s, until_s, scene.step.describe())
        cuts.append(Cut(span, number + 1, scene.step.do))
    return cuts


def ends_it(scene: Scene, later: Scene) -> bool:
    """Does a later step end what links were made like by an earlier one."""
    return isinstance(later.step, Heal) or (
        isinstance(scene.step, Partition) and isinstance(later.step, Partition)
    )


def list_stills(times: list[float], seconds: float) -> list[Span]:
    """When nothing became final for longer than `STILL_S_MIN`."""
    marks = [0.0, *times, seconds]
    return [
        Span(early, late, "nothing final")
        for early, late in pairwise(marks)
        if late - early > STILL_S_MIN
    ]
