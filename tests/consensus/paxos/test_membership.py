"""From one committee to the next: no ballot, proposal or read reaches across."""

from typing import Any

from consensus.committee import Committee, Former
from consensus.effects import (
    Broadcast,
    Certify,
    Decide,
    Effect,
    Persist,
    Readable,
    Request,
    Rewrite,
    Send,
    Watch,
)
from consensus.events import Applied, Offered, Read, Started
from consensus.message import Signed
from consensus.paxos.ballot import Ballot
from consensus.paxos.membership import LOWEST
from consensus.paxos.messages import (
    Accept,
    Accepted,
    Canvass,
    Checkpoint,
    CheckpointCertificate,
    ChosenSeal,
    Heartbeat,
    Lack,
    Lost,
    Prepare,
    Promise,
    Promised,
    Support,
)
from consensus.paxos.refusals import Refusal
from consensus.paxos.replica import Phase, Role
from tests.consensus.paxos.bench import (
    FIRST,
    Bench,
    block_id_of,
    certificate,
    make_bench,
    of_type,
    refusals,
    vote,
)

OLD = Committee((0, 1, 2), 1)
LARGER = Committee((0, 1, 2, 3), 1)
WITHOUT_0 = Committee((1, 2, 3), 1)
E = 4


def at_the_end(me: int | None, *, next_: Committee = LARGER) -> Bench:
    """A replica that has decided E, the last height of its committee, and executed all below."""
    bench = make_bench(me, checkpoint_interval=4, window=8)
    bench.feed(Applied(0, block_id_of(0), OLD, until=E))
    bench.replica.until = E
    for height in range(1, E + 1):
        if me in OLD.members:
            if me == 0:
                propose(bench, height)
            else:
                bench.hear(0, accept_of(height))
                bench.check(b"%d" % height)
                bench.hear(0, Heartbeat(FIRST, height, 0))
        else:
            bench.feed(offer(height))
        if height < E:
            bench.feed(Applied(height, block_id_of(height), OLD, until=E, me=me))
    assert bench.replica.decided == E
    return bench


def accept_of(height: int) -> Accept:
    """What the first leader proposes."""
    return Accept(FIRST, height, b"%d" % height, height - 1, imposed=False)


def propose(bench: Bench, height: int) -> None:
    """The first leader's own height, chosen with one more voice."""
    bench.hear(0, accept_of(height))
    bench.check(b"%d" % height)
    for member in (0, 1):
        bench.hear(member, Accepted(FIRST, height))


def offer(height: int) -> Offered:
    """A decided height as the host fetched it."""
    return Offered(height, (b"%d" % height,), ChosenSeal(FIRST))


def change(bench: Bench, committee: Committee, me: int | None) -> list[Effect]:
    """E is executed, and another committee sits."""
    return bench.feed(Applied(E, block_id_of(E), committee, until=E + 24, me=me))


def test_nothing_is_proposed_accepted_or_decided_above_the_last_height() -> None:
    leader, member = at_the_end(0), at_the_end(1)
    assert not of_type(leader.pending(), Request)
    above = Accept(FIRST, E + 1, b"x", E, imposed=False)
    assert refusals(member.hear(0, above)) == [Refusal.BEYOND_WINDOW]
    effects = member.feed(offer(E + 1))
    assert refusals(effects) == [Refusal.BEYOND_WINDOW]
    assert not of_type(effects, Decide)


def test_a_leader_announces_steps_down_and_stands_again_in_a_ballot_of_its_own() -> None:
    bench = at_the_end(0)
    said = [e.message for e in change(bench, LARGER, 0) if isinstance(e, Broadcast)]
    assert Heartbeat(FIRST, E, 0) in said
    assert Canvass(Ballot(1, 0)) in said
    assert bench.replica.phase is Phase.CANVASSING
    assert bench.replica.committee == LARGER
    assert bench.replica.former == Former(E, OLD)


def test_the_former_ballot_leads_nobody_above() -> None:
    bench = at_the_end(0)
    change(bench, LARGER, 0)
    bench.hear(0, Heartbeat(FIRST, E, 0))  # its own, through the loop-back
    assert bench.replica.phase is Phase.CANVASSING
    assert bench.replica.leader is None


