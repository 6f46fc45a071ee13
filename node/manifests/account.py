"""The closing report of a played manifest: what happened when, and whether all of it was to be."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from node.manifests.manifest import Manifest
from node.manifests.play import Play, Scene
from node.manifests.quantities import format_duration
from node.manifests.steps import Expect
from node.testnet.verdict import Verdict

UNDER_WAY_S = 0.2
"""A block that is seen so soon after a step was mostly decided before it."""


class StepAccount(msgspec.Struct, frozen=True, kw_only=True):
    """One step. Times are in milliseconds from the start of the load, None for what never was.

    `outcome` is `done`, `failed` (it could not be done), `met`, `missed` (what was expected) or
    `skipped` (the run ended before). For what was done: `next_final_ms` is the time to the next final
    block (what was under way in the first `UNDER_WAY_S` is not it), `gap_ms` the longest time without one until the next deed or the end, `view_changes` how
    many there were in that time.
    """

    number: int
    at_ms: int
    what: str
    say: str
    outcome: str
    detail: str
    began_ms: int | None = None
    took_ms: int | None = None
    next_final_ms: int | None = None
    gap_ms: int | None = None
    view_changes: int | None = None


class Finding(msgspec.Struct, frozen=True):
    """Something that was expected: what, how much of it, and what there was."""

    what: str
    wanted: str
    got: str
    is_met: bool


class PlayAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The whole account; `to_plain` is its JSON form."""

    title: str
    seed: int
    duration_ms: int
    longest_gap_ms: int
    view_changes: int
    reorganisations: int
    steps: tuple[StepAccount, ...]
    findings: tuple[Finding, ...]
    verdict: Verdict

    @property
    def is_good(self) -> bool:
        """Did everything hold."""
        bad = {"failed", "missed", "skipped"}
        return (
            self.verdict.is_good
            and all(finding.is_met for finding in self.findings)
            and not any(step.outcome in bad for step in self.steps)
        )

    def to_plain(self) -> dict[str, Any]:
        """For JSON: the verdict's members, and those of the play."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        verdict = plain.pop("verdict")
        return {**verdict, **plain, "good": self.is_good}


class Gaps:
    """Times without a final block, from when blocks were first seen (seconds from the start)."""

    def __init__(self, times: Sequence[float]) -> None:
        self._times = list(times)

    def find_next(self, after_s: float) -> float | None:
        """When the next block became final."""
        at = bisect_right(self._times, after_s)
        return self._times[at] if at < len(self._times) else None

    def find_longest(self, from_s: float, until_s: float) -> float:
        """The longest time without a final block that lies within these bounds."""
        first, last = bisect_left(self._times, from_s), bisect_right(self._times, until_s)
        marks = [from_s, *self._times[first:last], until_s]
        return max((late - early for early, late in pairwise(marks)), default=0)


def draw_up(play: Play, verdict: Verdict) -> PlayAccount:
    """The account of a play that is over."""
    gaps = Gaps([at for at, _ in play.watch.list_progress()])
    steps = tuple(draw_step(play, gaps, number) for number in range(len(play.scenes)))
    account = PlayAccount(
        title=play.manifest.title,
        seed=play.manifest.seed,
        duration_ms=round(play.ended_s * 1_000),
        longest_gap_ms=round(gaps.find_longest(0.0, play.ended_s) * 1_000),
        view_changes=count_views(play, 0.0, play.ended_s),
        reorganisations=max(play.watch.reorganisations.values(), default=0),
        steps=steps,
        findings=(),
        verdict=verdict,
    )
    return msgspec.structs.replace(account, findings=tuple(judge(play.manifest, account)))


def draw_step(play: Play, gaps: Gaps, number: int) -> StepAccount:
    """What became of one step, and of the network after it."""
    scene = play.scenes[number]
    step, began_s = scene.step, scene.began_s
    account = StepAccount(
        number=number + 1,
        at_ms=step.at,
        what=step.describe(),
        say=step.say,
        outcome=name_outcome(scene),
        detail=scene.detail,
        began_ms=None if began_s is None else round(began_s * 1_000),
        took_ms=None if began_s is None else round(((scene.ended_s or began_s) - began_s) * 1_000),
    )
    if began_s is None or isinstance(step, Expect):
        return account
    until_s = find_end(play, number)
    next_s = gaps.find_next(began_s + UNDER_WAY_S)
    return msgspec.structs.replace(
        account,
        next_final_ms=None if next_s is None else round((next_s - began_s) * 1_000),
        gap_ms=round(gaps.find_longest(began_s, until_s) * 1_000),
        view_changes=count_views(play, began_s, until_s),
    )


def name_outcome(scene: Scene) -> str:
    """One word for what became of a step."""
    if scene.began_s is None:
        return "skipped"
    if scene.is_good is None:
        return "done"
    if not isinstance(scene.step, Expect):
        return "failed"
    return "met" if scene.is_good else "missed"


def find_end(play: Play, number: int) -> float:
    """When the next deed after a step began, or the play ended."""
    later = play.scenes[number + 1 :]
    begun = [s.began_s for s in later if s.began_s is not None and not isinstance(s.step, Expect)]
    return min(begun, default=play.ended_s)


def count_views(play: Play, from_s: float, until_s: float) -> int:
    """How many views the network went on by, as far as any node told."""
    views = play.watch.views
    if not views:
        return 0
    before = [seen.view for seen in views if seen.at_s <= from_s]
    after = [seen.view for seen in views if seen.at_s <= until_s]
    first = before[-1] if before else views[0].view
    return (after[-1] if after else first) - first


def judge(manifest: Manifest, account: PlayAccount) -> Iterator[Finding]:
    """Everything that was expected of the run as a whole, and of the gaps after steps."""
    verdict, wanted = account.verdict, manifest.expect
    agreed = "yes" if verdict.agree else "no"
    yield Finding("all nodes agree", "yes", agreed, verdict.agree)
    yield Finding("accepted and lost", "0", str(verdict.lost), not verdict.lost)
    if wanted.max_gap is not None:
        yield judge_time(
            "longest time without a final block", wanted.max_gap, account.longest_gap_ms
        )
    for step, told in zip(manifest.step, account.steps, strict=True):
        max_gap = getattr(step, "max_gap", None)
        if max_gap is not None and told.gap_ms is not None:
            yield judge_time(
                f"without a final block after step {told.number}", max_gap, told.gap_ms
            )
    if wanted.max_p95 is not None:
        yield judge_time("latency p95", wanted.max_p95, verdict.latency_ms["p95"])
    counts = (
        ("final transactions", wanted.min_final, None, verdict.final),
        ("view changes", wanted.min_view_changes, wanted.max_view_changes, account.view_changes),
        ("reorganisations", wanted.min_reorganisations, None, account.reorganisations),
    )
    for what, least, most, got in counts:
        if least is not None:
            yield Finding(what, f"at least {least}", str(got), got >= least)
        if most is not None:
            yield Finding(what, f"at most {most}", str(got), got <= most)


def judge_time(what: str, most_ms: int, got_ms: float | None) -> Finding:
    """A time within its bound; what was never measured is not."""
    got = "–" if got_ms is None else format_duration(got_ms)
    is_met = got_ms is not None and got_ms <= most_ms
    return Finding(what, f"at most {format_duration(most_ms)}", got, is_met)
