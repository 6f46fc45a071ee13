"""The engine, step by step: what comes of blocks, headers, questions and time."""

from collections.abc import Sequence

import msgspec
import pytest

from consensus.block import Header, TreeBlock
from consensus.catalog import get
from consensus.effects import (
    Adopt,
    Broadcast,
    Diverge,
    Effect,
    Finalize,
    Ignore,
    Mine,
    Send,
    SetTimer,
    Share,
    Store,
)
from consensus.engine import step
from consensus.events import (
    Applied,
    Elapsed,
    Offered,
    Pending,
    Received,
    Refuted,
    Stored,
    Verdict,
)
from consensus.pow import block_tree
from consensus.pow.engine import account, create
from consensus.pow.fetching import RESEND
from consensus.pow.messages import HEADERS_MAX, LOCATOR_MAX, WANTED_MAX, Headers, Locate, Want
from consensus.pow.refusals import Refusal
from consensus.pow.replica import ANSWERS_MAX
from consensus.pow.work import compute_id
from tests.consensus.pow.forge import COMMITTEE, ROOT, SIMULATED, Bench, make_block


def refusals(effects: Sequence[object]) -> list[str]:
    return [e.refusal for e in effects if isinstance(e, Ignore)]


def names(effects: Sequence[object]) -> list[str]:
    return [type(e).__name__ for e in effects]


def headers_of(bench: Bench, ids: list[bytes]) -> tuple[Header, ...]:
    return tuple(bench.tree.nodes[i].header for i in ids)


def test_it_mines_on_the_root_from_the_start() -> None:
    bench = Bench()
    assert names(bench.effects) == ["SetTimer", "Mine"]
    [template] = [e.template for e in bench.effects if isinstance(e, Mine)]
    assert template is not None
    assert (template.height, template.parent, template.time_ms_min) == (1, ROOT, 1)


def test_without_a_number_it_verifies_and_relays_and_does_not_mine() -> None:
    bench = Bench(me=None)
    bench.grow(2)
    assert names(bench.effects) == ["SetTimer", *["Store", "Share", "Adopt"] * 2]


def test_a_good_block_is_stored_shared_adopted_and_mined_on_in_this_order() -> None:
    bench = Bench()
    block = make_block(bench.tree, ROOT)
    effects = bench.hear(block)
    block_id = compute_id(block.header)
    assert effects[:3] == [Store(block_id, block, 0), Share(block_id, None), Adopt(block_id)]
    assert names(effects[3:]) == ["Mine"]
    assert refusals(bench.hear(block)) == [Refusal.DUPLICATE]


def test_nothing_happens_before_the_block_is_durable() -> None:
    bench = Bench()
    block = make_block(bench.tree, ROOT)
    assert names(step(bench.engine, Received(1, block))) == ["Store"]
    assert bench.head == ROOT
    assert refusals(step(bench.engine, Received(2, block))) == [Refusal.DUPLICATE]


def test_a_block_from_the_future_is_held_until_the_host_says_otherwise() -> None:
    bench = Bench()
    block = make_block(bench.tree, ROOT, after_ms=50_000)
    block_id = compute_id(block.header)
    bench.later.add(block_id)
    assert names(bench.hear(block)) == ["Store"]
    assert bench.effects[-1] == Store(block_id, block, 48_000)
    assert bench.head == ROOT
    assert names(bench.feed(Stored(block_id, Verdict.VALID))) == ["Share", "Adopt", "Mine"]


def test_content_that_is_wrong_takes_the_branch_with_it() -> None:
    bench = Bench()
    first = make_block(bench.tree, ROOT)
    block_id = compute_id(first.header)
    step(bench.engine, Received(1, first))
    second = make_block(bench.tree, block_id)
    step(bench.engine, Received(1, second))
    assert refusals(bench.feed(Stored(block_id, Verdict.INVALID))) == [Refusal.BAD_CONTENT]
    assert set(bench.tree.nodes) == {ROOT}
    assert refusals(bench.hear(first)) == [Refusal.REFUTED]
    assert refusals(bench.hear(second)) == [Refusal.REFUTED]


