"""What `quorate explore` can be told."""

from pathlib import Path
from typing import Annotated

import typer

from consensus import agreements, synchronous
from consensus.exploration import engines

Agreement = Annotated[
    str,
    typer.Argument(help=f"One of: {', '.join((*agreements.names(), *synchronous.names()))}."),
]
Engine = Annotated[
    str | None,
    typer.Option(help=f"Instead of an agreement. One of: {', '.join(engines.names())}."),
]
Inputs = Annotated[
    str,
    typer.Option(
        metavar="BIT,…", help="An agreement's, one for each member; `-` proposes nothing."
    ),
]
Nodes = Annotated[
    int,
    typer.Option(min=1, max=9, help="Replicas of an engine; members, where there are rounds."),
]
Twins = Annotated[
    int, typer.Option(min=0, help="So many of an engine's first leaders have a second half.")
]
Crashes = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="So many members may crash. Default: none, and one where there are rounds. "
        "On a lasting network a crash is nothing but silence.",
    ),
]
Restarts = Annotated[int, typer.Option(min=0, help="So often each may come back with its journal.")]
Timers = Annotated[bool, typer.Option("--timers", help="Timers may run out at any time.")]
Rounds = Annotated[
    int | None,
    typer.Option(min=0, help="Nobody goes beyond this round, ballot or view."),
]
Lasting = Annotated[
    bool,
    typer.Option("--lasting", help="What was said may arrive again and again, or never."),
]
Limit = Annotated[int, typer.Option(min=1, help="Stop after so many configurations.")]
Depth = Annotated[int | None, typer.Option(min=1, help="Follow so many moves only.")]
Memory = Annotated[int | None, typer.Option(metavar="MIB", min=1, help="Use no more.")]
DepthFirst = Annotated[
    bool, typer.Option("--depth-first", help="Go deep first; a violation is shortened then.")
]
Fusing = Annotated[bool, typer.Option(help="Partial-order reduction, on a lasting network.")]
Symmetry = Annotated[bool, typer.Option(help="Symmetry reduction, on a lasting network.")]
Scenario = Annotated[
    Path | None,
    typer.Option(help="Write an engine's violation here, as a scenario for the simulator."),
]