def test_a_majority_of_the_new_committee_is_needed() -> None:
    bench = at_the_end(0)
    change(bench, LARGER, 0)
    ballot = bench.replica.candidate
    for member in (0, 1):
        bench.loop_back(bench.hear(member, support(ballot)))
    assert not bench.replica.promises
    assert Broadcast(Prepare(ballot, E + 1)) in bench.hear(3, support(ballot))


def support(ballot: Ballot) -> object:
    """Somebody would promise."""
    return Support(ballot)


def test_who_leaves_follows_and_still_signs_the_last_checkpoint() -> None:
    bench = at_the_end(0)
    effects = change(bench, WITHOUT_0, None)
    votes = [e.message for e in effects if isinstance(e, Broadcast)]
    mine = Signed(0, Checkpoint(E, block_id_of(E)))
    assert mine in votes
    assert bench.replica.role is Role.FOLLOWER
    assert Broadcast(mine) in bench.elapse("resend")
    ballot = Ballot(1, 2)
    assert refusals(bench.hear(2, Prepare(ballot, E + 1))) == [Refusal.NOT_VOTING]


def test_who_comes_in_writes_a_promise_down_at_once_and_votes() -> None:
    bench = at_the_end(None)
    effects = change(bench, LARGER, 3)
    assert bench.replica.role is Role.VOTER
    assert any(isinstance(e, Rewrite) and Promised(LOWEST) in e.records for e in effects)
    ballot = Ballot(1, 2)
    answers = bench.hear(2, Prepare(ballot, E + 1))
    assert Persist(Promised(ballot)) in answers
    assert Send(2, Promise(ballot, E, ())) in answers


def test_who_came_in_and_restarts_before_its_first_promise_still_votes() -> None:
    bench = make_bench(3, start=False, committee=LARGER)
    bench.feed(
        Started(
            (Promised(LOWEST),),
            E,
            block_id_of(E),
            LARGER,
            fresh=False,
            until=E + 8,
            former=Former(E, OLD),
        )
    )
    assert bench.replica.role is Role.VOTER


def test_who_comes_in_without_its_journal_observes() -> None:
    bench = make_bench(None, start=False, checkpoint_interval=4, window=8)
    effects = bench.feed(Started((), 0, block_id_of(0), OLD, fresh=False, until=E))
    assert Persist(Lost()) in effects
    for height in range(1, E + 1):
        bench.feed(offer(height))
        if height < E:
            bench.feed(Applied(height, block_id_of(height), OLD, until=E))
    effects = change(bench, LARGER, 3)
    assert bench.replica.role is Role.OBSERVER
    assert any(isinstance(e, Rewrite) and Lost() in e.records for e in effects)
    assert refusals(bench.hear(2, Prepare(Ballot(1, 2), E + 1))) == [Refusal.NOT_VOTING]


def test_no_read_is_confirmed_at_the_last_height() -> None:
    bench = at_the_end(0)
    effects = bench.loop_back(bench.feed(Read(7)))
    assert not of_type(effects, Readable)
    assert not any(e.message.beat for e in of_type(effects, Broadcast))


def test_nobody_is_watched_between_two_leaders() -> None:
    bench = at_the_end(1)
    assert Watch(None) in change(bench, LARGER, 1)
    assert bench.replica.is_seeking


def certificate_of(height: int) -> Any:
    """Of the former committee's majority."""
    return certificate(height, block_id_of(height), (1, 2))


def go_on(bench: Bench, to: int) -> list[Effect]:
    """Heights of the present committee, as the host fetched them; the effects of the last."""
    effects: list[Effect] = []
    for height in range(bench.replica.decided + 1, to + 1):
        bench.feed(offer(height))
        effects = bench.feed(Applied(height, block_id_of(height), LARGER, until=E + 24, me=1))
    return effects


def test_the_last_vote_is_kept_and_repeated_until_it_is_certified() -> None:
    bench = at_the_end(1)
    change(bench, LARGER, 1)
    go_on(bench, E + 20)
    mine = Signed(1, Checkpoint(E, block_id_of(E)))
    assert Broadcast(mine) in bench.elapse("resend")
    bench.hear(2, certificate_of(E))
    assert Broadcast(mine) not in bench.elapse("resend")


