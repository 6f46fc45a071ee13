"""Engines and agreements on a network that forgets nothing."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consensus import agreements
from consensus.committee import Committee
from consensus.exploration.agreeing import make_agreement_cast
from consensus.exploration.cast import Cast
from consensus.exploration.engines import make_cast
from consensus.exploration.explorer import Exploration
from consensus.exploration.lasting_replay import replay
from consensus.exploration.scenarios import stage_schedule
from consensus.exploration.searching import Search
from consensus.exploration.steps import Move
from consensus.exploration.telling import tell_move
from consensus.simulation.scenario import play
from consensus.simulation.schedule import tell_scenario
from node.cli.explore_mail import parse_inputs
from node.cli.explore_report import Limits, describe_extent, measure_memory, showing
from node.cli.remote import RequestError


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be explored."""

    agreement: str
    engine: str | None
    nodes: int
    twins: int
    inputs: str
    timers: bool
    rounds: int | None
    restarts: int


def make_wished(wish: Wish) -> tuple[Cast, frozenset[bytes], int]:
    """Who takes part, what may be decided, and how many values."""
    if wish.engine is not None:
        cast = make_cast(
            wish.engine, wish.nodes, wish.twins, wish.rounds or 0, restarts_max=wish.restarts
        )
        values = frozenset(value for seat in cast.seats for value in seat.values)
        return cast, values, 1
    bits = parse_inputs(wish.inputs)
    spec = agreements.get(wish.agreement)
    if spec.common_faces is not None:
        raise RequestError(
            f"{wish.agreement} tosses common coins, which a lasting network does not serve",
            reason="no-common-coin",
            advice="leave --lasting out",
        )
    committee = Committee.of(len(bits), spec.default_faults(len(bits)))
    cast = make_agreement_cast(
        spec,
        committee,
        bits,
        timers=wish.timers,
        rounds_max=wish.rounds,
        restarts_max=wish.restarts,
    )
    proposed = frozenset(bytes([bit]) for bit in bits if bit is not None)
    return cast, proposed, spec.count_values(committee)


def explore_lasting(
    wish: Wish,
    limits: Limits,
    scenario: Path | None,
    *,
    fuses: bool,
    is_symmetric: bool,
    json: bool,
) -> dict[str, Any]:
    """Explore, show how far it is, and report."""
    cast, proposed, values_max = make_wished(wish)
    search = Search(cast, fuses, is_symmetric, proposed, values_max)
    with showing(is_shown=not json) as show:
        seen = search.run(
            configurations_max=limits.configurations_max,
            depth_max=limits.depth_max,
            depth_first=limits.depth_first,
            on_progress=show,
            may_go_on=limits.may_go_on,
        )
    return make_report(wish, search, seen, scenario)


def make_report(
    wish: Wish, search: Search, seen: Exploration, scenario: Path | None
) -> dict[str, Any]:
    """What was seen, for machines; `names` is a digest of all local states."""
    steps = search.steps
    violation = None
    if seen.violation is not None:
        schedule = search.schedule(seen)
        said = {place: str(words) for place, words in replay(search.cast, schedule).words().items()}
        violation = {
            "property": seen.violation[1],
            "schedule": list(map(tell_move, schedule)),
            "decided": said,
        }
        if wish.engine is not None:
            violation |= stage(wish.engine, search, schedule, scenario)
    reductions = ["partial order"] * search.fuses
    if search.images > 1:
        reductions.append(f"symmetry of {search.images}")
    return {
        "explored": wish.engine or wish.agreement,
        "network": "lasting",
        "reductions": reductions,
        **describe_extent(seen, list_bounds(wish, search)),
        "states": len(steps.states),
        "names": hashlib.sha256(b"".join(sorted(steps.names))).hexdigest(),
        "steps": steps.steps,
        "decided": sorted({str(v) for _, values in search.judge.decided for v in values}),
        "violation": violation,
        "memory_bytes": measure_memory(),
    }


def stage(
    engine: str, search: Search, schedule: Sequence[Move], scenario: Path | None
) -> dict[str, Any]:
    """What the schedule comes to in the simulator; as a scenario it may be kept."""
    staged, broken, digest = stage_schedule(engine, search.cast, schedule)
    if scenario is not None:
        text = tell_scenario(staged, "Found by quorate explore, and played by the simulator.")
        try:
            scenario.write_text(play(text))
        except OSError as error:
            raise RequestError(
                f"{scenario} cannot be written: {error.strerror}",
                reason="unwritable",
                advice="name another file with --scenario",
            ) from error
    simulated = f"{broken.property}: {broken.detail}" if broken else "nothing is violated"
    return {"simulated": simulated, "digest": digest}


def list_bounds(wish: Wish, search: Search) -> dict[str, int]:
    """The bounds that belong to the question, as far as they leave anything out."""
    bounds = {}
    if wish.engine is not None:
        bounds = {"height": 1, "rounds": wish.rounds or 0}
    elif search.steps.is_bounded and wish.rounds is not None:
        bounds["rounds"] = wish.rounds
    if wish.restarts:
        bounds["restarts"] = wish.restarts
    return bounds