def test_a_spoiled_body_does_not_discredit_the_block() -> None:
    """Whoever passes a block on can change its value, but not what the header says of it."""
    bench = Bench()
    block = make_block(bench.tree, ROOT, value=b"right")
    block_id = compute_id(block.header)
    step(bench.engine, Received(1, TreeBlock(block.header, b"wrong")))
    assert refusals(bench.feed(Stored(block_id, Verdict.MISMATCH))) == [Refusal.FOREIGN_BODY]
    assert bench.head == ROOT
    assert bench.feed(Received(2, Headers((block.header,)))) == [Send(2, Want((block_id,)))]
    bench.hear(block, sender=2)
    assert bench.head == block_id


def test_the_own_block_is_treated_like_any_other() -> None:
    bench = Bench()
    block = make_block(bench.tree, ROOT)
    assert names(bench.mine(block)) == ["Store", "Share", "Adopt", "Mine"]
    assert refusals(bench.mine(block)) == [Refusal.DUPLICATE]
    bad = TreeBlock(msgspec.structs.replace(block.header, time_ms=77), b"")
    assert refusals(bench.mine(bad)) == [Refusal.BAD_PROOF]


def test_of_two_equal_branches_the_first_seen_stays() -> None:
    bench = Bench()
    [one] = bench.grow(1)
    [other] = bench.grow(1, ROOT, miner=8)
    assert bench.head == one
    bench.grow(1, other)
    assert bench.tree.chain[1] == other
    assert bench.engine.replica.counters["reorganised"] == 1
    assert bench.engine.replica.counters["tie_met"] == 1


def test_or_a_coin_decides_and_it_is_a_fair_one() -> None:
    parameters = msgspec.structs.replace(SIMULATED, random_ties=1)
    moved = 0
    for number in range(200):
        bench = Bench(parameters)
        bench.grow(1)
        [other] = bench.grow(1, ROOT, miner=100 + number)
        moved += bench.head == other
    assert 60 < moved < 140  # more than five standard deviations either way


def test_more_work_wins_over_more_blocks() -> None:
    """A window of quick blocks makes the next ones harder: a short branch of these is heavier."""
    bench = Bench(msgspec.structs.replace(SIMULATED, depth=100))
    bench.engine.replica.late_blocks = 20  # it hears of branches that are behind
    common = bench.grow(7, after_ms=100)[-1]
    slow = bench.grow(8, common, after_ms=60_000)
    assert bench.head == slow[-1]
    harder = bench.grow(9, common, after_ms=10, miner=8)
    nodes = bench.tree.nodes
    assert nodes[harder[8]].work > nodes[slow[7]].work
    easy = bench.grow(2, slow[-1], after_ms=60_000)
    assert nodes[easy[-1]].height > nodes[harder[-1]].height
    assert nodes[easy[-1]].work < nodes[harder[-1]].work
    assert bench.head == harder[-1]


def test_blocks_are_final_under_as_many_others_as_the_depth_says() -> None:
    bench = Bench()
    ids = bench.grow(SIMULATED.depth)
    assert not [e for e in bench.effects if isinstance(e, Finalize)]
    bench.grow(2)
    final = [e for e in bench.effects if isinstance(e, Finalize)]
    assert final == [Finalize(1, ids[0]), Finalize(2, ids[1])]


def test_an_orphan_waits_and_its_branch_is_asked_for() -> None:
    far, bench = Bench(), Bench()
    far.grow(3)
    blocks = [far.blocks[i] for i in far.tree.chain[1:]]
    effects = bench.hear(blocks[2], sender=3)
    assert effects == [Send(3, Locate((ROOT,)))]
    assert refusals(bench.hear(blocks[2])) == [Refusal.DUPLICATE]
    assert bench.hear(blocks[1], sender=3) == []  # it was asked already
    bench.hear(blocks[0])
    assert bench.head == far.head


