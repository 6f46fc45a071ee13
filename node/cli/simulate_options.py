"""The options of `quorate simulate`."""

from pathlib import Path
from typing import Annotated

import typer

from consensus import catalog
from consensus.simulation.features import GROUPS
from consensus.simulation.request import WorldKind

CAMPAIGN = "Campaign"
ONE_SEED = "One run"

Engine = Annotated[str, typer.Option(help=f"One of: {', '.join(catalog.names())}.")]
Nodes = Annotated[int, typer.Option(help="Replicas; 0 draws their number from the seed.")]
Faults = Annotated[
    str,
    typer.Option(
        metavar="NAME,…",
        help=f"Only these faults, each a feature or one of: {', '.join(GROUPS)}. Default: all.",
    ),
]
TimingName = Annotated[
    str, typer.Option(help=f"One of: {', '.join(timing.value for timing in WorldKind)}.")
]
Assumed = Annotated[
    int | None,
    typer.Option("--f", help="Faults that are assumed. Default: the most that the engine stands."),
]
Faulty = Annotated[
    int | None, typer.Option(help="Byzantine replicas. Default: by the seed, at most f.")
]
Beyond = Annotated[
    bool, typer.Option("--beyond-bound", help="Allow what the engine's theorem rules out.")
]
Application = Annotated[
    str, typer.Option(help="What is ordered: `bare` payloads, or the real `ledger`.")
]
Duration = Annotated[
    float, typer.Option(metavar="SECONDS", help="The longest chaos, in virtual time.")
]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter", metavar="NAME=NUMBER", help="Fix a parameter of the engine; repeat it."
    ),
]
Seeds = Annotated[
    str | None,
    typer.Option(
        metavar="FIRST:END",
        help="These seeds, END left out. Default: 0:100.",
        rich_help_panel=CAMPAIGN,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        help="Processes; 1 stays in this one. Default: one for each core.",
        rich_help_panel=CAMPAIGN,
    ),
]
Dask = Annotated[
    str | None,
    typer.Option(
        metavar="tcp://HOST:PORT",
        help="Run on the Dask cluster of this scheduler (extra `dask`).",
        rich_help_panel=CAMPAIGN,
    ),
]
ProbesMin = Annotated[
    int,
    typer.Option(
        min=0,
        metavar="N",
        help="Fail if a situation that this campaign should meet was met less often.",
        rich_help_panel=CAMPAIGN,
    ),
]
Seed = Annotated[
    int | None, typer.Option(metavar="N", help="This seed alone.", rich_help_panel=ONE_SEED)
]
Stored = Annotated[
    Path | None,
    typer.Option(
        "--schedule", metavar="FILE", help="Play a stored schedule.", rich_help_panel=ONE_SEED
    ),
]
ReadTrace = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Draw a trace of before.", rich_help_panel=ONE_SEED),
]
Scenario = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE", help="Play a scenario file, and print it.", rich_help_panel=ONE_SEED
    ),
]
Rewrite = Annotated[
    bool,
    typer.Option(
        "--rewrite", help="Replace the scenario file by what was played.", rich_help_panel=ONE_SEED
    ),
]
Trace = Annotated[
    bool,
    typer.Option(
        "--trace",
        help="Print what happened, or write it to --trace-file.",
        rich_help_panel=ONE_SEED,
    ),
]
TraceFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write what happened.", rich_help_panel=ONE_SEED),
]
Diagram = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.html", help="Draw what happened as a page.", rich_help_panel=ONE_SEED
    ),
]
FromMs = Annotated[
    int | None,
    typer.Option(min=0, help="Begin of the diagram, virtual.", rich_help_panel=ONE_SEED),
]
ToMs = Annotated[
    int | None, typer.Option(min=0, help="End of the diagram, virtual.", rich_help_panel=ONE_SEED)
]
Shrink = Annotated[
    bool,
    typer.Option(
        "--shrink", help="Make the smallest schedule that fails.", rich_help_panel=ONE_SEED
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER", help="Where --shrink writes its two files.", rich_help_panel=ONE_SEED
    ),
]
