"""A single run: told, written down, drawn, made smaller."""

import shlex
import time
from pathlib import Path

from consensus.simulation.diagram import draw_diagram
from consensus.simulation.request import Request
from consensus.simulation.scenario import play
from consensus.simulation.schedule import check_words, load
from consensus.simulation.trace_file import read_trace
from node.cli.output import EXIT_FAILURE, messages, print_line, say
from node.cli.simulate_campaign import Ending, report
from node.cli.simulate_checks import Single as Options
from node.cli.simulate_checks import check_folder, check_output, read_text
from node.simulation.campaign import Campaign
from node.simulation.replay import tell_replay
from node.simulation.seeds import parse_seeds
from node.simulation.shrinking import make_smaller
from node.simulation.single import Single, read_seed, run_schedule, run_single


def do_single(request: Request, options: Options, *, json: bool) -> int:
    """Do what is asked of one run; the exit status.

    Raises `NodeError`, `ConsensusError` or `OSError` for what cannot be read, drawn or written.
    """
    for path in (options.trace_file, options.diagram):
        check_output(path)
    check_folder(options.out)
    if options.scenario is not None:
        return play_scenario(options.scenario, is_rewritten=options.rewrite)
    if options.read_trace is not None:
        assert options.diagram is not None
        header, entries = read_trace(read_text(options.read_trace))
        write(options.diagram, draw_diagram(header, entries, window=options.window))
        return 0
    started_s = time.monotonic()
    command, single = run(request, options)
    elapsed_s = time.monotonic() - started_s
    write_down(single, options)
    seed = single.outcome.seed
    campaign = Campaign(single.describe(request), range(seed, seed + 1), command)
    campaign.add(single.outcome)
    report(Ending(campaign, elapsed_s), json=json, is_aside=options.prints_trace)
    if options.out is not None:
        make_small(single, options.out)
    return EXIT_FAILURE if single.outcome.violation else 0


def run(request: Request, options: Options) -> tuple[str, Single]:
    """The run that is asked for, and the command that shows it again."""
    if options.schedule is None:
        seed = options.seed or 0
        parse_seeds(str(seed))
        command = tell_replay(request, seed)
        return command, run_single(request, seed, command)
    stored = load(read_text(options.schedule))
    check_words(stored.schedule)
    command = shlex.join(["quorate", "simulate", "--schedule", str(options.schedule), "--trace"])
    single = run_schedule(stored.schedule, read_seed(stored.schedule), command)
    if stored.digest not in {"", single.outcome.digest}:
        say("this is not the run that was stored: another version, or the file was changed")
    return command, single


def play_scenario(path: Path, *, is_rewritten: bool) -> int:
    """Play a scenario file; 0 if the file told what happens, or does so from now on."""
    text = read_text(path)
    played = play(text)
    if is_rewritten:
        write(path, played)
        return 0
    print_line(played.rstrip("\n"))
    if played == text:
        return 0
    say(f"{path} tells something else; --rewrite replaces it by what is printed here")
    return EXIT_FAILURE


def write_down(single: Single, options: Options) -> None:
    """Trace and diagram, wherever they are wanted."""
    if options.prints_trace:
        print_line(single.to_text().rstrip("\n"))
    if options.trace_file is not None:
        write(options.trace_file, single.to_text())
    if options.diagram is not None:
        write(options.diagram, single.draw(options.window))


def make_small(single: Single, folder: Path) -> None:
    """Shrink a failing run into the folder, with a line that moves on a terminal."""
    with messages.status("making it smaller") as line:
        smaller = make_smaller(
            single,
            lambda attempts, left: line.update(f"{attempts} runs, {left} actions left"),
        )
    paths = smaller.write(folder)
    say(f"{smaller.describe()}: {' and '.join(map(str, paths))}")
    say("  " + shlex.join(["quorate", "simulate", "--schedule", str(paths[0]), "--trace"]))


def write(path: Path, text: str) -> None:
    """Write a file and say so."""
    path.write_text(text, encoding="utf-8")
    say(f"wrote {path}")
