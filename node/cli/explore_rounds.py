"""Synchronous agreements: every crash pattern, round by round."""

from typing import Any

from consensus import synchronous
from consensus.committee import Committee, largest_crash_faults
from consensus.exploration.crash_patterns import Breach, Demands, Survey, survey
from consensus.exploration.synchronous import execute
from consensus.model.validity import Validity
from consensus.synchronous import SynchronousSpec
from node.cli.explore_report import measure_memory
from node.cli.remote import RequestError

INPUTS = (b"\x00", b"\x01")


def explore_rounds(name: str, nodes: int, crashes: int) -> dict[str, Any]:
    """All inputs out of two values, all ways in which at most so many members crash; and report."""
    if crashes >= nodes:
        raise RequestError(
            f"{crashes} of {nodes} members cannot crash",
            reason="too-many-crashes",
            advice="give a greater --nodes, or a smaller --crashes",
        )
    spec, committee = synchronous.get(name), Committee.of(nodes, crashes)
    demands = make_demands(spec, committee)
    found = survey(spec.create, committee, INPUTS, demands)
    return make_report(spec, committee, demands, found)


def make_demands(spec: SynchronousSpec, committee: Committee) -> Demands:
    """What the algorithm promises; early stopping is min(f' + 2, f + 1) rounds."""
    within = committee.faults <= largest_crash_faults(committee.size)
    return Demands(
        values_max=2 if spec.name == "flood-min-2" else 1,
        proposed=spec.validity.implies(Validity.PROPOSED) or spec.multiple == 2,
        correct_validity=spec.validity is Validity.UNANIMOUS_CORRECT and within,
        stops_early=spec.name.startswith("early"),
    )


def make_report(
    spec: SynchronousSpec, committee: Committee, demands: Demands, found: Survey
) -> dict[str, Any]:
    """What was seen, for machines."""
    extent = "up to the violation" if found.breach else "closed: every crash pattern, all inputs"
    return {
        "explored": spec.name,
        "network": "rounds in perfect step",
        "nodes": committee.size,
        "crashes": committee.faults,
        "closed": found.breach is None,
        "extent": extent,
        "configurations": found.situations,
        "transitions": found.steps,
        "slowest_rounds": {str(crashed): last for crashed, last in sorted(found.slowest.items())},
        "demands": list_demands(demands),
        "violation": None if found.breach is None else tell_breach(spec, committee, found.breach),
        "memory_bytes": measure_memory(),
    }


def list_demands(demands: Demands) -> list[str]:
    """What had to hold, in words."""
    words = [f"at most {demands.values_max} decided"]
    words += ["what is decided was proposed"] * demands.proposed
    words += ["what all correct members propose is decided"] * demands.correct_validity
    words += ["decided in min(f' + 2, f + 1) rounds"] * demands.stops_early
    return [*words, "everybody up decides"]


def tell_breach(spec: SynchronousSpec, committee: Committee, breach: Breach) -> dict[str, Any]:
    """The run that breaks a demand, and what comes of it on fresh members."""
    pairs = zip(committee.members, breach.inputs, strict=True)
    fresh = {me: spec.create(me, committee, value) for me, value in pairs}
    decisions = execute(fresh, breach.crashes).decisions
    inputs = ", ".join(str(value[0]) for value in breach.inputs)
    schedule = [f"inputs {inputs}"]
    for member, crash in sorted(breach.crashes.items(), key=lambda item: item[1].in_round):
        reached = ", ".join(map(str, sorted(crash.reached))) or "nobody"
        schedule.append(f"{member} crashes in round {crash.in_round}, reaching {reached}")
    decided = {str(member): value[0] for member, value in sorted(decisions.items())}
    return {"property": breach.words, "schedule": schedule, "decided": decided}
