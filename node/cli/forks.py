"""`quorate forks`: forks, double spends and selfish mining, measured, beside what theory says."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich import box
from rich.table import Table

from consensus import catalog
from consensus.simulation.fork_plot import draw_forks
from consensus.simulation.forks import ForkError, Measured, find_rules, list_cases, measure_case
from node.cli.numbered import run_numbers
from node.cli.output import answers, messages, print_json, say
from node.cli.remote import Json
from node.cli.simulate import refusing
from node.cli.simulate_checks import choose_workers
from node.cli.simulate_options import Workers
from node.cli.simulate_single import write

TREES = tuple(name for name in catalog.names() if catalog.get(name).tree is not None)
EFFORT_MAX = 1_000


class Report(msgspec.Struct, frozen=True):
    """What was measured, and how."""

    engine: str
    effort: int
    seed: int
    measures: list[Measured]

    @property
    def is_good(self) -> bool:
        """Is there anything, and does all of it agree with theory."""
        return bool(self.measures) and all(found.agrees for found in self.measures)


def forks(
    *,
    engine: Annotated[str, typer.Option(help=f"One of: {', '.join(TREES)}.")] = TREES[0],
    effort: Annotated[
        int,
        typer.Option(
            min=1,
            max=EFFORT_MAX,
            help="1 takes some three minutes of one core; intervals shrink with its root.",
        ),
    ] = 4,
    seed: Annotated[int, typer.Option(min=0, help="All chance follows from it.")] = 1,
    workers: Workers = None,
    plot: Annotated[
        Path | None, typer.Option(help="Draw measures and theory into this HTML page.")
    ] = None,
    read: Annotated[
        Path | None, typer.Option(help="Measure nothing; take what --json has written.")
    ] = None,
    json: Json = False,
) -> None:
    """Measure an engine of block trees in a virtual time, and hold it against theory.

    How often a height has two blocks against 1 - exp(-D/T), double spends against the exact formula,
    selfish mining against its closed form; all with 99 % intervals, of which one in a hundred misses.
    `--plot` draws it all; `--read FILE --plot PAGE` draws again what `--json` has written.

    Status: 0 theory lies in all intervals, 1 not, 2 bad input, 130 after Ctrl-C.
    """
    with refusing():
        rules = find_rules(engine)
        count = choose_workers(workers)
        report = read_report(read, engine) if read else None
    status = None
    if report is None:
        ended = run_numbers(
            partial(measure_number, engine, effort, seed),
            range(len(list_cases())),
            count,
            "measures",
            is_shown=messages.is_terminal and not json,
            is_bad=lambda found: not found[1].agrees,
        )
        report = Report(engine, effort, seed, [found for _, found in sorted(ended.results)])
        status = ended.status(is_good=report.is_good)
    if plot:
        with refusing():
            write(plot, draw_forks(engine, rules, report.measures))
    tell(report, json=json)
    raise typer.Exit(int(not report.is_good) if status is None else status)


def read_report(path: Path, engine: str) -> Report:
    """What an earlier run has written; raises `ForkError`."""
    try:
        report = msgspec.json.decode(path.read_bytes(), type=Report)
    except (OSError, msgspec.DecodeError) as error:
        raise ForkError(f"{path} holds no measures: {error}") from error
    if report.engine != engine:
        raise ForkError(f"{path} is about {report.engine}, not {engine}")
    return report


def tell(report: Report, *, json: bool) -> None:
    """The report, for machines or for people."""
    if json:
        print_json(to_plain(report))
        return
    answers.print(make_table(report.engine, report.measures))
    agreeing = sum(found.agrees for found in report.measures)
    say(f"{agreeing} of {len(report.measures)} agree with theory")


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


def to_plain(report: Report) -> dict[str, Any]:
    """The report for machines, with what follows from it."""
    plain: dict[str, Any] = msgspec.to_builtins(report)
    for row, found in zip(plain["measures"], report.measures, strict=True):
        row.update(case=found.case, agrees=found.agrees)
    return {**plain, "agree": report.is_good}
