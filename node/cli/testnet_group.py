"""`quorate testnet`: networks of processes on this machine."""

import asyncio
import signal
import time

import msgspec
import typer

from node.cli import testnet_committee, testnet_links
from node.cli.asynchronous import asynchronous, stop_on_signal
from node.cli.output import (
    EXIT_FAILURE,
    answers,
    messages,
    print_json,
    print_line,
    print_pairs,
    say,
)
from node.cli.testnet_logs import logs
from node.cli.testnet_manifest import (
    Check,
    ManifestFile,
    PlayOptions,
    Report,
    check_no_manifest,
    play_file,
    schema,
)
from node.cli.testnet_options import (
    DEFAULT_LOAD,
    BasePort,
    Engine,
    Followers,
    For,
    FreshHome,
    FreshLoad,
    Home,
    Indices,
    Json,
    Load,
    LogLevel,
    Miners,
    Monitor,
    MonitorPort,
    Nodes,
    Parameters,
    choose_fresh_home,
    choose_home,
    choose_monitor,
    open_or_create,
)
from node.testnet.feed import feed_network
from node.testnet.link_control import ask_links, describe_links
from node.testnet.network import Network, open_network
from node.testnet.reports import NodeReport, Reporter
from node.testnet.run import Run, RunOptions
from node.testnet.supervisor import Supervisor
from node.testnet.switchboard import LinkState
from node.testnet.table import make_table
from node.testnet.verdict import Verdict

app = typer.Typer(
    no_args_is_help=True, help="Networks of processes on this machine, for trying things out."
)
testnet_links.add_commands(app)
testnet_committee.add_commands(app)
app.command("logs")(logs)
app.command("schema")(schema)


def open_supervisor(home: Home) -> Supervisor:
    """The processes of the network in `home`."""
    return Supervisor(open_network(choose_home(home)))


async def show_status(supervisor: Supervisor, *, json: bool) -> None:
    """Print what all nodes say."""
    network = supervisor.network
    async with Reporter(supervisor) as reporter:
        reports, links = await asyncio.gather(reporter.ask(), ask_links(network))
    if json:
        print_json(describe_network(network, reports, links, supervisor.monitor.url))
    else:
        answers.print(make_table(reports))
        if line := describe_links(network, links):
            print_line(line)
        if url := supervisor.monitor.url:
            print_line(f"Prometheus: {url}")
        print_line(f"home: {network.home}")


def describe_network(
    network: Network, reports: list[NodeReport], links: LinkState | None, monitor: str | None
) -> dict[str, object]:
    """The network, its nodes, its links and its Prometheus (null where there is none)."""
    return {
        "home": str(network.home),
        "engine": network.plan.engine,
        "faucet": str(network.faucet_path),
        "genesis": str(network.genesis_path),
        "nodes": [report.to_plain() for report in reports],
        "links": None if links is None else msgspec.structs.asdict(links),
        "monitor": monitor,
    }


@app.command("create")
def create(
    *,
    home: Home = None,
    engine: Engine = None,
    nodes: Nodes = None,
    followers: Followers = None,
    base_port: BasePort = None,
    parameters: Parameters = None,
    miners: Miners = None,
    json: Json = False,
) -> None:
    """Make a network's folder and start nothing; an existing network is left as it is."""
    network = open_or_create(
        choose_home(home),
        engine=engine,
        nodes=nodes,
        followers=followers,
        base_port=base_port,
        parameters=parameters,
        miners=miners,
    )
    if json:
        print_json(
            {"home": str(network.home), "nodes": [str(member.home) for member in network.members]}
        )
    else:
        print_line(str(network.home))


@app.command("run")
@asynchronous
async def run(
    manifest: ManifestFile = None,
    *,
    engine: Engine = None,
    nodes: Nodes = None,
    followers: Followers = None,
    home: FreshHome = None,
    load: FreshLoad = None,
    seconds: For = None,
    json: Json = False,
    base_port: BasePort = None,
    parameters: Parameters = None,
    miners: Miners = None,
    log_level: LogLevel = None,
    report: Report = None,
    check: Check = False,
    monitor: Monitor = False,
    monitor_port: MonitorPort = None,
) -> None:
    """Run a network in the foreground with a light demo load, until Ctrl-C or for SECONDS.

    With a FILE everything comes from there: network, load, what is done to it when, and what is
    expected; examples stand in scripts/manifests.

    With --json the last line on standard output is one JSON object. The exit status is 0 only if
    all nodes hold the same final block at the same height, nothing accepted was lost, and with a
    FILE all that was expected came true.
    """
    watching = choose_monitor(monitor, monitor_port)
    if manifest is not None:
        said = (engine, nodes, followers, load, seconds, parameters, miners)
        options = PlayOptions(
            choose_fresh_home(home), base_port, log_level, watching, report, json, check
        )
        await play_file(manifest, options, is_said_twice=any(one is not None for one in said))
        return
    check_no_manifest(report, is_checking=check)
    network = open_or_create(
        choose_fresh_home(home),
        engine=engine,
        nodes=nodes,
        followers=followers,
        base_port=base_port,
        parameters=parameters,
        miners=miners,
    )
    rate = DEFAULT_LOAD if load is None else load
    running = Run(network, RunOptions(rate, seconds, log_level, watching), messages)
    with stop_on_signal(running.stop):
        verdict = await running.run()
    if verdict is not None:
        print_json(verdict.to_plain()) if json else print_verdict(verdict, network)
    raise typer.Exit(0 if verdict is not None and verdict.is_good else EXIT_FAILURE)


