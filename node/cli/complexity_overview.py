"""`quorate complexity` without an engine: every protocol, measured, fitted and judged."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from consensus.simulation.cost_page import draw_costs
from consensus.simulation.overview import Measured, list_jobs, measure_job
from node.cli.numbered import run_numbers
from node.cli.output import messages, print_json, print_line, say
from node.cli.simulate import refusing
from node.cli.simulate_single import write


def show_overview(workers: int, page: Path | None, *, json: bool) -> int:
    """Measure all, tell it; the exit status."""
    jobs = list_jobs()
    ended = run_numbers(
        measure_number,
        range(len(jobs)),
        workers,
        "protocols",
        is_shown=messages.is_terminal and not json,
        is_bad=lambda found: bool(found[1].differing),
        tell=lambda found: tell_messages(found[1]),
    )
    measured = [found for _, found in sorted(ended.results, key=lambda result: result[0])]
    is_good = len(measured) == len(jobs) and not any(found.differing for found in measured)
    if page is not None:
        with refusing():
            write(page, draw_costs(measured))
    if json:
        print_json({"equal": is_good, "protocols": list(map(to_plain, measured))})
    else:
        tell(measured, ended.elapsed_s)
    return ended.status(is_good=is_good)


def measure_number(number: int) -> tuple[int, Measured]:
    """One protocol; worker processes know this function by its name."""
    return number, measure_job(list_jobs()[number])


def tell_messages(found: Measured) -> str:
    """One line while others are still measured."""
    fit = found.find_fit("messages")
    told = f", messages {fit.words}" if fit else ""
    return f"{found.family} {found.name}, {len(found.along_n)} sizes{told}"


def tell(measured: Sequence[Measured], elapsed_s: float) -> None:
    """Some lines for each protocol, and one that sums it up."""
    for found in measured:
        for line in list_lines(found):
            print_line(line)
    count = sum(len(found.along_n) + len(found.along_f) for found in measured)
    differing = [(found, point) for found in measured for point in found.differing]
    say(f"{count - len(differing)} of {count} equal their formula, in {elapsed_s:.1f} s")
    for found, point in differing:
        where = f"{found.family} {found.name}, n = {point.nodes}, f = {point.faults}"
        say(
            f"{where}: {point.counted} in {point.rounds} rounds, "
            f"not {point.formula} in {point.claimed_rounds}"
        )


def list_lines(found: Measured) -> Iterator[str]:
    """Its formula and whether it holds; then each quantity: polynomial, and power."""
    sizes = f"n = {found.along_n[0].nodes} to {found.along_n[-1].nodes}"
    formula = f" {found.formula}" if found.formula else ""
    holds = "DIFFERS" if found.differing else "holds"
    yield f"{found.name} ({found.family}), {sizes}: the formula{formula} {holds}"
    for fit in found.fits:
        if fit.axis == "n":
            power = "" if fit.is_constant else f"~ {fit.tell_power()}"
            yield f"  {fit.quantity:<9}{fit.tell_polynomial():<44}{power}".rstrip()
    over = [f"{fit.quantity} {fit.tell_polynomial()}" for fit in found.fits if fit.axis == "f"]
    if over:
        yield f"  over f, n = {found.along_f[0].nodes}: {', '.join(over)}"


def to_plain(found: Measured) -> dict[str, Any]:
    """One protocol for machines."""
    plain: dict[str, Any] = msgspec.to_builtins(found)
    for name in ("along_n", "along_f"):
        for row, point in zip(plain[name], getattr(found, name), strict=True):
            row.update(messages=point.messages, equal=point.is_equal)
    return plain | {"equal": not found.differing}
