"""A whole run as plain words: the cluster, and what is done to it and when.

A schedule is drawn from a seed, shrunk, stored as JSON, and shown as a scenario file; whichever of
these is played, the run is the same. Actions are verbs of `stage`; an action that takes time itself
(`demand`) delays those after it.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from consensus.simulation.application import MakeApplication
from consensus.simulation.cluster import Cluster
from consensus.simulation.history import ViolationError
from consensus.simulation.scenario import RULE, open_cluster
from consensus.simulation.stage import Stage
from consensus.simulation.verbs.registry import VERBS
from consensus.simulation.words import ScenarioError

FORMAT = "quorate-schedule"
VERSION = 1

Action = tuple[int, str]
"""(at so many milliseconds of virtual time, a command)."""
Prepare = Callable[[Cluster], None]
"""What a test or a meter does to a cluster before anything happens to it."""


class Violation(msgspec.Struct, frozen=True):
    """A broken promise: its stable name, how it was broken, and when in virtual time."""

    property: str
    detail: str
    at_ms: int


class Schedule(msgspec.Struct, frozen=True):
    """`cluster` is the cluster line; `application` names what it orders."""

    cluster: str
    actions: tuple[Action, ...]
    application: str = "bare"


class Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A schedule in a file, with what it led to."""

    format: str
    version: int
    schedule: Schedule
    violation: Violation | None = None
    digest: str = ""


class Played(msgspec.Struct, frozen=True):
    """What became of a schedule."""

    cluster: Any
    violation: Violation | None


def play_schedule(
    schedule: Schedule,
    *,
    is_traced: bool = False,
    make_application: MakeApplication | None = None,
    prepare: Prepare | None = None,
) -> Played:
    """Run it to its end, or to the first broken promise. Raises `ConsensusError` for bad words."""
    cluster = open_cluster(schedule.cluster, is_traced=is_traced, make_application=make_application)
    if prepare is not None:
        prepare(cluster)
    stage = Stage(cluster)
    try:
        for at_ms, command in schedule.actions:
            if at_ms > cluster.now_ms:
                cluster.run(at_ms - cluster.now_ms)
            stage.do(command)
    except ViolationError as error:
        violation = Violation(error.property_name, error.detail, cluster.now_ms)
        cluster.note_event(0, "violated", error.property_name, error.detail)
        return Played(cluster, violation)
    return Played(cluster, None)


def store(schedule: Schedule, violation: Violation | None = None, digest: str = "") -> str:
    """A schedule as JSON."""
    stored = Stored(FORMAT, VERSION, schedule, violation, digest)
    return msgspec.json.format(msgspec.json.encode(stored), indent=1).decode() + "\n"


def load(text: str) -> Stored:
    """A schedule from JSON; raises `ScenarioError` for anything else."""
    try:
        stored = msgspec.json.decode(text, type=Stored)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ScenarioError(f"not a schedule: {error}") from error
    if stored.format != FORMAT:
        raise ScenarioError(f"not a schedule: the format is {stored.format!r}")
    if stored.version != VERSION:
        raise ScenarioError(f"version {stored.version} of schedules is not known here")
    return stored


def tell_scenario(schedule: Schedule, comment: str) -> str:
    """The same run as a scenario file, not played yet."""
    lines = [f"# {line}" for line in comment.splitlines()]
    lines.extend([schedule.cluster, ""])
    now_ms = 0
    for at_ms, command in schedule.actions:
        if at_ms > now_ms:
            lines.append(f"run {at_ms - now_ms}")
            now_ms = at_ms
        lines.append(command)
    return "\n".join([*lines, RULE, ""])


def check_words(schedule: Schedule) -> None:
    """Refuse a schedule whose words cannot be read; raises `ConsensusError` with the action."""
    open_cluster(schedule.cluster)
    for at_ms, command in schedule.actions:
        verb = command.split()[0] if command.split() else ""
        if verb not in VERBS:
            raise ScenarioError(f"unknown verb at {at_ms} ms: {command!r}")
        if at_ms < 0:
            raise ScenarioError(f"an action before the start: {command!r}")