def test_headers_come_first_and_bodies_of_the_heavier_branch_only() -> None:
    far, bench = Bench(), Bench()
    theirs = far.grow(3)
    mine = bench.grow(2, miner=8)
    light = Headers(headers_of(far, theirs[:2]))
    assert bench.feed(Received(1, light)) == []  # no heavier than what is adopted
    assert refusals(bench.feed(Received(1, light))) == [Refusal.NOTHING_NEW]
    heavy = Headers(headers_of(far, theirs))
    assert bench.feed(Received(1, heavy)) == [Send(1, Want(tuple(theirs)))]
    assert refusals(bench.feed(Received(1, heavy))) == [Refusal.NOTHING_NEW]
    assert bench.head == mine[-1]
    for block_id in reversed(theirs):
        bench.hear(far.blocks[block_id])
    assert bench.head == theirs[-1]


def test_many_bodies_are_fetched_some_at_a_time() -> None:
    far, bench = Bench(), Bench()
    theirs = far.grow(WANTED_MAX + 5)
    effects = bench.feed(Received(1, Headers(headers_of(far, theirs))))
    assert effects == [Send(1, Want(tuple(theirs[:WANTED_MAX])))]
    for block_id in theirs[: WANTED_MAX - 1]:
        assert not any(isinstance(e, Send) for e in bench.hear(far.blocks[block_id]))
    effects = bench.hear(far.blocks[theirs[WANTED_MAX - 1]])
    assert Send(1, Want(tuple(theirs[WANTED_MAX:]))) in effects


def test_a_full_answer_is_followed_by_another_question() -> None:
    far, bench = Bench(), Bench()
    theirs = far.grow(HEADERS_MAX + 3)
    [answer] = far.feed(Received(2, Locate((ROOT,))))
    assert isinstance(answer, Send)
    assert len(answer.message.headers) == HEADERS_MAX
    effects = bench.feed(Received(1, answer.message))
    assert effects[-1] == Send(1, Locate(bench.tree.make_locator()))
    [rest] = far.feed(Received(2, effects[-1].message))
    assert isinstance(rest, Send)
    assert len(rest.message.headers) == 3
    assert compute_id(rest.message.headers[-1]) == theirs[-1]


def test_headers_that_do_not_follow_one_another_are_refused() -> None:
    far, bench = Bench(), Bench()
    theirs = far.grow(3)
    gap = Headers(headers_of(far, [theirs[0], theirs[2]]))
    assert refusals(bench.feed(Received(1, gap))) == [Refusal.BAD_FORM]
    assert refusals(bench.feed(Received(1, Headers(())))) == [Refusal.TOO_MANY]
    many = Headers(headers_of(far, theirs) * HEADERS_MAX)
    assert refusals(bench.feed(Received(1, many))) == [Refusal.TOO_MANY]


def test_a_tip_without_work_is_no_reason_to_ask() -> None:
    far, bench = Bench(), Bench()
    tip = headers_of(far, far.grow(3)[-1:])[0]
    lie = msgspec.structs.replace(tip, time_ms=5)
    assert refusals(bench.feed(Received(1, Headers((lie,))))) == [Refusal.BAD_PROOF]
    assert bench.feed(Received(1, Headers((tip,)))) == [Send(1, Locate((ROOT,)))]
    assert refusals(bench.feed(Received(1, Headers((tip,))))) == [Refusal.ANSWERED]


def test_questions_are_answered_once_per_pause_and_not_without_end() -> None:
    bench = Bench()
    ids = bench.grow(4)
    ask = Received(2, Want((ids[0], b"nobody", ids[2], ids[0], ROOT)))
    assert bench.feed(ask) == [Share(ids[0], 2), Share(ids[2], 2)]
    assert refusals(bench.feed(ask)) == [Refusal.ANSWERED]
    last: list[Effect] = []
    for i in range(ANSWERS_MAX + 5):
        last = bench.feed(Received(2, Want((ids[0],) * (i % 16 + 1) + (b"%d" % i,) * (i % 2))))
    assert refusals(last) == [Refusal.ANSWERED]
    bench.feed(Elapsed(RESEND))
    assert bench.feed(ask) == [Share(ids[0], 2), Share(ids[2], 2)]
    assert refusals(bench.feed(Received(2, Want((b"nobody",))))) == [Refusal.UNWANTED]
    assert refusals(bench.feed(Received(2, Want((ids[0],) * (WANTED_MAX + 1))))) == [
        Refusal.TOO_MANY
    ]
    assert refusals(bench.feed(Received(2, Locate((ROOT,) * (LOCATOR_MAX + 1))))) == [
        Refusal.TOO_MANY
    ]
    assert refusals(bench.feed(Received(2, Locate((ids[-1],))))) == [Refusal.NOTHING_NEW]


