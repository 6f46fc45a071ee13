"""The theorem, on one victim and one input: valences, lemma 3, the lasso and its replay."""

import dataclasses

import pytest

from consensus.exploration.flp import (
    VICTIMS,
    Finding,
    check_fairness,
    confirm,
    restore_chance,
    unshift,
)
from consensus.exploration.flp_report import list_losses, replay_witness
from consensus.exploration.oracle import Surveyed, find_delay
from consensus.exploration.replaying import ReplayError

VICTIM = VICTIMS["benor-p"]
INPUTS = (0, 1, 1)


def test_the_space_is_closed_and_the_start_bivalent(finding: Finding) -> None:
    assert finding.is_closed
    assert set(finding.ways[INPUTS]) == {b"\x00", b"\x01"}
    assert 0 < finding.bivalent < finding.configurations


def test_both_witnesses_replay_on_fresh_participants(finding: Finding) -> None:
    assert len(replay_witness(VICTIM, finding, INPUTS, b"\x01")) == 3
    assert len(replay_witness(VICTIM, finding, INPUTS, b"\x00")) == 7


def test_lemma_3_holds_without_exception(finding: Finding) -> None:
    assert finding.lemma.exceptions == ()
    assert finding.lemma.pairs == sum(pairs for _, pairs in finding.lemma.lengths)
    assert finding.lemma.pairs > finding.bivalent


def test_the_lemma_is_not_true_of_configurations_with_one_valence(finding: Finding) -> None:
    assert isinstance(finding.oracle, Surveyed)
    seen = finding.oracle.seen
    fixed = next(
        at
        for at, edges in enumerate(seen.edges)
        if edges and not any(seen.is_bivalent(target) for _, target, _ in edges)
    )
    event = seen.configurations[fixed][seen.space.world.size]
    assert find_delay(finding.oracle, seen.configurations[fixed], event) is None


def test_the_lasso_comes_back_a_thousand_times_and_ends_when_it_is_let_go(
    finding: Finding,
) -> None:
    assert finding.lasso is not None
    confirmed = confirm(VICTIM, finding, 1_000)
    assert confirmed.loops == 1_000
    assert confirmed.rounds >= 1_000 * finding.lasso.gain
    assert confirmed.age_max < 100
    assert confirmed.stale > 0
    assert confirmed.released_after is not None


def test_a_lasso_with_a_step_too_few_is_not_confirmed(finding: Finding) -> None:
    assert finding.lasso is not None
    short = dataclasses.replace(finding.lasso, loop=finding.lasso.loop[:-1])
    with pytest.raises(ReplayError):
        confirm(VICTIM, dataclasses.replace(finding, lasso=short), 2)


def test_a_loop_that_decides_is_not_confirmed(finding: Finding) -> None:
    assert finding.lasso is not None
    deciding = dataclasses.replace(finding.lasso, prefix=(), loop=finding.ways[INPUTS][b"\x01"])
    with pytest.raises(ReplayError, match="has decided"):
        confirm(VICTIM, dataclasses.replace(finding, lasso=deciding), 1)


def test_real_coins_end_it() -> None:
    assert all(restore_chance(VICTIM, INPUTS, seed) for seed in range(20))


def test_each_straw_man_gives_up_one_property() -> None:
    lost = {loss.straw_man: (loss.lost, loss.inputs) for loss in list_losses()}
    assert lost == {
        "wait-for-all": ("termination", (0, 0, 0)),
        "first-heard": ("agreement", (0, 1, 1)),
        "always-0": ("validity", (1, 1, 1)),
    }
    assert len(list_losses()) == 3


def test_the_adversary_comes_back_to_where_it_was(finding: Finding) -> None:
    walk = finding.walk
    assert walk is not None
    assert walk.repeats is not None
    assert not walk.is_stuck
    staged = dataclasses.replace(finding, lasso=walk.lasso)
    assert confirm(VICTIM, staged, 20).loops == 20


def test_rivals_in_paxos_never_end_their_duel(duel: Finding) -> None:
    assert set(duel.ways[0, 0, 1]) == {b"\x00", b"\x01"}
    assert (duel.lemma.exceptions, duel.lemma.pairs > 200) == ((), True)
    assert duel.lasso is not None
    assert duel.lasso.gain > 0
    confirmed = confirm(VICTIMS["paxos"], duel, 100)
    assert confirmed.rounds >= 100 * duel.lasso.gain
    assert confirmed.age_max < 100
    assert confirmed.released_after is not None


def test_the_witnesses_of_paxos_replay(duel: Finding) -> None:
    for word in (b"\x00", b"\x01"):
        assert replay_witness(VICTIMS["paxos"], duel, (0, 0, 1), word)


def test_timers_left_to_chance_end_the_duel() -> None:
    assert all(restore_chance(VICTIMS["paxos"], (0, 0, 1), seed) for seed in range(20))


def test_a_loop_without_somebody_or_without_growth_is_not_fair(finding: Finding) -> None:
    assert finding.lasso is not None
    loop = unshift(VICTIM, finding, finding.lasso.loop)
    check_fairness(VICTIM, loop, finding.lasso.gain)
    with pytest.raises(ReplayError, match="never steps"):
        check_fairness(VICTIM, [move for move in loop if move.to], finding.lasso.gain)
    with pytest.raises(ReplayError, match="do not grow"):
        check_fairness(VICTIM, loop, 0)
