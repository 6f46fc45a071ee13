"""All that the theorem's demonstration says, as plain values for people, machines and other processes."""

from dataclasses import asdict
from typing import Any

from consensus.exploration.flp import (
    FAULTS,
    SIZE,
    VICTIMS,
    Finding,
    Inputs,
    Victim,
    confirm,
    require,
    restore_chance,
    unshift,
)
from consensus.exploration.giving_up import STRAW_MEN, Loss, find_ends, find_losses
from consensus.exploration.staging import Walk
from consensus.exploration.telling import tell_move

CHANCE_SEEDS = 100
WEAK, WEAK_VALUES = "k-set", 2


def make_report(victim: Victim, finding: Finding, loops: int) -> dict[str, Any]:
    """What was found; raises `ReplayError` if anything of it cannot be replayed."""
    return {
        "victim": victim.name,
        "words": victim.words,
        "nodes": SIZE,
        "faults": FAULTS,
        "configurations": finding.configurations,
        "transitions": finding.transitions,
        "surveyed": victim.is_surveyed,
        "closed": finding.is_closed,
        "bivalent": finding.bivalent,
        "inputs": [show_inputs(victim, finding, inputs) for inputs in finding.ways],
        "lemma": {
            "pairs": finding.lemma.pairs,
            "exceptions": len(finding.lemma.exceptions),
            "lengths": dict(finding.lemma.lengths),
        },
        "adversary": show_walk(finding.walk) if finding.walk else None,
        "lasso": show_lasso(victim, finding, loops) if finding.lasso else None,
    }


def show_inputs(victim: Victim, finding: Finding, inputs: Inputs) -> dict[str, Any]:
    """One initial configuration: what can be decided, and a replayed schedule for each word."""
    words = sorted(finding.ways[inputs])
    witnesses = {str(word[0]): replay_witness(victim, finding, inputs, word) for word in words}
    return {"inputs": list(inputs), "witnesses": witnesses}


def replay_witness(victim: Victim, finding: Finding, inputs: Inputs, word: bytes) -> list[str]:
    """The schedule in words; raises `ReplayError` if fresh participants do not decide `word` by it."""
    moves = unshift(victim, finding, finding.ways[inputs][word])
    replay = victim.make_replay(inputs)
    for move in moves:
        replay.play(move)
    require(word in replay.words().values(), "a witness does not decide its word")
    return list(map(tell_move, moves))


def show_walk(walk: Walk) -> dict[str, Any]:
    """What the adversary did until everything came back; from `repeats` on it goes round for ever."""
    return {
        "stages": len(walk.stages),
        "events": len(walk.moves),
        "repeats": walk.repeats,
        "stuck": walk.is_stuck,
    }


def show_lasso(victim: Victim, finding: Finding, loops: int) -> dict[str, Any]:
    """The run without a decision, what the replayer says of it, and how it can be ended."""
    lasso, inputs = finding.lasso, finding.lasso_inputs
    assert lasso is not None
    assert inputs is not None
    moves = list(map(tell_move, unshift(victim, finding, (*lasso.prefix, *lasso.loop))))
    confirmed = confirm(victim, finding, loops)
    runs = [restore_chance(victim, inputs, seed) for seed in range(CHANCE_SEEDS)]
    ended = [events for events in runs if events is not None]
    return {
        "inputs": list(inputs),
        "prefix": moves[: len(lasso.prefix)],
        "loop": moves[len(lasso.prefix) :],
        "rounds_per_loop": lasso.gain,
        "loops": confirmed.loops,
        "events": confirmed.events,
        "round": confirmed.rounds,
        "age_max": confirmed.age_max,
        "stale": confirmed.stale,
        "released_after": confirmed.released_after,
        "chance": {
            "of": "timers" if victim.tape is None else "coins",
            "runs": len(runs),
            "decided": len(ended),
            "events_max": max(ended, default=0),
        },
    }


def is_shown(report: dict[str, Any]) -> bool:
    """Does this victim show the theorem."""
    lasso, lemma, adversary = report["lasso"], report["lemma"], report["adversary"]
    has_bivalent_start = any(len(one["witnesses"]) > 1 for one in report["inputs"])
    if not (has_bivalent_start and lasso) or lemma["exceptions"] or adversary["stuck"]:
        return False
    if report["surveyed"] and not report["closed"]:
        return False
    chance = lasso["chance"]
    return lasso["released_after"] is not None and chance["decided"] == chance["runs"]


def list_losses() -> list[Loss]:
    """What each straw man gives up."""
    return [loss for name in STRAW_MEN for loss in find_losses(name)]


def show_loss(loss: Loss) -> dict[str, Any]:
    """One property, and the schedule that breaks it."""
    return {
        "name": loss.straw_man,
        "loses": loss.lost,
        "inputs": list(loss.inputs),
        "schedule": list(map(tell_move, loss.schedule)),
        "silent": loss.silent,
    }


def show_weak() -> dict[str, Any]:
    """What is possible without a clock or a coin: k-set agreement, k = 2, in every run."""
    return asdict(find_ends(WEAK)) | {"nodes": SIZE, "faults": FAULTS, "k": WEAK_VALUES}


def is_weak_shown(report: dict[str, Any]) -> bool:
    """Does everybody decide in every run, and never more values than k."""
    return report["is_finite"] and not report["undecided"] and report["values_max"] <= report["k"]


def list_victims() -> tuple[str, ...]:
    """All victims, by name."""
    return tuple(VICTIMS)
