"""`quorate complexity`: what an engine costs, measured, beside what its formulas say."""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table

from consensus import catalog
from consensus.simulation.costs import Case, Cost, check_size, measure
from node.cli.complexity_overview import show_overview
from node.cli.numbered import parse_numbers, run_numbers
from node.cli.output import answers, messages, print_json, say
from node.cli.remote import Json, RequestError
from node.cli.simulate import refusing
from node.cli.simulate_checks import check_output, choose_workers
from node.cli.simulate_options import Workers

BOTH = "both"
NODES = "4:64"


def complexity(
    *,
    engine: Annotated[
        str | None,
        typer.Option(help=f"One of: {', '.join(catalog.names())}. Default: every protocol."),
    ] = None,
    nodes: Annotated[
        str,
        typer.Option(metavar="FIRST:LAST", help="Of one engine: sizes, both included, or one."),
    ] = NODES,
    case: Annotated[
        str,
        typer.Option(
            help=f"Of one engine: {', '.join(case.value for case in Case)}, {BOTH}.",
        ),
    ] = BOTH,
    page: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Of every protocol: draw table and plots into this page."
        ),
    ] = None,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """Measure what protocols cost in a virtual time, and hold it against their formulas.

    Without --engine: messages, rounds, bytes, state and durable writes of every engine and agreement,
    over n and f, with fitted powers and polynomials. With it: one engine, kind by kind and size by
    size. The good case is one height from rest; the view change replaces a crashed leader while all
    else is quiet. Messages to oneself do not count. Status: 0 all counts equal the formulas, 1 one
    differs, 2 bad input, 130 after Ctrl-C.
    """
    if engine is None:
        with refusing():
            check_alone(nodes, case)
            check_output(page)
            count = choose_workers(workers)
        raise typer.Exit(show_overview(count, page, json=json))
    with refusing():
        check_unplotted(page)
        cases = parse_cases(case)
        sizes = parse_numbers(nodes, "sizes", includes_last=True)
        for size in (sizes[0], sizes[-1]):
            check_size(catalog.get(engine), size, None)
        check_cases(cases, engine, sizes[0])
        count = choose_workers(workers)
    ended = run_numbers(
        partial(measure_size, engine, cases),
        sizes[::-1],
        count,
        "sizes",
        is_shown=messages.is_terminal and not json,
        is_bad=lambda costs: not all(cost.is_equal for cost in costs),
    )
    costs = sort_costs(ended.results)
    is_good = bool(costs) and all(cost.is_equal for cost in costs)
    if json:
        print_json({"engine": engine, "equal": is_good, "costs": list(map(to_plain, costs))})
    else:
        tell(engine, cases, costs, ended.elapsed_s)
    raise typer.Exit(ended.status(is_good=is_good))


def check_alone(nodes: str, case: str) -> None:
    """Raise `RequestError` for what only one engine can be asked."""
    if (nodes, case) != (NODES, BOTH):
        raise RequestError(
            "--nodes and --case are about one engine",
            reason="no-engine",
            advice="name it with --engine, or leave them out",
        )


def check_unplotted(page: Path | None) -> None:
    """Raise `RequestError` for a page about one engine."""
    if page is not None:
        raise RequestError(
            "the page is about every protocol",
            reason="page-of-one-engine",
            advice="leave --engine or --page out",
        )


def measure_size(engine: str, cases: Sequence[Case], nodes: int) -> list[Cost]:
    """All that is asked of one size; worker processes know this function by its name."""
    return [measure(case, engine, nodes) for case in cases]


def parse_cases(name: str) -> tuple[Case, ...]:
    """What to measure; raises `RequestError`."""
    if name == BOTH:
        return tuple(Case)
    try:
        return (Case(name),)
    except ValueError:
        known = ", ".join([*(case.value for case in Case), BOTH])
        raise RequestError(f"no case {name!r}; there are: {known}", reason="unknown-case") from None


def check_cases(cases: Sequence[Case], engine: str, smallest: int) -> None:
    """Raise `RequestError` for a view change where no leader may crash."""
    if Case.VIEW_CHANGE in cases and not catalog.get(engine).default_faults(smallest):
        raise RequestError(
            f"{smallest} nodes stand no fault: no leader may crash there",
            reason="bad-range",
            advice=f"measure {Case.GOOD.value} alone, or begin with a larger size",
        )


def sort_costs(results: Iterable[list[Cost]]) -> list[Cost]:
    """By case, then by size, in whatever order they were measured."""
    order = list(Case)
    costs = (cost for found in results for cost in found)
    return sorted(costs, key=lambda cost: (order.index(cost.case), cost.nodes))


def tell(engine: str, cases: Sequence[Case], costs: Sequence[Cost], elapsed_s: float) -> None:
    """Tables, and a line that sums them up."""
    for case in cases:
        answers.print(make_cost_table(engine, [cost for cost in costs if cost.case is case]))
    differing = [cost for cost in costs if not cost.is_equal]
    say(f"{len(costs) - len(differing)} of {len(costs)} equal their formula, in {elapsed_s:.1f} s")
    for cost in differing:
        say(f"{cost.case.value}, n = {cost.nodes}: {cost.counted}, not {cost.formula}")


def make_cost_table(engine: str, costs: Sequence[Cost]) -> Table:
    """One line per size: the kinds that have a formula, its sum, and what else was measured."""
    case = costs[0].case.value if costs else "nothing"
    table = Table(title=f"{engine}, {case}", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    kinds = sorted({kind for cost in costs for kind in cost.counted | cost.formula})
    has_rounds = any(cost.delays is not None for cost in costs)
    rounds = ["rounds"] if has_rounds else []
    for name in ("n", *kinds, "formula", *rounds, "bytes", "writes", "state", "ms"):
        table.add_column(name, justify="right", no_wrap=True)
    for cost in costs:
        reading = cost.reading
        table.add_row(
            str(cost.nodes),
            *(str(cost.counted.get(kind, 0)) for kind in kinds),
            show_verdict(cost),
            *([str(reading.rounds)] if has_rounds else []),
            str(reading.bytes_total),
            str(reading.writes),
            str(reading.state_bytes_peak),
            str(max(reading.all_ms, default="–")),
        )
    return table


def show_verdict(cost: Cost) -> str:
    """The sum of the formula, and the one that was counted if anything differs."""
    counted, formula = sum(cost.counted.values()), sum(cost.formula.values())
    if cost.is_equal:
        return f"[green]= {formula}[/]"
    return f"[red]{counted} ≠ {formula}[/]"


def to_plain(cost: Cost) -> dict[str, Any]:
    """One measurement for machines; `counted` and `formula` are what is compared."""
    reading = cost.reading
    return {
        "case": cost.case.value,
        "nodes": cost.nodes,
        "faults": cost.faults,
        "equal": cost.is_equal,
        "counted": cost.counted,
        "formula": cost.formula,
        "messages": reading.messages,
        "bytes": reading.bytes,
        "rounds": reading.rounds,
        "delays": cost.delays,
        "writes": reading.writes,
        "state_bytes_peak": reading.state_bytes_peak,
        "first_ms": max(reading.first_ms, default=None),
        "all_ms": max(reading.all_ms, default=None),
    }
