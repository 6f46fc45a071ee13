"""Storms over real trees of blocks: nothing breaks that should hold, and what is broken is found."""

from collections import Counter
from typing import Any

import pytest

from consensus.block import Template, TreeBlock
from consensus.events import Verdict
from consensus.simulation.request import Request
from consensus.simulation.tree import TreeApplication
from ledger.branch_state import BranchState
from ledger.content import decode_value
from ledger.errors import LedgerError
from ledger.state import CachedAccount, State
from ledger.state_tree import Node as StateNode
from ledger.store.schema import BLOCK_ID
from ledger.store.store import Batch
from node.simulation.ledger_run import run_ledger_seed
from node.simulation.ledgers import make_ledgers
from node.simulation.tree_ledger import TreeLedgerApplication
from node.tree_blocks import to_header, to_tree_block

STORM = Request(engine="pow", application="ledger", duration_ms=3_000)


def make_hosts(count: int = 2) -> list[TreeLedgerApplication]:
    make = make_ledgers("pow")
    made = [make(place) for place in range(count)]
    return [host for host in made if isinstance(host, TreeLedgerApplication)]


def mine(host: TreeLedgerApplication, name: int = 0, time_ms: int = 5) -> bytes:
    """A block on the head, stored and adopted; its id."""
    template = Template(host.chain.height + 1, host.chain.head_id, time_ms, bytes(20))
    block = host.compose_block(template, name, 0)
    block_id = take(host, block)
    assert host.adopt(block_id).refuted is None
    return block_id


def take(host: TreeLedgerApplication, block: TreeBlock) -> bytes:
    assert host.check_block(block) is Verdict.VALID
    block_id = host.name_block(to_header(block.header, decode_value(block.value)))
    host.put(block_id, block)
    host.sync()
    return block_id


def test_a_host_of_the_simulator_can_be_one() -> None:
    (host,) = make_hosts(1)
    assert isinstance(host, TreeApplication)


def test_what_is_undone_waits_again_and_is_told() -> None:
    left, right = make_hosts()
    for host in (left, right):
        assert host.submit("first")
        assert host.submit("second")
    mine(left)
    assert left.executed == {"first": 1, "second": 1}
    assert list(left.waiting) == []
    mine(right, 1, 9)
    right.submit("third")
    mine(right, 1, 10)
    ids = [block.block_id for block in right.blocks]
    for block_id in ids:
        take(left, right.get(block_id))
    adoption = left.adopt(ids[-1])
    assert (adoption.fork, adoption.undone) == (0, 1)
    assert [block.block_id for block in left.blocks] == ids
    assert left.executed == right.executed


def test_a_power_failure_leads_back_to_what_was_synced() -> None:
    (host,) = make_hosts(1)
    host.submit("item")
    first = mine(host)
    host.sync()
    second = mine(host, time_ms=6)
    lost = host.crash(loses_unsynced=True)
    assert lost == 1
    assert [block.block_id for block in host.blocks] == [first]
    assert host.executed == {"item": 1}
    headers = host.describe().headers
    assert [header.height for header in headers] == [1, 2]
    host.adopt(second)
    host.finalize(1)
    host.crash(loses_unsynced=True)
    assert (host.final, host.chain.head_id) == (1, second)


def test_a_block_on_another_branch_than_the_adopted_orders_nothing() -> None:
    (host,) = make_hosts(1)
    first = mine(host)
    mine(host, time_ms=6)
    host.submit("item")
    block = host.compose_block(Template(2, first, 7, bytes(20)), 0, 0)
    assert host.items_of(block.value) == []
    side = take(host, block)
    assert host.adopt(side).refuted is None


def test_invalid_transactions_are_seen_without_a_state() -> None:
    (host,) = make_hosts(1)
    for number in range(8):
        host.submit(f"!bad{number}")
    draft = host.chain.compose(
        5, bytes(20), host.network.genesis.validators[0], [*host.bodies.by_id.values()]
    )
    assert draft.envelopes
    assert host.check_block(to_tree_block(draft)) is Verdict.INVALID


def test_storms_break_nothing() -> None:
    met: Counter[str] = Counter()
    for seed in range(8):
        outcome = run_ledger_seed(STORM, seed)
        assert outcome.violation is None
        assert outcome.decided > 0
        met.update(outcome.probes)
    assert met["reorganised"] > 10
    assert met["blocks-lost"] > 0


@pytest.mark.slow
def test_many_more() -> None:
    violations = [seed for seed in range(100, 160) if run_ledger_seed(STORM, seed).violation]
    assert not violations


def keep_indices(batch: Batch, undone: Any) -> None:
    """Undo blocks, but let their transactions be found all the same."""
    for block in undone:
        batch.delete(BLOCK_ID + block.block_id)


def keep_the_cache(state: State, root: StateNode, accounts: Any, _stale: Any) -> None:
    """Believe that what was undone still stands."""
    MOVE(state, root, accounts, ())


def see_the_head(state: BranchState, public_key: bytes) -> CachedAccount:
    """Look at the adopted branch, whichever branch is executed."""
    found = state.accounts.get(public_key)
    return found or state._base.get_cached(public_key)


MOVE = State.move


@pytest.mark.parametrize(
    ("place", "bug"),
    [
        ("ledger.tree_chain.put_undone", keep_indices),
        ("ledger.state.State.move", keep_the_cache),
        ("ledger.branch_state.BranchState.get_cached", see_the_head),
    ],
)
def test_a_ledger_that_undoes_badly_is_found(
    place: str, bug: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, bug)
    assert any(is_found(seed) for seed in range(20))


def is_found(seed: int) -> bool:
    """Does a storm end in a violation, or does a database not open any more."""
    try:
        return run_ledger_seed(STORM, seed).violation is not None
    except LedgerError:
        return True
