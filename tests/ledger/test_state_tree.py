import math
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import state_tree
from ledger.hashing import STATE_BUCKET_DOMAIN, STATE_INNER_DOMAIN
from ledger.state_tree import BUCKET_LEAVES_MAX, EMPTY, Bucket, Inner, Node

Leaves = dict[bytes, bytes]


def naive_root(leaves: list[tuple[bytes, bytes]], depth: int = 0) -> bytes:
    """The definition, word for word: no node objects, no updates, bits as text."""
    if len(leaves) <= 16:
        packed = b"".join(key + value for key, value in sorted(leaves))
        return sha256(STATE_BUCKET_DOMAIN + packed).digest()
    halves: tuple[list[tuple[bytes, bytes]], list[tuple[bytes, bytes]]] = ([], [])
    for key, value in leaves:
        bits = f"{int.from_bytes(key, 'big'):0256b}"
        halves[int(bits[depth])].append((key, value))
    left, right = (naive_root(half, depth + 1) for half in halves)
    return sha256(STATE_INNER_DOMAIN + left + right).digest()


def key_of(number: int, shared_bits: int = 0) -> bytes:
    """A pseudo-random key hash; the first bits are zero, so that trees can be made deep."""
    key = int.from_bytes(sha256(b"key %d" % number).digest(), "big")
    return (key >> shared_bits).to_bytes(32, "big")


def value_of(number: int) -> bytes:
    return sha256(b"value %d" % number).digest()


def make_leaves(count: int, shared_bits: int = 0) -> Leaves:
    return {key_of(number, shared_bits): value_of(number) for number in range(count)}


def check_invariants(node: Node) -> int:
    """Counts add up, inner nodes are never too small, buckets are sorted and not too large."""
    if isinstance(node, Bucket):
        entries = node.entries
        keys = [entries[at : at + 32] for at in range(0, len(entries), 64)]
        assert keys == sorted(set(keys))
        assert len(keys) <= BUCKET_LEAVES_MAX
        assert node.hash == state_tree.hash_bucket(node.entries)
        return len(keys)
    assert isinstance(node, Inner)
    assert node.count == check_invariants(node.left) + check_invariants(node.right)
    assert node.count > BUCKET_LEAVES_MAX
    assert node.hash == state_tree.hash_inner(node.left.hash, node.right.hash)
    return node.count


@pytest.mark.parametrize("shared_bits", [0, 1, 60, 240])
@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 18, 40, 300])
def test_build_and_update_equal_the_definition(count: int, shared_bits: int) -> None:
    leaves = make_leaves(count, shared_bits)
    expected = naive_root(list(leaves.items()))
    built = state_tree.build(sorted(leaves.items()))
    updated = state_tree.update(EMPTY, leaves)
    assert built.hash == updated.hash == expected
    assert check_invariants(built) == check_invariants(updated) == len(leaves)
    assert list(state_tree.iterate_leaves(built)) == sorted(leaves.items())


def test_keys_that_differ_in_the_last_bits_only() -> None:
    leaves = {number.to_bytes(32, "big"): value_of(number) for number in range(40)}
    tree = state_tree.update(EMPTY, leaves)
    assert tree.hash == naive_root(list(leaves.items())) == state_tree.build(leaves.items()).hash
    _, siblings = state_tree.find_bucket(tree, (39).to_bytes(32, "big"))
    assert len(siblings) > 250


changes_of_one_block = st.dictionaries(
    st.integers(0, 80), st.one_of(st.none(), st.integers(0, 5)), max_size=60
)


@settings(max_examples=150)
@given(st.lists(changes_of_one_block, max_size=6), st.sampled_from([0, 3, 200]))
def test_any_history_ends_in_the_root_of_its_leaves(
    blocks: list[dict[int, int | None]], shared_bits: int
) -> None:
    leaves: Leaves = {}
    tree: Node = EMPTY
    older: list[tuple[Node, Leaves]] = []
    for block in blocks:
        older.append((tree, dict(leaves)))
        changes = {
            key_of(number, shared_bits): None if value is None else value_of(value)
            for number, value in block.items()
        }
        tree = state_tree.update(tree, changes)
        for key, change in changes.items():
            if change is None:
                leaves.pop(key, None)
            else:
                leaves[key] = change
        assert tree.hash == naive_root(list(leaves.items()))
        check_invariants(tree)
    for root, content in older:
        assert dict(state_tree.iterate_leaves(root)) == content
        assert root.hash == naive_root(list(content.items()))


