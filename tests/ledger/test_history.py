import pytest

from ledger import history as history_module
from ledger import state_tree
from ledger.errors import ProofError
from ledger.leaves import hash_value
from ledger.light import verify_state_proof
from ledger.reasons import Reason
from ledger.store.schema import UNDO, prefix_range
from tests.ledger.support import ALICE, BOB, GENESIS, STRANGER, World, make_key, transfer


def proved_balance(world: World, key: bytes) -> tuple[int, int]:
    """(height, balance) as a light client learns it."""
    proof = world.chain.prove_account(key)
    verified = verify_state_proof(GENESIS, proof, world.judge())
    return verified.header.height, getattr(verified.leaf, "balance", 0)


def run(world: World, heights: int) -> None:
    """At each height Alice pays 1 to Bob and 1 to somebody new."""
    for _ in range(heights):
        nonce = world.chain.account(ALICE.public_key).nonce
        newcomer = make_key(5_000 + nonce).public_key
        world.order(transfer(nonce=nonce), transfer(nonce=nonce + 1, to=newcomer))


def test_before_any_certificate_the_genesis_state_is_proved() -> None:
    world = World()
    assert proved_balance(world, BOB.public_key) == (0, 1_000)
    run(world, 5)
    assert proved_balance(world, BOB.public_key) == (0, 1_000)
    assert proved_balance(world, make_key(5_000).public_key) == (0, 0)


@pytest.mark.parametrize("certified", [1, 2, 19, 20])
def test_the_state_at_the_certified_height_is_proved(certified: int) -> None:
    """At 1 and 2 its tree is no longer kept and has to be worked out."""
    world = World()
    run(world, 20)
    world.certify(certified)
    assert proved_balance(world, BOB.public_key) == (certified, 1_000 + certified)
    assert proved_balance(world, make_key(5_000).public_key) == (certified, 1)
    newest = make_key(5_000 + 2 * 19).public_key
    assert proved_balance(world, newest) == (certified, int(certified == 20))
    run(world, 12)
    assert proved_balance(world, BOB.public_key) == (certified, 1_000 + certified)


def test_after_a_restart_as_well() -> None:
    world = World()
    run(world, 20)
    world.certify(4)
    world.chain = world.reopen()
    assert proved_balance(world, BOB.public_key) == (4, 1_004)
    assert proved_balance(world, STRANGER) == (4, 0)
    run(world, 3)
    world.certify(22)
    assert proved_balance(world, BOB.public_key) == (22, 1_022)


def test_undos_below_the_certified_height_are_removed() -> None:
    world = World()
    run(world, 10)
    assert len(list(world.store.scan(*prefix_range(UNDO)))) == 11
    world.certify(7)
    assert len(list(world.store.scan(*prefix_range(UNDO)))) == 4
    assert sorted(world.chain._history._undos) == [8, 9, 10]


def test_memory_and_disk_are_bounded_without_certificates(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(history_module, "UNDO_HEIGHTS_MAX", 6)
    monkeypatch.setattr("ledger.chain.UNDO_HEIGHTS_MAX", 6)
    world = World()
    run(world, 20)
    assert len(world.chain._history._undos) == 6
    assert len(world.chain._history._roots) <= history_module.ROOTS_MAX
    assert len(list(world.store.scan(*prefix_range(UNDO)))) <= 8
    for chain in (world.chain, world.reopen()):
        with pytest.raises(ProofError) as caught:
            chain.prove_account(BOB.public_key)
        assert caught.value.reason is Reason.PROOF_UNAVAILABLE
    world.certify(18)
    assert proved_balance(world, BOB.public_key) == (18, 1_018)


def test_few_trees_are_kept() -> None:
    world = World()
    run(world, 30)
    world.certify(2)
    run(world, 30)
    assert len(world.chain._history._roots) <= history_module.ROOTS_MAX


def test_nothing_is_kept_of_what_was_undone() -> None:
    leaf = hash_value(b"leaf")
    roots = [state_tree.build([(bytes([height]) * 32, leaf)]) for height in range(4)]
    history = history_module.StateHistory(0, 0, roots[0])
    for height in range(1, 4):
        history.push(height, roots[height], {bytes([height]) * 32: None})
    history.rewind(1, roots[1])
    history.push(2, roots[3], {b"\x09" * 32: b"old"})
    assert history.find_leaf(bytes([2]) * 32) == (False, None)
    assert history.find_leaf(bytes([3]) * 32) == (False, None)
    assert history.find_leaf(b"\x09" * 32) == (True, b"old")
    assert sorted(history._roots) == [0, 1, 2]
    assert sorted(history._undos) == [1, 2]