def test_a_locator_of_another_branch_is_answered_from_the_fork_on() -> None:
    bench = Bench()
    ids = bench.grow(4)
    [answer] = bench.feed(Received(2, Locate((b"theirs", ids[1], ids[0], ROOT))))
    assert answer == Send(2, Headers(headers_of(bench, ids[2:])))
    [whole] = bench.feed(Received(2, Locate((b"nothing common",))))
    assert whole == Send(2, Headers(headers_of(bench, ids)))


def test_its_tip_is_told_once_in_a_while() -> None:
    bench = Bench()
    assert names(bench.feed(Elapsed(RESEND))) == ["SetTimer"]
    [tip] = bench.grow(1)
    assert bench.feed(Elapsed(RESEND)) == [
        Broadcast(Headers(headers_of(bench, [tip]))),
        SetTimer(RESEND, SIMULATED.resend_ms),
    ]


def test_bodies_that_did_not_come_are_asked_for_again() -> None:
    far, bench = Bench(), Bench()
    theirs = far.grow(2)
    bench.feed(Received(1, Headers(headers_of(far, theirs))))
    assert Send(1, Want(tuple(theirs))) in bench.feed(Elapsed(RESEND))


def test_a_block_that_cannot_be_executed_takes_its_branch_and_the_rest_is_adopted() -> None:
    bench = Bench()
    good = bench.grow(2)
    for block in (make_block(bench.tree, ROOT, miner=8),):
        bench.hear(block)
    bad = compute_id(block.header)
    step_up = bench.grow(1, bad, miner=8)
    third = make_block(bench.tree, step_up[0], miner=8)
    [stored] = step(bench.engine, Received(1, third))
    assert isinstance(stored, Store)
    effects = step(bench.engine, Stored(stored.block_id, Verdict.VALID))
    assert Adopt(stored.block_id) in effects
    effects = step(bench.engine, Refuted(bad))
    assert effects == [Adopt(good[-1])]
    assert bench.head == good[-1]
    assert refusals(bench.hear(block)) == [Refusal.REFUTED]
    assert refusals(bench.hear(third)) == [Refusal.REFUTED]
    mined = step(bench.engine, Applied(2, good[-1], COMMITTEE))
    assert [type(e) for e in mined] == [Mine] or mined == []
    assert step(bench.engine, Refuted(bad)) == []


def test_a_heavier_branch_from_below_the_final_block_is_noticed_and_not_followed() -> None:
    bench, far = Bench(), Bench()
    mine = bench.grow(SIMULATED.depth + 2)
    theirs = far.grow(SIMULATED.depth + 3, miner=8)
    first = bench.feed(Received(1, Headers(headers_of(far, theirs[:-1]))))
    assert [e for e in first if isinstance(e, Diverge)] == []
    effects = bench.feed(Received(1, Headers(headers_of(far, theirs))))
    assert Diverge(1, mine[0], theirs[0]) in effects
    assert bench.head == mine[-1]
    assert account(bench.engine).phase == "split-off"
    assert refusals(bench.hear(far.blocks[theirs[0]])) == [Refusal.BELOW_FINAL]


