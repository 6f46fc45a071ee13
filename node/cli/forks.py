"""`quorate forks`: forks, double spends and selfish mining, measured, beside what theory says."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from consensus import catalog
from consensus.simulation.forks import Measured, find_rules, list_cases, measure_case
from node.cli.numbered import run_numbers
from node.cli.output import answers, messages, print_json, say
from node.cli.remote import Json
from node.cli.simulate import refusing
from node.cli.simulate_checks import choose_workers
from node.cli.simulate_options import Workers

TREES = tuple(name for name in catalog.names() if catalog.get(name).tree is not None)
EFFORT_MAX = 1_000


def forks(
    *,
    engine: Annotated[str, typer.Option(help=f"One of: {', '.join(TREES)}.")] = TREES[0],
    effort: Annotated[
        int,
        typer.Option(
            min=1,
            max=EFFORT_MAX,
            help="1 takes about a minute of one core; intervals shrink with its root.",
        ),
    ] = 4,
    seed: Annotated[int, typer.Option(min=0, help="All chance follows from it.")] = 1,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Measure an engine of block trees in a virtual time, and hold it against theory.

    How often a height has two blocks against 1 - exp(-D/T), double spends against the exact formula,
    selfish mining against its closed form; all with 99 % intervals, of which one in a hundred misses.
    Status: 0 theory lies in all intervals, 1 not, 2 bad input, 130 after Ctrl-C.
    """
    with refusing():
        find_rules(engine)
        count = choose_workers(workers)
    ended = run_numbers(
        partial(measure_number, engine, effort, seed),
        range(len(list_cases())),
        count,
        "measures",
        is_shown=messages.is_terminal and not json,
        is_bad=lambda found: not found[1].agrees,
    )
    measured = [found for _, found in sorted(ended.results)]
    is_good = bool(measured) and all(found.agrees for found in measured)
    if json:
        print_json(to_plain(engine, effort, seed, measured))
    else:
        answers.print(make_table(engine, measured))
        agreeing = sum(found.agrees for found in measured)
        say(f"{agreeing} of {len(measured)} agree with theory, in {ended.elapsed_s:.1f} s")
    raise typer.Exit(ended.status(is_good=is_good))


def measure_number(engine: str, effort: int, seed: int, number: int) -> tuple[int, Measured]:
    """One line of the table; worker processes know this function by its name."""
    name, arguments = list_cases()[number]
    return number, measure_case(engine, name, arguments, effort, seed)


def make_table(engine: str, measured: Sequence[Measured]) -> Table:
    """One line per measure."""
    title = f"{engine}, measured and in theory"
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("measure", no_wrap=True)
    for name in ("theory", "measured", "99 % low", "high", "trials", ""):
        table.add_column(name, justify="right", no_wrap=True)
    for found in measured:
        numbers = (found.theory, found.measured, found.low, found.high)
        verdict = "[green]=[/]" if found.agrees else "[red]≠[/]"
        cells = (f"{number:.5f}" for number in numbers)
        table.add_row(found.case, *cells, f"{found.trials:,}", verdict)
    return table


def to_plain(engine: str, effort: int, seed: int, measured: Sequence[Measured]) -> dict[str, Any]:
    """The table for machines."""
    return {
        "engine": engine,
        "effort": effort,
        "seed": seed,
        "agree": bool(measured) and all(found.agrees for found in measured),
        "measures": [
            {
                "case": found.case,
                "theory": found.theory,
                "measured": found.measured,
                "low": found.low,
                "high": found.high,
                "trials": found.trials,
                "agrees": found.agrees,
            }
            for found in measured
        ],
    }
