"""`quorate flp`: the theorem of Fischer, Lynch and Paterson, shown on an agreement that nodes run."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from consensus.exploration.drawing.page import draw_page
from consensus.exploration.drawing.victim import Shown
from consensus.exploration.films import film_loss
from consensus.exploration.flp_report import (
    is_shown,
    is_weak_shown,
    list_losses,
    list_victims,
    show_loss,
    show_weak,
)
from consensus.exploration.showing import show_all
from node.cli.numbered import run_numbers
from node.cli.output import messages, print_json, print_line, say
from node.cli.remote import Json, RequestError
from node.cli.simulate import refusing
from node.cli.simulate_checks import check_output, choose_workers
from node.cli.simulate_options import Workers
from node.cli.simulate_single import write

LOOPS = 1_000
LOOPS_MAX = 1_000_000


def flp(
    *,
    victims: Annotated[
        list[str] | None,
        typer.Option(
            "--victim",
            metavar="NAME",
            help=f"One of {', '.join(list_victims())}; repeat it. Default: all.",
        ),
    ] = None,
    loops: Annotated[
        int, typer.Option(min=1, max=LOOPS_MAX, help="How often the replayer goes round.")
    ] = LOOPS,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw all of it into this page.")
    ] = None,
    workers: Workers = None,
    json: Json = False,
) -> None:
    """No deterministic agreement stands one crash for certain: find the run that never decides.

    Three members, one of which may crash. The victims are Ben-Or's agreement with its coins read from
    a tape, all of whose configurations are labelled with what can still be decided, and single-decree
    Paxos, around whose rivals' duel the search looks as it goes. Lemma 3 is checked for each bivalent
    configuration and each event; a fair run without a decision is played on fresh participants; then
    the adversary lets go, and then coins, or timers, are left to chance. Three straw men show what
    else can be given up. Status: 0 all of it was shown, 1 something was not, 2 bad input, 130 after
    Ctrl-C.
    """
    with refusing():
        names = list(dict.fromkeys(victims or list_victims()))
        check_victims(names)
        check_output(page)
        count = choose_workers(workers)
    ended = run_numbers(
        partial(show_numbered, tuple(names), loops),
        range(len(names)),
        count,
        "victims",
        is_shown=messages.is_terminal and not json,
        is_bad=lambda shown: not is_shown(shown.report),
        tell=tell_progress,
    )
    results = sorted(ended.results, key=lambda shown: names.index(shown.report["victim"]))
    reports = [shown.report for shown in results]
    losses = list_losses()
    straw_men, weak = list(map(show_loss, losses)), show_weak()
    if page is not None:
        films = list(map(film_loss, losses))
        with refusing():
            write(page, draw_page(results, list(zip(straw_men, films, strict=True)), weak))
    is_good = len(reports) == len(names) and all(map(is_shown, reports)) and is_weak_shown(weak)
    if json:
        print_json({"shown": is_good, "victims": reports, "straw_men": straw_men, "weak": weak})
    else:
        for report in reports:
            tell_victim(report)
        tell_straw_men(straw_men)
        tell_weak(weak)
        say(f"{sum(map(is_shown, reports))} of {len(names)} victims in {ended.elapsed_s:.1f} s")
    raise typer.Exit(ended.status(is_good=is_good))


def tell_progress(shown: Shown) -> str:
    """One line of what was found, while others are still looked for."""
    report = shown.report
    return (
        f"{report['victim']}: {report['bivalent']:,} of {report['configurations']:,} configurations "
        f"bivalent, lemma 3 for {report['lemma']['pairs']:,} pairs"
    )


def show_numbered(names: Sequence[str], loops: int, number: int) -> Shown:
    """One victim; worker processes know this function by its name."""
    return show_all(names[number], loops)


def check_victims(names: Sequence[str]) -> None:
    """Raise `RequestError` for a victim that is none of ours."""
    for name in names:
        if name not in list_victims():
            raise RequestError(
                f"no victim {name[:80]!r}",
                reason="unknown-victim",
                advice=f"choose among {', '.join(list_victims())}",
            )


def tell_victim(report: dict[str, Any]) -> None:
    """What was found, in the order of the proof."""
    print_line(f"{report['words']}; n = {report['nodes']}, f = {report['faults']}")
    extent = "closed" if report["closed"] else "cut short"
    if not report["surveyed"]:
        extent = "around the adversary's way"
    print_line(
        f"  configurations  {report['configurations']:,} ({extent}), "
        f"{report['transitions']:,} steps, {report['bivalent']:,} bivalent"
    )
    for one in report["inputs"]:
        bits = "".join(map(str, one["inputs"]))
        ways = ", ".join(f"{word} in {len(way)} steps" for word, way in one["witnesses"].items())
        valence = "bivalent" if len(one["witnesses"]) > 1 else "univalent in this space"
        print_line(f"  inputs {bits}      {valence}: {ways}")
    lemma = report["lemma"]
    longest = max(lemma["lengths"], default=0)
    print_line(
        f"  lemma 3         {lemma['pairs']:,} pairs of a bivalent configuration and an event, "
        f"{lemma['exceptions']} exceptions, at most {longest} steps before the event"
    )
    if (walk := report["adversary"]) is not None:
        told = "stuck" if walk["stuck"] else f"from stage {walk['repeats']} on it repeats itself"
        print_line(
            f"  adversary       {walk['stages']} stages, {walk['events']} events, everybody served "
            f"in turn, both words open throughout; {told}"
        )
    if report["lasso"] is None:
        print_line("  lasso           none found")
    else:
        tell_lasso(report["lasso"])


def tell_lasso(lasso: dict[str, Any]) -> None:
    """The run that never decides, and what ends it."""
    bits = "".join(map(str, lasso["inputs"]))
    print_line(f"  lasso           from {bits}, {len(lasso['prefix'])} steps, then for ever:")
    for move in lasso["loop"]:
        print_line(f"                    {move}")
    print_line(
        f"  replayed        {lasso['loops']:,} loops, {lasso['events']:,} events, round "
        f"{lasso['round']:,}, nobody has decided; no message waited longer than "
        f"{lasso['age_max']} events, {lasso['stale']:,} arrived too late to count"
    )
    after = lasso["released_after"]
    ended = "still no decision" if after is None else f"all decided {after} events later"
    print_line(f"  released        {ended}, oldest message first")
    chance = lasso["chance"]
    print_line(
        f"  real {chance['of']:<10} {chance['decided']} of {chance['runs']} runs decided, "
        f"at most {chance['events_max']} events"
    )


def tell_straw_men(losses: Sequence[dict[str, Any]]) -> None:
    """One line each."""
    for loss in losses:
        bits = "".join(map(str, loss["inputs"]))
        how = f"{len(loss['schedule'])} steps"
        if loss["silent"] is not None:
            how = f"participant {loss['silent']} silent, the others wait for ever"
        print_line(f"{loss['name']:<16}  loses {loss['loses']}: inputs {bits}, {how}")


def tell_weak(weak: dict[str, Any]) -> None:
    """One line."""
    print_line(
        f"{weak['agreement']:<16}  k = {weak['k']}: everybody decides in every run, at most "
        f"{weak['values_max']} values ({weak['configurations']:,} configurations, {weak['ends']:,} "
        f"ends, {weak['undecided']} of them undecided)"
    )
