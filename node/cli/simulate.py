"""`quorate simulate`: an engine under faults drawn from seeds, many of them or one."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from consensus import catalog
from consensus.errors import ConsensusError
from consensus.simulation.request import Request
from consensus.simulation.run import check_request
from node.cli import simulate_checks as checks
from node.cli import simulate_options as options
from node.cli.output import describe_error, messages
from node.cli.remote import Json
from node.cli.simulate_campaign import open_pool, play, report
from node.cli.simulate_single import do_single
from node.errors import NodeError
from node.simulation.campaign import Campaign
from node.simulation.seeds import parse_seeds

EXIT_BAD_INPUT = 2
SEEDS = "0:100"
PLAIN = Request(engine=catalog.DEFAULT)


def simulate(
    *,
    engine: options.Engine = PLAIN.engine,
    nodes: options.Nodes = PLAIN.nodes,
    f: options.Assumed = None,
    timing: options.TimingName = PLAIN.timing.value,
    faults: options.Faults = "",
    faulty: options.Faulty = None,
    beyond_bound: options.Beyond = False,
    application: options.Application = PLAIN.application,
    duration: options.Duration = PLAIN.duration_ms / 1_000,
    parameters: options.Parameters = None,
    seeds: options.Seeds = None,
    workers: options.Workers = None,
    dask: options.Dask = None,
    probes_min: options.ProbesMin = 0,
    seed: options.Seed = None,
    schedule: options.Stored = None,
    read_trace: options.ReadTrace = None,
    scenario: options.Scenario = None,
    rewrite: options.Rewrite = False,
    trace: options.Trace = False,
    trace_file: options.TraceFile = None,
    diagram: options.Diagram = None,
    from_ms: options.FromMs = None,
    to_ms: options.ToMs = None,
    shrink: options.Shrink = False,
    out: options.Out = None,
    json: Json = False,
) -> None:
    """Run an engine in a virtual time, under faults that follow from a seed, and check it.

    A campaign runs many seeds on all cores, or on a Dask cluster; a single --seed can be traced,
    drawn and shrunk. Status: 0 all is well, 1 a property was violated (the command that shows it
    again is printed), 2 bad input, 130 after Ctrl-C, with the account of what was done so far.
    """
    one = checks.Single(
        seed=seed, schedule=schedule, read_trace=read_trace, scenario=scenario, rewrite=rewrite,
        trace=trace, trace_file=trace_file, diagram=diagram, from_ms=from_ms, to_ms=to_ms,
        shrink=shrink, out=out,
    )  # fmt: skip
    with refusing():
        checks.check_flags(one, seeds=seeds, workers=workers, dask=dask, json=json)
        request = Request(
            engine=engine, nodes=nodes, f=f, timing=checks.parse_timing(timing),
            faults=checks.parse_faults(faults), faulty=faulty, beyond_bound=beyond_bound,
            application=application, duration_ms=checks.parse_duration_ms(duration),
            parameters=checks.parse_parameters(parameters or []),
        )  # fmt: skip
        check_request(request)
        if one.is_wanted:
            raise typer.Exit(do_single(request, one, json=json))
        wanted = parse_seeds(SEEDS if seeds is None else seeds)
        pool = open_pool(dask, checks.choose_workers(workers), len(wanted))
    ending = play(Campaign(request, wanted), pool, is_shown=messages.is_terminal and not json)
    report(ending, json=json, probes_min=max(1, probes_min))
    raise typer.Exit(ending.status(probes_min))


@contextmanager
def refusing() -> Iterator[None]:
    """What was asked cannot be done: a clear message, and status 2."""
    try:
        yield
    except (NodeError, ConsensusError) as error:
        messages.file.write(describe_error(error) + "\n")
        raise typer.Exit(EXIT_BAD_INPUT) from None
    except OSError as error:
        messages.file.write(f"quorate: {error} [os-error]\n")
        raise typer.Exit(EXIT_BAD_INPUT) from None
