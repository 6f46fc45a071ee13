"""A schedule of an engine as a scenario of the simulator, played there while it is written.

The simulator's hosts sign, check and execute for themselves; all that it is told is which held message
arrives next and which timer runs out. A message is found there by what it says (`Knowledge.resemble`).
"""

from collections.abc import Sequence
from typing import Any

from consensus.events import Elapsed
from consensus.exploration.cast import Cast
from consensus.exploration.engines import FAR, ITEM
from consensus.exploration.replaying import ReplayError
from consensus.exploration.steps import Move, Restart, Tell
from consensus.exploration.table import Deliver, Fire
from consensus.simulation.history import ViolationError
from consensus.simulation.scenario import open_cluster
from consensus.simulation.schedule import Action, Schedule, Violation
from consensus.simulation.stage import Stage
from consensus.simulation.telling import name_message


def stage_schedule(
    engine: str, cast: Cast, moves: Sequence[Move]
) -> tuple[Schedule, Violation | None, str]:
    """The schedule in the simulator's words, what it breaks there, and the run's digest.

    Raises `ReplayError` where the simulator cannot follow.
    """
    numbers = " ".join(f"{name}={number}" for name, number in FAR.items())
    line = f"cluster {engine} n={cast.committee.size} f={cast.committee.faults} {numbers}"
    stage = Stage(open_cluster(line))
    actions: list[Action] = []
    try:
        for command in list_openings(cast):
            actions.append((0, command))
            stage.do(command)
        for move in moves:
            for command in list_commands(stage, cast, move):
                actions.append((0, command))
                stage.do(command)
    except ViolationError as error:
        violation = Violation(error.property_name, error.detail, stage.cluster.now_ms)
        stage.cluster.note_event(0, "violated", error.property_name, error.detail)
        return Schedule(line, tuple(actions)), violation, stage.cluster.digest()
    return Schedule(line, tuple(actions)), None, stage.cluster.digest()


def list_openings(cast: Cast) -> list[str]:
    """How everything begins: twins, links that hold everything, work, and timers."""
    size = cast.committee.size
    commands = [f"twin {seat.name}" for seat in cast.seats[size:]]
    commands += ["hold", f"submit {ITEM}"]
    for place, seat in enumerate(cast.seats):
        timers = [event.timer for event in seat.openings if isinstance(event, Elapsed)]
        commands += [tell_timer(place, timer) for timer in timers]
    return commands


def list_commands(stage: Stage, cast: Cast, move: Move) -> list[str]:
    """What the simulator is told for one move."""
    match move:
        case Deliver():
            return [find_message(stage, cast, move)]
        case Fire(to, timer):
            return [tell_timer(to, timer)]
        case Tell(to):
            return [f"suspect {to}"]
        case Restart(to):
            return [f"crash {to}", f"restart {to}"]
        case _:
            raise ReplayError(f"the simulator tosses its own coins: {move}")


def tell_timer(place: int, timer: tuple[Any, ...]) -> str:
    """A timer that runs out."""
    return f"elapse {place} {' '.join(map(str, timer))}"


def find_message(stage: Stage, cast: Cast, delivery: Deliver) -> str:
    """The held message that says what the schedule's message says."""
    resemble, clogged = cast.knowledge.resemble, stage.cluster.links.clogged
    wanted, kind = resemble(delivery.message), name_message(delivery.message)
    for origin in stage.cluster.addresses[delivery.sender]:
        held = [
            p for p in clogged.get((origin, delivery.to), ()) if name_message(p.message) == kind
        ]
        for number, parcel in enumerate(held, start=1):
            if resemble(parcel.message) == wanted:
                which = f" {number}" if number > 1 else ""
                return f"deliver {origin} {delivery.to} {kind}{which}"
    raise ReplayError(f"{kind} from {delivery.sender} to {delivery.to} was not said there")
