"""`quorate explore`: every schedule of an agreement or an engine, until all are seen or one breaks it."""

import time
from pathlib import Path
from typing import Annotated

import typer

from consensus import agreements, synchronous
from consensus.exploration import engines
from consensus.exploration.asynchronous import Liberties
from node.cli.explore_engines import Wish, explore_lasting
from node.cli.explore_mail import Question, check_crashes, explore_mail, parse_inputs
from node.cli.explore_report import Limits, tell
from node.cli.explore_rounds import explore_rounds
from node.cli.output import EXIT_FAILURE, print_json
from node.cli.remote import Json, RequestError
from node.cli.simulate import refusing
from node.cli.simulate_campaign import EXIT_INTERRUPTED

CONFIGURATIONS_MAX = 100_000


def explore(
    agreement: Annotated[
        str,
        typer.Argument(help=f"One of: {', '.join((*agreements.names(), *synchronous.names()))}."),
    ] = agreements.names()[0],
    *,
    engine: Annotated[
        str | None,
        typer.Option(help=f"Instead of an agreement. One of: {', '.join(engines.names())}."),
    ] = None,
    inputs: Annotated[
        str,
        typer.Option(
            metavar="BIT,…", help="An agreement's, one for each member; `-` proposes nothing."
        ),
    ] = "0,1,1",
    nodes: Annotated[
        int,
        typer.Option(min=1, max=9, help="Replicas of an engine; members, where there are rounds."),
    ] = 4,
    twins: Annotated[
        int, typer.Option(min=0, help="So many of an engine's first leaders have a second half.")
    ] = 0,
    crashes: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="So many members may crash. Default: none, and one where there are rounds. "
            "On a lasting network a crash is nothing but silence.",
        ),
    ] = None,
    restarts: Annotated[
        int, typer.Option(min=0, help="So often each may come back with its journal.")
    ] = 0,
    timers: Annotated[
        bool, typer.Option("--timers", help="Timers may run out at any time.")
    ] = False,
    rounds: Annotated[
        int | None,
        typer.Option(min=0, help="Nobody goes beyond this round, ballot or view."),
    ] = None,
    lasting: Annotated[
        bool,
        typer.Option("--lasting", help="What was said may arrive again and again, or never."),
    ] = False,
    limit: Annotated[
        int, typer.Option(min=1, help="Stop after so many configurations.")
    ] = CONFIGURATIONS_MAX,
    depth: Annotated[int | None, typer.Option(min=1, help="Follow so many moves only.")] = None,
    memory: Annotated[int | None, typer.Option(metavar="MIB", min=1, help="Use no more.")] = None,
    depth_first: Annotated[
        bool, typer.Option("--depth-first", help="Go deep first; a violation is shortened then.")
    ] = False,
    fusing: Annotated[
        bool, typer.Option(help="Partial-order reduction, on a lasting network.")
    ] = True,
    symmetry: Annotated[
        bool, typer.Option(help="Symmetry reduction, on a lasting network.")
    ] = True,
    scenario: Annotated[
        Path | None,
        typer.Option(help="Write an engine's violation here, as a scenario for the simulator."),
    ] = None,
    json: Json = False,
) -> None:
    """Go through all configurations that any order of events can lead to.

    Agreements exchange each message once, or on a lasting network; engines are on a lasting one: what
    was said may arrive late, again, or never. Where there are rounds, every crash pattern is tried. Each configuration is checked for agreement, integrity
    and validity; what breaks one is shown with a schedule, which is replayed on fresh members.
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
