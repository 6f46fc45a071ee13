"""`quorate explore`: every schedule of an agreement, one by one, until all are seen or one breaks it."""

import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from consensus import agreements
from consensus.agreement import Opened, Propose
from consensus.agreements import AgreementSpec
from consensus.committee import Committee
from consensus.exploration.asynchronous import Configuration, Liberties, World
from consensus.exploration.bounded import Bounded
from consensus.exploration.explorer import Exploration, Space
from consensus.exploration.explorer import explore as go_through
from consensus.exploration.giving_up import find_broken
from consensus.exploration.replaying import Replay
from consensus.exploration.table import Move, Table
from consensus.exploration.telling import tell_move
from node.cli.output import EXIT_FAILURE, messages, print_json, print_line, print_pairs
from node.cli.remote import Json, RequestError
from node.cli.simulate import refusing
from node.cli.simulate_campaign import EXIT_INTERRUPTED

CONFIGURATIONS_MAX = 100_000
SIZE_MAX = 9
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be explored."""

    spec: AgreementSpec
    inputs: tuple[int | None, ...]
    liberties: Liberties
    rounds_max: int | None

    @property
    def committee(self) -> Committee:
        """As many members as there are inputs, and the most faults that they stand."""
        size = len(self.inputs)
        return Committee.of(size, self.spec.default_faults(size))

    @property
    def openings(self) -> list[list[Any]]:
        """What participants take first."""
        proposals = ([] if bit is None else [Propose(bytes([bit]))] for bit in self.inputs)
        return [[Opened(), *proposal] for proposal in proposals]


def explore(
    agreement: Annotated[
        str, typer.Argument(help=f"One of: {', '.join(agreements.names())}.")
    ] = agreements.names()[0],
    *,
    inputs: Annotated[
        str, typer.Option(metavar="BIT,…", help="One for each member; `-` proposes nothing.")
    ] = "0,1,1",
    crashes: Annotated[int, typer.Option(min=0, help="So many members may crash.")] = 0,
    timers: Annotated[
        bool, typer.Option("--timers", help="Timers may run out at any time.")
    ] = False,
    rounds: Annotated[
        int | None,
        typer.Option(min=0, help="Nobody goes beyond this round or ballot. Default: no bound."),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, help="Stop after so many configurations.")
    ] = CONFIGURATIONS_MAX,
    depth_first: Annotated[
        bool, typer.Option("--depth-first", help="Go deep first: a violation may be a long one.")
    ] = False,
    json: Json = False,
) -> None:
    """Go through all configurations of an agreement that any order of events can lead to.

    Each is checked for agreement and validity; what breaks one is shown with a shortest schedule,
    which is replayed on fresh members. Status: 0 nothing is broken in what was seen, 1 a property
    was violated, 2 bad input, 130 after Ctrl-C.
    """
    with refusing():
        spec, bits = agreements.get(agreement), parse_inputs(inputs)
        question = Question(spec, bits, Liberties(crashes, timers), rounds)
        check_crashes(question)
    started_s = time.monotonic()
    world = make_world(question)
    try:
        seen = run(question, world, limit, depth_first=depth_first, is_shown=not json)
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_INTERRUPTED) from None
    report = make_report(question, world, seen, time.monotonic() - started_s)
    if json:
        print_json(report)
    else:
        tell(report)
    raise typer.Exit(EXIT_FAILURE if report["violation"] else 0)


def parse_inputs(text: str) -> tuple[int | None, ...]:
    """`0,1,-`; raises `RequestError`."""
    words = text.split(",")
    if not 1 <= len(words) <= SIZE_MAX or set(words) - {"0", "1", NOTHING}:
        raise RequestError(
            f"{text[:80]!r} are no inputs",
            reason="bad-inputs",
            advice=f"write 0, 1 or {NOTHING} for each of up to {SIZE_MAX} members, as in 0,1,1",
        )
    return tuple(None if word == NOTHING else int(word) for word in words)


def check_crashes(question: Question) -> None:
    """Raise `RequestError` if more may crash than there are."""
    if question.liberties.crashes > len(question.inputs):
        raise RequestError(
            f"{question.liberties.crashes} of {len(question.inputs)} members cannot crash",
            reason="too-many-crashes",
            advice="give more inputs, or a smaller --crashes",
        )


def make_world(question: Question) -> World:
    """With nothing seen yet."""
    return World(Table(question.committee), question.liberties, question.spec.is_stale)


def run(
    question: Question, world: World, limit: int, *, depth_first: bool, is_shown: bool
) -> Exploration:
    """Explore, and show how far it is."""
    committee = question.committee
    participants = [question.spec.create(me, committee) for me in committee.members]
    start = world.begin(participants, question.openings)
    space: Space = world
    if question.rounds_max is not None:
        space = Bounded(world, question.spec.find_round, question.rounds_max)
    proposed = tuple(bit for bit in question.inputs if bit is not None)
    values_max = question.spec.count_values(committee)

    def judge(configuration: Configuration) -> str | None:
        return min(find_broken(world, configuration, proposed, values_max), default=None)

    with make_bar(is_shown=is_shown) as bar:
        task = bar.add_task("configurations", total=None, pace=0.0)
        started_s = time.monotonic()

        def show(seen: Exploration) -> None:
            count = len(seen.configurations)
            pace = count / max(time.monotonic() - started_s, 1e-9)
            bar.update(task, completed=count, pace=pace)

        return go_through(
            space,
            [start],
            judge,
            configurations_max=limit,
            depth_first=depth_first,
            on_progress=show,
        )


def make_bar(*, is_shown: bool) -> Progress:
    """A count on standard error that goes away at the end; nobody knows the total."""
    return Progress(
        TextColumn("configurations {task.completed:,.0f}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[pace]:,.0f}/s"),
        console=messages,
        disable=not (is_shown and messages.is_terminal),
        transient=True,
    )


def make_report(
    question: Question, world: World, seen: Exploration, elapsed_s: float
) -> dict[str, Any]:
    """What was seen, for machines."""
    count = len(seen.configurations)
    words = {word for one in seen.configurations for word in list_words(world, one)}
    violation = None
    if seen.violation is not None:
        number, broken = seen.violation
        path = [world.table.moves[move] for move in seen.path(number)]
        said = replay(question, path)
        violation = {"property": broken, "schedule": list(map(tell_move, path)), "decided": said}
    return {
        "agreement": question.spec.name,
        "inputs": list(question.inputs),
        "closed": seen.is_closed,
        "configurations": count,
        "transitions": seen.transitions,
        "states": len(world.table.states),
        "steps": world.table.steps,
        "decided": sorted(words),
        "violation": violation,
        "elapsed_s": round(elapsed_s, 3),
        "per_second": round(count / max(elapsed_s, 1e-9)),
        "memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def list_words(world: World, configuration: Configuration) -> set[int]:
    """The bits that somebody has decided."""
    told = world.words(configuration)
    return {value[0] for words in told for _, values in words for value in values}


def replay(question: Question, path: Sequence[Move]) -> dict[str, int]:
    """Who decides what, when fresh members follow the schedule."""
    replayed = Replay(question.committee, question.spec.create)
    replayed.begin(question.openings)
    for move in path:
        replayed.play(move)
    return {str(me): word[0] for me, word in replayed.words().items()}


def tell(report: dict[str, Any]) -> None:
    """The same in words."""
    violation = report["violation"]
    extent = "closed: all that can be reached" if report["closed"] else "not closed"
    print_pairs(
        {
            "agreement": report["agreement"],
            "configurations": f"{report['configurations']:,} ({extent})",
            "transitions": f"{report['transitions']:,}",
            "local states": f"{report['states']:,}, {report['steps']:,} steps of them taken",
            "decided": ", ".join(map(str, report["decided"])) or "nothing",
            "pace": f"{report['per_second']:,} configurations/s",
            "memory": f"{report['memory_bytes'] / 2**20:,.0f} MiB",
            "violation": violation["property"] if violation else "none",
        }
    )
    if violation is not None:
        for line in violation["schedule"]:
            print_line(f"  {line}")
        print_line(f"replayed on fresh members: decided {violation['decided']}")
