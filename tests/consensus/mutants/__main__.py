"""The command behind `scripts/mutants`: which planted bugs do storms find, and how soon.

Every mutant meets the seeds 0, 1, … of its storms until a promise is broken. The status is 0 if all
are killed, 1 if any survives, 2 for arguments that make no sense.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.consensus.mutants.hunting import Hunt
from tests.consensus.mutants.pack import hunt_all
from tests.consensus.mutants.record import list_engines, write_kills
from tests.consensus.mutants.registry import MUTANTS

SEEDS = 400


def main(arguments: Sequence[str] | None = None) -> int:
    """Hunt, and tell."""
    options = parse(arguments)
    names = options.only or choose_names(options.engine)
    hunts = run(names, range(options.seeds), options.workers, is_quiet=options.json)
    if options.record:
        write_kills({hunt.name: hunt.kill for hunt in hunts if hunt.kill})
    if options.json:
        print(json.dumps(describe(hunts, options.seeds)))
    else:
        show(hunts)
    return int(any(hunt.kill is None for hunt in hunts))


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line; complaints end the process with status 2."""
    parser = argparse.ArgumentParser(
        prog="scripts/mutants",
        description="Plant bugs in engines and their host, and see which of them storms find.",
    )
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"for each (default: {SEEDS})")
    parser.add_argument(
        "--only", action="append", choices=sorted(MUTANTS), metavar="NAME", help="one; repeatable"
    )
    parser.add_argument("--engine", choices=list_engines(), help="of this one only")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.add_argument(
        "--record", action="store_true", help="keep the seeds that kill, for the tests"
    )
    options = parser.parse_args(arguments)
    if options.seeds < 1 or options.workers < 1:
        parser.error("--seeds and --workers: at least 1")
    return options


def choose_names(engine: str | None) -> list[str]:
    """All mutants, or those of one engine."""
    return [name for name, mutant in MUTANTS.items() if engine in (None, mutant.request.engine)]


def run(names: Sequence[str], seeds: range, workers: int, *, is_quiet: bool) -> list[Hunt]:
    """All hunts, in the order of the names, with a bar that moves."""
    ended: dict[str, Hunt] = {}
    tried: dict[str, int] = {}
    with Progress(
        TextColumn("mutants"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[note]}"),
        console=Console(stderr=True),
        disable=is_quiet,
        transient=True,
    ) as bar:
        task = bar.add_task("mutants", total=len(names), note="")
        for hunt, is_over in hunt_all(names, seeds, workers):
            tried[hunt.name] = hunt.storms
            if is_over:
                ended[hunt.name] = hunt
            bar.update(task, completed=len(ended), note=f"{sum(tried.values())} storms")
    return [ended[name] for name in names]


def describe(hunts: Iterable[Hunt], seeds: int) -> dict[str, object]:
    """The report for machines."""
    rows = [
        {
            "name": hunt.name,
            "what": MUTANTS[hunt.name].what,
            "breaks": list(MUTANTS[hunt.name].breaks),
            "killed": hunt.kill is not None,
            "seed": hunt.kill.seed if hunt.kill else None,
            "property": hunt.kill.property if hunt.kill else None,
            "at_ms": hunt.at_ms if hunt.kill else None,
            "storms": hunt.storms,
            "seconds": round(hunt.seconds, 2),
        }
        for hunt in hunts
    ]
    survivors = [row["name"] for row in rows if not row["killed"]]
    return {"seeds": seeds, "mutants": rows, "survivors": survivors}


def show(hunts: Sequence[Hunt]) -> None:
    """The report for people."""
    table = Table(box=None, pad_edge=False)
    for title in ("mutant", "seed", "broken promise", "at", "search", "what is wrong"):
        is_number = title in {"seed", "at", "search"}
        is_long = title == "what is wrong"
        table.add_column(title, justify="right" if is_number else "left", no_wrap=not is_long)
    for hunt in hunts:
        table.add_row(hunt.name, *tell(hunt), f"{hunt.seconds:.1f} s", MUTANTS[hunt.name].what)
    console = Console()
    console.print(table)
    killed = sum(hunt.kill is not None for hunt in hunts)
    console.print(f"{killed} of {len(hunts)} killed")


def tell(hunt: Hunt) -> tuple[str, str, str]:
    """Seed, property and virtual time."""
    if hunt.kill is None:
        return "", "[red]survives[/]", ""
    return str(hunt.kill.seed), hunt.kill.property, f"{hunt.at_ms / 1_000:.1f} s"


if __name__ == "__main__":
    sys.exit(main())