def print_verdict(verdict: Verdict, network: Network) -> None:
    """The account of a run for people."""
    pairs = {name: value for name, value in verdict.to_plain().items() if name != "forks"}
    print_pairs({**pairs, "home": network.home})


@app.command("start")
@asynchronous
async def start(
    *,
    engine: Engine = None,
    nodes: Nodes = None,
    followers: Followers = None,
    home: Home = None,
    load: Load = 0.0,
    seconds: For = None,
    json: Json = False,
    base_port: BasePort = None,
    parameters: Parameters = None,
    miners: Miners = None,
    log_level: LogLevel = None,
    monitor: Monitor = False,
    monitor_port: MonitorPort = None,
) -> None:
    """Start a network in the background, or those of its nodes that do not run.

    With --load a further process sends demo transactions, for SECONDS if --for is given.
    """
    watching = choose_monitor(monitor, monitor_port)
    network = open_or_create(
        choose_home(home),
        engine=engine,
        nodes=nodes,
        followers=followers,
        base_port=base_port,
        parameters=parameters,
        miners=miners,
    )
    supervisor = Supervisor(network, log_level)
    supervisor.start()
    if watching is not None:
        supervisor.monitor.start(watching)
        say(f"Prometheus watches: {await supervisor.monitor.wait_ready()}")
    await supervisor.wait_ready()
    if load:
        supervisor.start_feeder(load, seconds)
    await show_status(supervisor, json=json)


@app.command("stop")
@asynchronous
async def stop(home: Home = None) -> None:
    """Stop all nodes and the demo load: SIGTERM, a bounded wait, then SIGKILL."""
    supervisor = open_supervisor(home)
    await supervisor.stop_feeder()
    running = len(supervisor.processes())
    stubborn = await supervisor.stop()
    say(f"stopped {running} nodes" + (f", {stubborn} by force" if stubborn else ""))


@app.command("feed", hidden=True)
@asynchronous
async def feed(*, home: Home = None, load: Load = DEFAULT_LOAD, seconds: For = None) -> None:
    """Send demo transactions to a running network: what `start --load` leaves behind."""
    stopping = asyncio.Event()
    with stop_on_signal(stopping.set):
        await feed_network(open_network(choose_home(home)), load, seconds, stopping)


@app.command("status")
@asynchronous
async def status(home: Home = None, *, json: Json = False) -> None:
    """Say how every node stands: url, state, head, final height, peers, view."""
    await show_status(open_supervisor(home), json=json)


@app.command("kill")
@asynchronous
async def kill(indices: Indices, home: Home = None) -> None:
    """Kill nodes with SIGKILL, as a power cut would; several at once."""
    supervisor = open_supervisor(home)
    supervisor.members(indices)
    await supervisor.kill(indices)
    say(f"killed: {join(indices)}")


@app.command("pause")
def pause(indices: Indices, home: Home = None) -> None:
    """Pause nodes with SIGSTOP: they keep their sockets and say nothing."""
    open_supervisor(home).signal(indices, signal.SIGSTOP)
    say(f"paused: {join(indices)}")


@app.command("resume")
def resume(indices: Indices, home: Home = None) -> None:
    """Let paused nodes go on."""
    open_supervisor(home).signal(indices, signal.SIGCONT)
    say(f"resumed: {join(indices)}")


@app.command("restart")
@asynchronous
async def restart(indices: Indices, home: Home = None, *, log_level: LogLevel = None) -> None:
    """End nodes if they run and start them again; returns when they are ready."""
    started = time.monotonic()
    await Supervisor(open_network(choose_home(home)), log_level).restart(indices)
    say(f"ready after {time.monotonic() - started:.1f} s: {join(indices)}")


def join(indices: list[int]) -> str:
    """Numbers for people."""
    return ", ".join(f"node {index}" for index in sorted(set(indices)))