@given(st.lists(st.integers(0, 60), unique=True), st.randoms(use_true_random=False))
def test_order_and_grouping_of_updates_do_not_show(numbers: list[int], random: object) -> None:
    leaves = {key_of(number): value_of(number) for number in numbers}
    together = state_tree.update(EMPTY, leaves)
    shuffled = list(leaves.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one_by_one: Node = EMPTY
    for key, value in shuffled:
        one_by_one = state_tree.update(one_by_one, {key: value})
    assert one_by_one.hash == together.hash


def test_changes_that_change_nothing_keep_the_node_itself() -> None:
    leaves = make_leaves(100)
    tree = state_tree.update(EMPTY, leaves)
    assert state_tree.update(tree, {}) is tree
    assert state_tree.update(tree, dict(list(leaves.items())[:10])) is tree
    assert state_tree.update(tree, {key_of(1000): None}) is tree


def test_untouched_parts_are_shared() -> None:
    tree = state_tree.update(EMPTY, make_leaves(1_000))
    key = key_of(0)
    after = state_tree.update(tree, {key: value_of(7)})
    assert isinstance(tree, Inner)
    assert isinstance(after, Inner)
    far = "right" if key[0] < 128 else "left"
    assert getattr(tree, far) is getattr(after, far)


@pytest.mark.parametrize("count", [0, 1, 16, 17, 500])
def test_every_leaf_and_every_absence_is_provable(count: int) -> None:
    leaves = make_leaves(count)
    tree = state_tree.update(EMPTY, leaves)
    absent = [key_of(number) for number in range(count, count + 50)]
    for key in [*leaves, *absent]:
        bucket, siblings = state_tree.find_bucket(tree, key)
        root = state_tree.compute_root_from_path(key, bucket.entries, siblings)
        assert root == tree.hash
        found = state_tree.find_value_hash(bucket.entries, key)
        assert found == leaves.get(key) == state_tree.get(tree, key)


def test_a_path_is_short() -> None:
    tree = state_tree.update(EMPTY, make_leaves(2_000))
    lengths = [len(state_tree.find_bucket(tree, key_of(n))[1]) for n in range(2_000)]
    assert max(lengths) <= math.log2(2_000 / BUCKET_LEAVES_MAX) + 5


def test_a_bent_proof_leads_elsewhere() -> None:
    leaves = make_leaves(200)
    tree = state_tree.update(EMPTY, leaves)
    key = key_of(5)
    bucket, siblings = state_tree.find_bucket(tree, key)
    without = bucket.entries.replace(key + leaves[key], b"")
    for entries, path in (
        (without, siblings),
        (bucket.entries, siblings[:-1]),
        (bucket.entries, [*siblings, bytes(32)]),
        (bucket.entries, [bytes(32), *siblings[1:]]),
    ):
        assert state_tree.compute_root_from_path(key, entries, path) != tree.hash


@pytest.mark.parametrize("what", ["length", "order", "twice", "many", "deep"])
def test_a_bucket_of_wrong_form_proves_nothing(what: str) -> None:
    leaves = sorted(make_leaves(17).items())
    packed = [key + value for key, value in leaves]
    entries, siblings = {
        "length": (packed[0][:-1], []),
        "order": (packed[1] + packed[0], []),
        "twice": (packed[0] + packed[0], []),
        "many": (b"".join(packed), []),
        "deep": (packed[0], [bytes(32)] * 257),
    }[what]
    assert state_tree.compute_root_from_path(leaves[0][0], entries, siblings) is None


def test_a_key_is_found_only_at_the_place_of_a_key() -> None:
    """The bytes of one leaf's value may be another leaf's key hash."""
    first, second = b"\x01" * 32, b"\x02" * 32
    tree = state_tree.update(EMPTY, {first: second})
    assert state_tree.get(tree, second) is None
    tree = state_tree.update(tree, {second: first})
    assert state_tree.get(tree, second) == first
    assert state_tree.get(tree, first) == second
    tree = state_tree.update(tree, {second: None})
    assert state_tree.get(tree, first) == second


def test_golden_roots() -> None:
    """These bytes are consensus: a change here is a new format version."""
    roots = {count: state_tree.update(EMPTY, make_leaves(count)).hash for count in (0, 1, 16, 100)}
    assert {count: root.hex()[:16] for count, root in roots.items()} == {
        0: "1ab1644d19758085",
        1: "0ee97e3e952f83a7",
        16: "988093240b118a36",
        100: "2afacc2c17d0b896",
    }
