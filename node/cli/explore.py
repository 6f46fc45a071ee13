"""`quorate explore`: every schedule of an agreement or an engine, until all are seen or one breaks it."""

import time

import typer

from consensus import agreements, synchronous
from consensus.exploration.asynchronous import Liberties
from node.cli import explore_options as options
from node.cli.explore_engines import Wish, explore_lasting
from node.cli.explore_mail import Question, check_crashes, explore_mail, parse_inputs
from node.cli.explore_report import Limits, tell
from node.cli.explore_rounds import explore_rounds
from node.cli.output import EXIT_FAILURE, print_json
from node.cli.remote import Json, RequestError
from node.cli.simulate import refusing
from node.cli.simulate_campaign import EXIT_INTERRUPTED

CONFIGURATIONS_MAX = 1_000_000
FIRST = agreements.names()[0]


def explore(
    agreement: options.Agreement = FIRST,
    *,
    engine: options.Engine = None,
    inputs: options.Inputs = "0,1,1",
    nodes: options.Nodes = 4,
    twins: options.Twins = 0,
    crashes: options.Crashes = None,
    restarts: options.Restarts = 0,
    timers: options.Timers = False,
    rounds: options.Rounds = None,
    lasting: options.Lasting = False,
    limit: options.Limit = CONFIGURATIONS_MAX,
    depth: options.Depth = None,
    memory: options.Memory = None,
    depth_first: options.DepthFirst = False,
    fusing: options.Fusing = True,
    symmetry: options.Symmetry = True,
    scenario: options.Scenario = None,
    json: Json = False,
) -> None:
    """Go through all configurations that any order of events can lead to.

    Agreements exchange each message once, or on a lasting network; engines are on a lasting one: what
    was said may arrive late, again, or never. Where there are rounds, every crash pattern is tried.
    Each configuration is checked for agreement, integrity and validity; what breaks one is shown with
    a schedule, which is replayed on fresh members.

    Status: 0 nothing is broken in what was seen, 1 a property was violated, 2 bad input, 130 after
    Ctrl-C.
    """
    started_s = time.monotonic()
    try:
        with refusing():
            limits = Limits(limit, depth, memory, depth_first)
            if engine is None and agreement in synchronous.names():
                report = explore_rounds(agreement, nodes, 1 if crashes is None else crashes)
            elif engine is None and not lasting:
                spec, bits = agreements.get(agreement), parse_inputs(inputs)
                question = Question(spec, bits, Liberties(crashes or 0, timers), rounds)
                check_crashes(question)
                report = explore_mail(question, limits, json=json)
            else:
                check_lasting(crashes)
                wish = Wish(agreement, engine, nodes, twins, inputs, timers, rounds, restarts)
                report = explore_lasting(
                    wish, limits, scenario, fuses=fusing, is_symmetric=symmetry, json=json
                )
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    report["elapsed_s"] = round(time.monotonic() - started_s, 3)
    report["per_second"] = round(report["configurations"] / max(report["elapsed_s"], 1e-9))
    if json:
        print_json(report)
    else:
        tell(report)
    raise typer.Exit(EXIT_FAILURE if report["violation"] else 0)


def check_lasting(crashes: int | None) -> None:
    """Raise `RequestError` for what has no meaning on a lasting network."""
    if crashes:
        raise RequestError(
            "on a lasting network a crash is nothing but silence",
            reason="needless-crashes",
            advice="leave --crashes out; whoever is silent for ever has crashed",
        )
