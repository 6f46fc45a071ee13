"""All that the theorem's demonstration says, as plain values for people, machines and other processes."""

from typing import Any

from consensus.committee import ReplicaId
from consensus.events import Tag
from consensus.exploration.flp import (
    FAULTS,
    SIZE,
    TAPES,
    Finding,
    Inputs,
    Victim,
    confirm,
    examine,
    require,
    restore_coins,
    unshift,
)
from consensus.exploration.giving_up import STRAW_MEN, Loss, find_losses
from consensus.exploration.local import Tape
from consensus.exploration.telling import tell_move
from consensus.message import compute_digest

COIN_SEEDS = 100


def show_victim(tape: str, loops: int) -> dict[str, Any]:
    """Everything about Ben-Or's agreement with its coins on this tape."""
    victim = Victim(tape)
    finding = examine(victim)
    seen = finding.seen
    return {
        "tape": tape,
        "nodes": SIZE,
        "faults": FAULTS,
        "configurations": len(seen.configurations),
        "transitions": sum(map(len, seen.edges)),
        "closed": seen.is_closed,
        "bivalent": finding.bivalent,
        "inputs": [show_inputs(victim, finding, inputs) for inputs in finding.valences],
        "lemma": {
            "pairs": finding.lemma.pairs,
            "exceptions": len(finding.lemma.exceptions),
            "lengths": dict(finding.lemma.lengths),
        },
        "lasso": show_lasso(victim, finding, loops) if finding.lasso else None,
    }


def show_inputs(victim: Victim, finding: Finding, inputs: Inputs) -> dict[str, Any]:
    """One initial configuration: what can be decided, and a replayed schedule for each word."""
    words = sorted(finding.valences[inputs])
    witnesses = {str(word[0]): replay_witness(victim, finding, inputs, word) for word in words}
    return {"inputs": list(inputs), "witnesses": witnesses}


def replay_witness(victim: Victim, finding: Finding, inputs: Inputs, word: bytes) -> list[str]:
    """The schedule in words; raises `ReplayError` if fresh participants do not decide `word` by it."""
    schedule = finding.seen.witness(finding.starts[inputs], word)
    replay = victim.make_replay(inputs)
    moves = unshift(victim, finding, schedule)
    for move in moves:
        replay.play(move)
    require(word in replay.words().values(), "a witness does not decide its word")
    return list(map(tell_move, moves))


def show_lasso(victim: Victim, finding: Finding, loops: int) -> dict[str, Any]:
    """The run without a decision, what the replayer says of it, and how it can be ended."""
    lasso, inputs = finding.lasso, finding.lasso_inputs
    assert lasso is not None
    assert inputs is not None
    moves = list(map(tell_move, unshift(victim, finding, (*lasso.prefix, *lasso.loop))))
    confirmed = confirm(victim, finding, loops)
    coins = [restore_coins(victim, inputs, make_coin(seed)) for seed in range(COIN_SEEDS)]
    ended = [events for events in coins if events is not None]
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
        "coins": {"runs": len(coins), "decided": len(ended), "events_max": max(ended, default=0)},
    }


def make_coin(seed: int) -> Tape:
    """Coins drawn from a seed: as good as fair, and the same in every process."""

    def toss(me: ReplicaId, tag: Tag) -> int:
        return compute_digest(f"{seed}/{me}/{tag}".encode())[0] & 1

    return toss


def is_shown(report: dict[str, Any]) -> bool:
    """Does this victim show the theorem."""
    lasso, lemma = report["lasso"], report["lemma"]
    has_bivalent_start = any(len(one["witnesses"]) > 1 for one in report["inputs"])
    if not (report["closed"] and has_bivalent_start and lasso) or lemma["exceptions"]:
        return False
    coins = lasso["coins"]
    return lasso["released_after"] is not None and coins["decided"] == coins["runs"]


def show_straw_men() -> list[dict[str, Any]]:
    """What each gives up."""
    return [show_loss(loss) for name in STRAW_MEN for loss in find_losses(name)]


def show_loss(loss: Loss) -> dict[str, Any]:
    """One property, and the schedule that breaks it."""
    return {
        "name": loss.straw_man,
        "loses": loss.lost,
        "inputs": list(loss.inputs),
        "schedule": list(map(tell_move, loss.schedule)),
        "silent": loss.silent,
    }


def list_tapes() -> tuple[str, ...]:
    """The victims, by tape."""
    return tuple(TAPES)
