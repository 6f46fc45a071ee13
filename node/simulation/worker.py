"""What every worker calls for one seed, wherever it runs; it is known by its name there."""

import gc
from functools import partial

from consensus.simulation.request import Outcome, Request
from consensus.simulation.run import conclude
from consensus.simulation.schedule import Played, Schedule, play_schedule
from consensus.simulation.swarm import draw_schedule
from consensus.simulation.words import ScenarioError
from node.simulation.ledger_run import play_ledgers
from node.simulation.pool import Job

PLAYERS = {"bare": play_schedule, "ledger": play_ledgers}
"""How a schedule is played, by what its hosts order."""


def run(request: Request, seed: int) -> Outcome:
    """One seed, from its drawing to its outcome.

    What a run makes is short-lived and hangs together until its end, so looking for cycles in the
    middle costs time (about a twelfth) and frees next to nothing.
    """
    gc.disable()
    try:
        return conclude(seed, play(draw_schedule(request, seed)))
    finally:
        gc.enable()


def play(schedule: Schedule, *, is_traced: bool = False) -> Played:
    """Play a schedule on what it orders; raises `ConsensusError` for words that mean nothing."""
    if schedule.application not in PLAYERS:
        raise ScenarioError(f"no application {schedule.application!r}")
    return PLAYERS[schedule.application](schedule, is_traced=is_traced)


def make_job(request: Request) -> Job[Outcome]:
    """The same for every seed of a campaign."""
    return partial(run, request)