def test_votes_and_certificates_of_the_last_height_make_no_room() -> None:
    bench = at_the_end(1)
    change(bench, LARGER, 1)
    go_on(bench, E + 20)
    bench.hear(0, vote(0, Checkpoint(E, block_id_of(E))))
    for height in range(E + 4, E + 24, 4):
        bench.hear(0, vote(0, Checkpoint(height, block_id_of(height))))
    effects = bench.hear(2, vote(2, Checkpoint(E, block_id_of(E))))
    assert [effect.height for effect in of_type(effects, Certify)] == [E]


def test_a_restart_repeats_the_last_vote_and_keeps_the_certificate() -> None:
    bench = at_the_end(1)
    change(bench, LARGER, 1)
    [*_, rewrite] = of_type(go_on(bench, E + 4), Rewrite)
    assert Checkpoint(E, block_id_of(E)) in rewrite.records
    again = restart(rewrite, E + 4, me=1)
    assert Broadcast(Signed(1, Checkpoint(E, block_id_of(E)))) in again.elapse("resend")
    for height in (E, E + 4):
        bench.hear(2, certificate_of(height) if height == E else later_certificate(height))
    [rewrite] = of_type(go_on(bench, E + 8), Rewrite)
    assert certificate_of(E) in rewrite.records
    assert later_certificate(E + 4) in rewrite.records
    assert Checkpoint(E, block_id_of(E)) not in rewrite.records
    again = restart(rewrite, E + 8, me=1)
    answers = [e.message for e in of_type(again.hear(2, Lack(E + 8, 0)), Send)]
    assert answers[:2] == [certificate_of(E), later_certificate(E + 4)]


def later_certificate(height: int) -> Any:
    """Of the present committee's majority."""
    return certificate(height, block_id_of(height), (1, 2, 3))


def restart(rewrite: Rewrite, height: int, me: int) -> Bench:
    """The same replica from its journal."""
    bench = make_bench(me, start=False, committee=LARGER, checkpoint_interval=4, window=8)
    former = Former(E, OLD)
    bench.feed(
        Started(
            rewrite.records,
            height,
            block_id_of(height),
            LARGER,
            fresh=False,
            until=E + 24,
            former=former,
        )
    )
    return bench


def test_who_was_removed_restarts_with_its_last_vote() -> None:
    bench = at_the_end(0)
    effects = change(bench, WITHOUT_0, None)
    [rewrite] = of_type(effects, Rewrite)
    again = make_bench(0, start=False, committee=WITHOUT_0, checkpoint_interval=4, window=8)
    started = (rewrite.records, E + 2, block_id_of(E + 2), WITHOUT_0)
    again.feed(Started(*started, fresh=False, until=E + 24, former=Former(E, OLD)))
    assert Broadcast(Signed(0, Checkpoint(E, block_id_of(E)))) in again.elapse("resend")


def test_who_was_removed_is_told_that_the_last_height_is_certified() -> None:
    bench = at_the_end(1)
    change(bench, WITHOUT_0, 1)
    mine = vote(0, Checkpoint(E, block_id_of(E)))
    bench.hear(2, certificate_of(E))
    assert Send(0, certificate_of(E)) in bench.hear(0, mine)
    theirs = vote(2, Checkpoint(E, block_id_of(E)))
    assert not of_type(bench.hear(2, theirs), Send)


def test_whoever_lacks_the_last_certificate_gets_it_before_the_newest() -> None:
    bench = at_the_end(1)
    change(bench, LARGER, 1)
    go_on(bench, E + 8)
    for proof in (certificate_of(E), later_certificate(E + 4), later_certificate(E + 8)):
        bench.hear(2, proof)
    for certified, expected in (
        (0, [certificate_of(E), later_certificate(E + 8)]),
        (E, [later_certificate(E + 8)]),
        (E + 8, []),
    ):
        answers = [e.message for e in of_type(bench.hear(3, Lack(E + 8, certified)), Send)]
        assert [one for one in answers if isinstance(one, CheckpointCertificate)] == expected


def test_a_new_member_without_the_last_certificate_asks_for_it() -> None:
    bench = at_the_end(None)
    change(bench, LARGER, 3)
    assert Broadcast(Lack(E, 0)) in bench.elapse("resend")
    bench.hear(2, certificate_of(E))
    assert not of_type(bench.elapse("resend"), Broadcast)
