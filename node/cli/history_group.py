"""`quorate history`: what clients see of a running network, recorded and checked."""

import asyncio
import random
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from node.cli.asynchronous import asynchronous, stop_on_signal
from node.cli.output import EXIT_FAILURE, messages, print_json, print_line, print_pairs
from node.cli.remote import Consistency, Json
from node.client import Client
from node.histories.check import Report, check_history, describe_key
from node.histories.files import FORMAT, VERSION, Header, read_history, write_line
from node.histories.operation import Operation
from node.histories.progress import make_bar, show_time
from node.histories.recorder import Plan, Recorder
from node.histories.search import Verdict
from node.tasks import end

app = typer.Typer(
    no_args_is_help=True,
    help="What concurrent clients see: record it, and check that it is linearizable.",
)

READ_TIMEOUT_S = 10.0

Out = Annotated[Path, typer.Option(metavar="FILE", help="Where the history goes, as JSON lines.")]


CONCLUSIONS = {
    Verdict.LINEARIZABLE: "one register per key explains all that the clients saw",
    Verdict.VIOLATED: "no order of the operations explains what the clients saw",
    Verdict.UNDECIDED: "the search was given up: record fewer clients, or more keys",
}


@app.command("run")
@asynchronous
async def run(
    urls: Annotated[list[str], typer.Argument(metavar="URL…", help="The nodes' HTTP APIs.")],
    *,
    out: Out = Path("history.jsonl"),
    clients: Annotated[int, typer.Option(min=1, max=256, help="How many at once.")] = 6,
    seconds: Annotated[
        float, typer.Option("--for", metavar="SECONDS", min=1, help="How long they go on.")
    ] = 20.0,
    keys: Annotated[int, typer.Option(min=1, max=1_000, help="Registers they share.")] = 4,
    consistency: Annotated[
        Consistency, typer.Option(help="How they read; local reads may be stale.")
    ] = Consistency.LINEARIZABLE,
    seed: Annotated[int | None, typer.Option(help="What the clients do. Default: any.")] = None,
    json: Json = False,
) -> None:
    """Read and write records through all nodes at once, then check what was seen.

    Cut links and kill nodes meanwhile as you like, and mend them before the time is over: in the end
    every register is read once more. The exit status is 0 only if the history is linearizable.
    """
    plan = Plan(
        clients=clients,
        registers=keys,
        seconds=seconds,
        is_linearizable=consistency is Consistency.LINEARIZABLE,
        seed=random.randrange(2**32) if seed is None else seed,  # noqa: S311 - not a secret
    )
    operations, outcomes = await record(urls, plan, out, consistency.value)
    show(await asyncio.to_thread(check, operations), json=json, file=out, outcomes=outcomes)


async def record(
    urls: list[str], plan: Plan, out: Path, reads: str
) -> tuple[list[Operation], Counter[str]]:
    """Record into a file, with a bar; also what became of the operations, in words."""
    operations: list[Operation] = []
    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(Client(url, READ_TIMEOUT_S)) for url in urls]
        recorder = Recorder(clients, plan)
        await recorder.prepare()
        file = stack.enter_context(out.open("w", encoding="utf-8"))
        write_line(file, Header(FORMAT, VERSION, reads))

        def note(operation: Operation) -> None:
            operations.append(operation)
            write_line(file, operation)

        bar = stack.enter_context(make_bar(messages))
        showing = asyncio.create_task(
            show_time(bar, plan.seconds, lambda: f"{len(operations)} operations")
        )
        stack.push_async_callback(end, showing)
        with stop_on_signal(recorder.stop):
            await recorder.run(note)
    return operations, recorder.outcomes


@app.command("check")
def check_file(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A history.")],
    *,
    json: Json = False,
) -> None:
    """Say whether a recorded history is linearizable, and if not, which read could not have been.

    The exit status is 0 only if it is.
    """
    _, operations = read_history(file)
    show(check(operations), json=json, file=file, outcomes=Counter())


def check(operations: list[Operation]) -> Report:
    """Check a history, with a bar."""
    with make_bar(messages) as bar:
        total = len({one.key for one in operations})
        task = bar.add_task("check", total=total, note=f"{len(operations)} operations")
        return check_history(operations, on_register=lambda: bar.advance(task))


def show(report: Report, *, json: bool, file: Path, outcomes: Counter[str]) -> None:
    """Print a report, and end the command."""
    plain: dict[str, Any] = msgspec.to_builtins(report)
    witnesses = plain.pop("keys")
    facts = {"file": str(file), **plain, "outcomes": dict(sorted(outcomes.items()))}
    if json:
        print_json({**facts, "violations": witnesses})
    else:
        print_pairs(facts)
        for key in report.keys:
            for line in describe_key(key):
                print_line(line)
        print_line(CONCLUSIONS[report.verdict])
    raise typer.Exit(0 if report.verdict is Verdict.LINEARIZABLE else EXIT_FAILURE)
