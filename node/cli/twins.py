"""`quorate twins`: every partition of a few rounds, with replicas whose keys are used twice."""

import hashlib
import shlex
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from consensus.simulation.entry import format_entry
from consensus.simulation.trace_file import COLUMNS
from consensus.simulation.twins import (
    ROUNDS,
    TwinOutcome,
    Twins,
    check_scenarios,
    check_twins,
    run_twin_scenario,
    trace_twin_scenario,
)
from node.cli.numbered import parse_numbers, run_numbers
from node.cli.output import EXIT_FAILURE, answers, messages, print_json, print_line, say
from node.cli.remote import Json, RequestError
from node.cli.simulate import refusing
from node.cli.simulate_checks import choose_workers
from node.cli.simulate_options import Engine, Workers

ENGINE = Twins().engine
SHOWN_MAX = 20
"""Violations in the tables; all of them are in the JSON."""


def twins(
    *,
    engine: Engine = ENGINE,
    nodes: Annotated[int, typer.Option(help="Replicas.")] = 4,
    doubled: Annotated[
        int, typer.Option("--twins", help="So many of the first primaries have a second host.")
    ] = 1,
    beyond_bound: Annotated[
        bool, typer.Option("--beyond-bound", help="Allow more twins than f: they break agreement.")
    ] = False,
    scenarios: Annotated[
        str | None,
        typer.Option(metavar="FIRST:END", help="These alone, END left out. Default: all."),
    ] = None,
    trace: Annotated[bool, typer.Option("--trace", help="Print what happened in one.")] = False,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Play all partitions of 3 rounds with twins (Bano et al. 2021), and check what comes of them.

    Two honest engines under one key do between them what liars do. Status: 0 all is well, 1 a
    property was violated (the command that shows it again is printed), 2 bad input, 130 after
    Ctrl-C.
    """
    asked = Twins(engine, nodes, doubled)
    with refusing():
        check_twins(asked, beyond_bound=beyond_bound)
        numbers = range(asked.scenarios)
        if scenarios is not None:
            numbers = parse_numbers(scenarios, "scenarios")
        check_scenarios(asked, numbers)
        check_trace(numbers, trace=trace, json=json)
        count = choose_workers(workers)
    if trace:
        raise typer.Exit(show_scenario(asked, numbers[0]))
    ended = run_numbers(
        partial(run_twin_scenario, asked),
        numbers,
        count,
        "scenarios",
        is_shown=messages.is_terminal and not json,
        is_bad=lambda outcome: outcome.violation is not None,
    )
    outcomes = sorted(ended.results, key=lambda outcome: outcome.number)
    if json:
        print_json(to_plain(asked, outcomes, ended.elapsed_s))
    else:
        answers.print(make_twins_table(asked, outcomes, ended.elapsed_s))
    tell_violations(asked, outcomes)
    is_good = not any(outcome.violation for outcome in outcomes)
    raise typer.Exit(ended.status(is_good=is_good))


def check_trace(numbers: range, *, trace: bool, json: bool) -> None:
    """Raise `RequestError` unless it is one scenario that is to be traced."""
    if trace and (len(numbers) != 1 or json):
        raise RequestError(
            "--trace prints one scenario, and no JSON",
            reason="bad-options",
            advice="give its number with --scenarios",
        )


def show_scenario(asked: Twins, number: int) -> int:
    """Print what happened in one; the exit status."""
    outcome, trace = trace_twin_scenario(asked, number)
    print_line(COLUMNS)
    for entry in trace.entries:
        print_line(format_entry(entry))
    if outcome.violation is None:
        say(f"scenario {number}: nothing is violated; heights {outcome.decided} by the partitions")
        return 0
    say(f"scenario {number} breaks {outcome.violation.property}: {outcome.violation.detail}")
    return EXIT_FAILURE


def tell_replay(asked: Twins, number: int) -> str:
    """The command that shows one scenario again."""
    words = ["quorate", "twins", "--engine", asked.engine, "--nodes", str(asked.nodes)]
    if asked.twins != Twins().twins:
        words += ["--twins", str(asked.twins), "--beyond-bound"]
    return shlex.join([*words, "--scenarios", str(number), "--trace"])


def tell_violations(asked: Twins, outcomes: Sequence[TwinOutcome]) -> None:
    """What broke, and the commands that show it."""
    found = [outcome for outcome in outcomes if outcome.violation]
    for outcome in found[:SHOWN_MAX]:
        assert outcome.violation is not None
        broken, at_ms = outcome.violation.property, outcome.violation.at_ms
        detail = outcome.violation.detail
        say(f"scenario {outcome.number} breaks {broken} at {at_ms:,} ms: {detail}")
        say(f"  {tell_replay(asked, outcome.number)}")
    if len(found) > SHOWN_MAX:
        say(f"… and {len(found) - SHOWN_MAX:,} more; --json lists all of them")


def count_rounds(outcomes: Sequence[TwinOutcome]) -> dict[int, int]:
    """How many scenarios ended their partitions with the furthest correct host in which view."""
    views = Counter(min(max(outcome.views), ROUNDS) for outcome in outcomes if outcome.views)
    return dict(sorted(views.items()))


def make_twins_table(asked: Twins, outcomes: Sequence[TwinOutcome], elapsed_s: float) -> Table:
    """What was played, and how fast."""
    title = f"{asked.engine}, {asked.nodes} replicas, {asked.twins} of them twins"
    table = Table(title=title, box=box.SIMPLE_HEAD, show_header=False)
    table.add_column("what", no_wrap=True)
    table.add_column("how much", justify="right", overflow="fold")
    found = sum(outcome.violation is not None for outcome in outcomes)
    events = sum(outcome.events for outcome in outcomes)
    rows = {
        "scenarios": f"{len(outcomes):,} of {asked.scenarios:,}",
        "violations": f"[{'red' if found else 'green'}]{found:,}[/]",
        "heights decided under partitions": f"{sum(o.decided for o in outcomes):,}",
        **{
            f"got to view {view}" + (" or later" if view == ROUNDS else ""): f"{count:,}"
            for view, count in count_rounds(outcomes).items()
        },
        "events": f"{events:,}",
        "simulated seconds": f"{sum(o.sim_ms for o in outcomes) / 1_000:,.0f}",
        "seconds": f"{elapsed_s:,.1f}",
        "digest": compute_digest(outcomes),
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def compute_digest(outcomes: Sequence[TwinOutcome]) -> str:
    """64 hex digits that name what happened in all of them, by number."""
    text = "".join(outcome.digest for outcome in outcomes)
    return hashlib.sha256(text.encode()).hexdigest()


def to_plain(asked: Twins, outcomes: Sequence[TwinOutcome], elapsed_s: float) -> dict[str, Any]:
    """The account for machines."""
    return {
        "engine": asked.engine,
        "nodes": asked.nodes,
        "twins": asked.twins,
        "scenarios": len(outcomes),
        "violations": [
            {
                "scenario": outcome.number,
                "property": outcome.violation.property,
                "replay": tell_replay(asked, outcome.number),
            }
            for outcome in outcomes
            if outcome.violation is not None
        ],
        "decided": sum(outcome.decided for outcome in outcomes),
        "views": {str(view): count for view, count in count_rounds(outcomes).items()},
        "events": sum(outcome.events for outcome in outcomes),
        "seconds": round(elapsed_s, 3),
        "digest": compute_digest(outcomes),
    }
