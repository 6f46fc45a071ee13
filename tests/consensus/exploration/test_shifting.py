"""What is forgotten or thrown away for the sake of a small space is never missed."""

from dataclasses import dataclass
from typing import Any

import pytest

from consensus import agreements
from consensus.engine import clone
from consensus.events import Received
from consensus.exploration.asynchronous import Configuration, Liberties, World
from consensus.exploration.flp import VICTIMS, Inputs, Victim, draw_number, list_inputs
from consensus.exploration.local import advance
from consensus.exploration.shifted import Shifted
from consensus.exploration.table import Deliver, Move, Table


@pytest.mark.parametrize("name", ["benor-p+r", "paxos"])
def test_what_is_forgotten_is_never_missed(name: str) -> None:
    victim = VICTIMS[name]
    for seed in range(12):
        small, whole = open_worlds(victim, list_inputs()[1 + seed % 6])
        for event in range(60):
            assert small.mail() == whole.mail()
            assert small.words() == whole.words()
            mail = small.mail()
            if not mail:
                break
            chosen = mail[draw_number(f"{seed}/{event}") % len(mail)]
            small.follow(chosen)
            whole.follow(chosen)


@dataclass
class Followed:
    """A world and where it is."""

    world: World
    configuration: Configuration

    def mail(self) -> list[Move]:
        moves = self.world.table.moves
        return sorted((moves[one] for one in self.configuration[self.world.size :]), key=repr)

    def words(self) -> list[tuple[Any, ...]]:
        return self.world.words(self.configuration)

    def follow(self, move: Move) -> None:
        number = self.world.table.number(move)
        at = self.configuration.index(number, self.world.size)
        self.configuration = self.world.apply(self.configuration, number, at)


def open_worlds(victim: Victim, inputs: Inputs) -> list[Followed]:
    """One that forgets what is tidied away, and one that does not."""
    space = victim.make_space()
    table = Table(victim.committee, tape=victim.tape)
    world = World(table, Liberties(timers=False), victim.spec.is_stale)
    whole = Shifted(world, victim.shifting, victim.period, victim.skew)
    return [Followed(one.world, victim.make_start(one, inputs)) for one in (space, whole)]


@pytest.mark.parametrize("name", ["benor-p+r", "paxos"])
def test_states_and_mail_do_the_same_so_many_rounds_later(name: str) -> None:
    victim = VICTIMS[name]
    shifting, by = victim.shifting, -4
    replay = victim.make_replay(list_inputs()[3])
    for _ in range(40):
        if not replay.mail:
            break
        delivery = replay.mail[0].delivery
        local = clone(replay.locals[delivery.to])
        shifting.lower(local.participant, by)
        said = advance(local, raise_event(victim, delivery, by), victim.committee, victim.tape)
        sent = len(replay.mail) - 1
        replay.play(delivery)
        expected = clone(replay.locals[delivery.to])
        shifting.lower(expected.participant, by)
        for one in (local, expected):
            shifting.tidy(one.participant)
        assert local == expected
        told = [one.delivery for one in replay.mail[sent:]]
        assert [(to, message) for to, message in said] == [
            (one.to, shifting.lower_message(one.message, by)) for one in told
        ]


def raise_event(victim: Victim, delivery: Deliver, by: int) -> Received:
    message = victim.shifting.lower_message(delivery.message, by)
    return Received(delivery.sender, message)


def test_what_is_stale_in_paxos_changes_nothing() -> None:
    victim = VICTIMS["paxos"]
    spec = agreements.get("paxos")
    replay = victim.make_replay((0, 0, 1))
    stale = 0
    for _ in range(200):
        delivery = replay.mail[0].delivery
        before = clone(replay.locals[delivery.to])
        is_stale = spec.is_stale(before.participant, delivery.message)
        said = replay.play(delivery)
        if is_stale:
            stale += 1
            assert said == 0
            assert replay.locals[delivery.to] == before
    assert stale > 20