def test_a_restart_takes_up_what_the_store_holds() -> None:
    first = Bench()
    ids = first.grow(5)
    side = first.grow(1, ids[2], miner=8)
    headers = headers_of(first, [*ids, *side])
    again = Bench()
    again.engine = create(0, COMMITTEE, SIMULATED)
    again.effects.clear()
    again.start(headers, head=side[0], final=1)
    assert again.head == ids[-1]
    assert Adopt(ids[-1]) in again.effects
    assert isinstance(again.effects[-1], Mine)
    assert again.tree.final == 1
    assert names(again.hear(first.blocks[ids[0]])) == ["Ignore"]


def test_before_the_start_nothing_is_heard() -> None:
    engine = create(0, COMMITTEE, SIMULATED)
    assert account(engine).phase == "starting"
    assert names(step(engine, Received(1, Want(())))) == ["Ignore"]


@pytest.mark.parametrize("event", [Offered(1, (), None), Elapsed(("other",))])
def test_what_is_of_other_engines_is_ignored(event: Offered | Elapsed) -> None:
    bench = Bench()
    assert names(bench.feed(event)) == ["Ignore"]
    assert bench.feed(Pending(True)) == []


def test_it_says_what_it_waits_for() -> None:
    far, bench = Bench(), Bench()
    assert account(bench.engine).waiting_for == "block"
    ids = far.grow(3)
    bench.feed(Received(1, Headers(headers_of(far, ids))))
    told = account(bench.engine)
    assert (told.phase, told.waiting_for, told.needed) == ("fetching", "bodies", 3)
    assert account(Bench(me=None).engine).phase == "following"
    assert get("pow").account is account


def test_who_keeps_bodies_back_is_asked_twice_and_then_passed_over() -> None:
    far, bench = Bench(), Bench()
    theirs = far.grow(2)
    told, want = Headers(headers_of(far, theirs)), Want(tuple(theirs))
    assert Send(1, want) in bench.feed(Received(1, told))
    assert Send(1, want) in bench.feed(Elapsed(RESEND))
    assert not any(isinstance(e, Send) for e in bench.feed(Elapsed(RESEND)))
    assert refusals(bench.feed(Received(1, told))) == [Refusal.NOTHING_NEW]
    assert bench.feed(Received(2, told)) == [Send(2, want)]
    for block_id in theirs:
        bench.hear(far.blocks[block_id], sender=2)
    assert bench.head == theirs[-1]
    bench.feed(Elapsed(RESEND))
    assert not bench.engine.replica.shunned


def test_if_everybody_was_silent_everybody_is_asked_again() -> None:
    far, bench = Bench(), Bench()
    told = Headers(headers_of(far, far.grow(2)))
    bench.feed(Received(1, told))
    for _ in range(3):
        bench.feed(Elapsed(RESEND))
    assert names(bench.feed(Received(1, told))) == ["Send"]


def test_bodies_of_branches_that_are_far_behind_are_not_kept() -> None:
    """Their headers are: once such a branch is the heaviest, its bodies are asked for."""
    bench, far = Bench(), Bench()
    bench.grow(4)
    theirs = far.grow(5, miner=8)
    first, second, *rest = (far.blocks[i] for i in theirs)
    assert refusals(bench.hear(first)) == [Refusal.TOO_LIGHT]
    assert names(bench.hear(second)) == ["Store"]  # two blocks behind is only late
    effects = [effect for block in rest for effect in bench.hear(block, sender=3)]
    assert Send(3, Want((theirs[0],))) in effects
    assert bench.hear(first, sender=3)[0] == Store(theirs[0], first, 0)
    assert bench.head == theirs[-1]


def test_cheap_branches_make_room_for_heavier_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever fills the tree beside the chain does not keep out what forks off near its tip."""
    monkeypatch.setattr(block_tree, "SIDE_BLOCKS_MAX", 8)
    bench = Bench()
    ids = bench.grow(4)
    for miner in range(8):
        bench.grow(1, ROOT, miner=20 + miner)
    assert bench.tree.side_count == 8
    [rival] = bench.grow(1, ids[2], miner=9)
    assert rival in bench.tree.nodes
    assert bench.tree.side_count == 8
    one_more = make_block(bench.tree, ROOT, miner=77)
    bench.hear(one_more)
    assert rival in bench.tree.nodes
