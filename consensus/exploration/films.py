"""The runs that the page shows: the lasso with its end, and how each straw man loses."""

from consensus import agreements
from consensus.committee import Committee
from consensus.exploration.filming import Film
from consensus.exploration.flp import (
    SIZE,
    Finding,
    Victim,
    calm,
    is_void,
    make_openings,
    raise_move,
    unshift,
)
from consensus.exploration.giving_up import Loss
from consensus.exploration.replaying import Replay
from consensus.exploration.table import Deliver
from consensus.simulation.entry import Entry

LOOPS_SHOWN = 2


def film_lasso(victim: Victim, finding: Finding) -> list[Entry]:
    """The prefix, the loop twice, and what happens when the adversary lets go."""
    lasso, inputs = finding.lasso, finding.lasso_inputs
    assert lasso is not None
    assert inputs is not None
    film = Film(victim.make_replay(inputs))
    film.begin()
    film.play_all(unshift(victim, finding, lasso.prefix))
    loop = unshift(victim, finding, lasso.loop)
    base = sum(by for _, by in lasso.prefix)
    for number in range(LOOPS_SHOWN):
        film.say(f"loop {number + 1} begins")
        for move in loop:
            film.play(raise_move(victim, move, base))
        base += lasso.gain
    film.say("the adversary lets go")
    calm(victim, film.replay)
    sweep(victim, film)
    while (fair := film.replay.find_fair()) is not None:
        film.play(fair)
        sweep(victim, film)
    return film.entries


def sweep(victim: Victim, film: Film) -> None:
    """What can change nothing any more arrives, unseen."""
    mail = film.replay.mail
    while late := [one.delivery for one in mail if is_void(victim, film.replay, one.delivery)]:
        film.skip(late[0])
        mail = film.replay.mail


def film_loss(loss: Loss) -> list[Entry]:
    """What a straw man does wrong, or does not do at all."""
    spec, committee = agreements.get(loss.straw_man), Committee.of(SIZE, 1)
    replay = Replay(committee, spec.create)
    openings = make_openings(loss.inputs)
    if loss.silent is not None:
        openings[committee.members.index(loss.silent)] = []
    replay.begin(openings)
    film = Film(replay)
    film.begin()
    film.play_all(loss.schedule)
    if loss.silent is not None:
        film.entries.insert(0, Entry(0, loss.silent, "crash", None, "", ""))
        while waiting := list_waiting(replay, loss.silent):
            film.play(waiting[0])
    else:
        while (fair := replay.find_fair()) is not None:
            film.play(fair)
    return film.entries


def list_waiting(replay: Replay, silent: int) -> list[Deliver]:
    """Mail to those who take steps."""
    return [sent.delivery for sent in replay.mail if sent.delivery.to != silent]
