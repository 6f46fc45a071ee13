"""`quorate bounds`: what agreement cannot do, shown by runs of agreements that nodes run."""

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from consensus import synchronous
from consensus.bounds.arguments import ALGORITHMS, ARGUMENTS, check_algorithm, list_jobs
from consensus.bounds.drawing.page import draw_page
from consensus.bounds.reports import Finding
from consensus.bounds.telling import tell
from node.cli.numbered import run_numbers
from node.cli.output import messages, print_json, print_line, say
from node.cli.remote import Json, RequestError
from node.cli.simulate import refusing
from node.cli.simulate_checks import choose_workers
from node.cli.simulate_options import Workers
from node.cli.simulate_single import write

VERSION = 1
"""Raised whenever a reader of the JSON before would misread it."""


class Argument(msgspec.Struct, frozen=True):
    """One argument, and what was found for it."""

    name: str
    words: str
    shown: bool
    findings: tuple[Finding, ...]


class Report(msgspec.Struct, frozen=True):
    """What `--json` prints, and `--page` draws."""

    version: int
    shown: bool
    arguments: tuple[Argument, ...]


def bounds(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ARGUMENT]...", help=f"Any of: {', '.join(ARGUMENTS)}."),
    ] = None,
    *,
    algorithms: Annotated[
        list[str] | None,
        typer.Option(
            "--algorithm",
            metavar="NAME",
            help=f"Whom the chains for f + 1 rounds are tried on; repeat it. "
            f"Default: {', '.join(ALGORITHMS)}.",
        ),
    ] = None,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Draw all of it as a page.")
    ] = None,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """No agreement does better than its bound, and ours reach theirs: six arguments, each by real runs.

    `partition`: three groups, two of which cannot hear each other; PBFT at n <= 3f, three ways, and the
    control. `hexagon`: two copies of an unsigned agreement in one ring, and its broken pair replayed
    among n = 3f. `rounds`: why f rounds are too few, by the hiding chain, and by a chain of similar
    executions that catches any algorithm. `asynchronous`: who is late may have crashed; n <= 2f, and
    n <= 3f with liars or validity V2. `weak`: how many values there are where several may be. `theorem`: theorem 2.1 as a table, with a run inside each bound and one
    outside. Each run is looked at twice: by another judge, in a replay among fresh participants, or
    by an exhaustive search.

    Status: 0 all of it was shown, 1 something was not, 2 bad input, 130 after Ctrl-C.
    """
    with refusing():
        names = check_names(arguments)
        tried = check_algorithms(algorithms)
        count = choose_workers(workers)
    jobs = list_jobs(names, tried)
    ended = run_numbers(
        partial(show_numbered, tuple(names), tuple(tried)),
        range(len(jobs)),
        count,
        "runs",
        is_shown=messages.is_terminal and not json,
        is_bad=lambda result: not result[1].is_shown,
    )
    found = dict(ended.results)
    report = make_report(names, [(job.argument, found.get(n)) for n, job in enumerate(jobs)])
    if page:
        with refusing():
            write(page, draw_page([(one.name, one.findings) for one in report.arguments]))
    if json:
        print_json(msgspec.to_builtins(report))
    else:
        for argument in report.arguments:
            tell_argument(argument)
        shown = sum(finding.is_shown for _, finding in ended.results)
        say(f"{shown} of {len(jobs)} shown in {ended.elapsed_s:.1f} s")
    raise typer.Exit(ended.status(is_good=report.shown))


def show_numbered(
    names: Sequence[str], algorithms: Sequence[str], number: int
) -> tuple[int, Finding]:
    """One run or search; worker processes know this function by its name."""
    return number, list_jobs(names, algorithms)[number].make()


def check_names(names: Sequence[str] | None) -> list[str]:
    """The arguments asked for, each once, in their order; raises `RequestError`."""
    for name in names or ():
        if name not in ARGUMENTS:
            raise RequestError(
                f"no argument {name[:80]!r}",
                reason="unknown-argument",
                advice=f"choose among {', '.join(ARGUMENTS)}, or name none for all",
            )
    return [name for name in ARGUMENTS if not names or name in names]


def check_algorithms(names: Sequence[str] | None) -> list[str]:
    """The algorithms to try the chains on; raises `RequestError` or `UnknownEngineError`."""
    chosen = list(dict.fromkeys(names or ALGORITHMS))
    for name in chosen:
        if not check_algorithm(name):
            raise RequestError(
                f"{name} is no crash agreement of f + 1 rounds",
                reason="unfit-algorithm",
                advice=f"choose among {', '.join(filter(check_algorithm, synchronous.names()))}",
            )
    return chosen


def make_report(names: Sequence[str], found: Iterable[tuple[str, Finding | None]]) -> Report:
    """By argument; what an interrupted run has not found is missing."""
    findings = list(found)
    arguments = []
    for name in names:
        own = [finding for argument, finding in findings if argument == name]
        done = tuple(finding for finding in own if finding is not None)
        is_shown = len(done) == len(own) and all(finding.is_shown for finding in done)
        arguments.append(Argument(name, ARGUMENTS[name], is_shown, done))
    return Report(VERSION, all(one.shown for one in arguments), tuple(arguments))


def tell_argument(argument: Argument) -> None:
    """A title, and a few lines for each finding."""
    print_line(f"{argument.name}: {argument.words}")
    for finding in argument.findings:
        for line in tell(finding):
            print_line(f"  {line}")
    print_line("")
