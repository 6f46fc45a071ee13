"""Common coins between real nodes: sockets, databases, restarts, bad shares."""

import base64
import json
import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from consensus import catalog
from consensus.benor.messages import Coin, Kept
from consensus.chaining.messages import Noted
from ledger.coin.keys import CoinKeys
from ledger.coin.log import encode_tag, load
from ledger.coin.shares import SecretShare, make_share
from ledger.genesis import Genesis
from ledger.keys import KeyPair
from ledger.store.leveldb import LevelStore
from ledger.transaction import Reconfigure, build
from node.coins.service import Coins
from node.coins.share_file import SHARE_FILE, CoinShareError, format_share, load_share
from node.config import ConfigError
from node.hosting.bundle import load_bundle, save_bundle
from node.hosting.errors import HostingError
from node.hosting.install import install
from node.hosting.network import admit, create_hosted
from node.hosting.plan import HostedNode, HostPlan
from node.hosting.secret import make_secret
from node.journal import Journal
from node.logs.masking import mask_text
from node.node import Node
from node.secret_files import SecretFileError, write_secret
from node.testnet.homes import GENESIS_FILE
from node.wire import CoinShare
from tests.node.conftest import MakeCluster
from tests.node.support import FAR, Cluster, penalties, until

NAME = "benor"
"""With a common coin: four agreements at each height of four members, each with a coin a round."""
COMMON = {"common_coin": 1}
QUICK = {
    "checkpoint_interval": 4,
    "window": 16,
    "idle_block_ms": 40,
    "resend_ms": 80,
    **COMMON,
}
TAGS = [(1, author, 1) for author in range(4)]
"""The first coins that there are."""


@pytest.fixture
async def cluster(make_cluster: MakeCluster) -> Cluster:
    """Four validators, one of which may fail, and a follower."""
    return make_cluster(4, 1, parameters=QUICK, engine=NAME)


def coins_of(node: Node) -> Coins:
    assert node.coins is not None
    return node.coins


def list_faces(node: Node) -> dict[tuple[int, ...], int | None]:
    return {coin.tag: coin.face for coin in coins_of(node).book}


async def pay(cluster: Cluster, index: int = 0, count: int = 3) -> None:
    """Payments through one node, executed by all that run."""
    payments = cluster.pay(count)
    await cluster.submit(index, payments)
    await cluster.until_final(payments)


async def test_nodes_decide_by_coins_that_all_see_alike_before_and_after_a_crash(
    cluster: Cluster,
) -> None:
    await cluster.start()
    await cluster.until_linked()
    for index in range(3):
        await pay(cluster, index)
    await cluster.crash(1)
    assert_noted(cluster.homes[1])
    await pay(cluster, 2)
    await cluster.start(1)
    await pay(cluster, 1)
    await cluster.until_level()
    cluster.assert_agreement()
    height = cluster.nodes[0].core.chain.height
    assert height >= 5
    merged: dict[tuple[int, ...], int] = {}
    for index in range(4):
        for tag, face in list_faces(cluster.nodes[index]).items():
            assert face is None or merged.setdefault(tag, face) == face
    assert len(merged) >= 4 * height
    assert list_faces(cluster.nodes[4]) == {}
    held = {reason for node in cluster.running for reason in penalties(node)}
    assert not [reason for reason in held if reason.startswith(("coin-", "frame-"))]
    metrics = cluster.nodes[0].core.metrics
    assert metrics.coin_shares.labels("taken")._value.get() >= height
    assert metrics.coin_seconds._sum.get() > 0


def assert_noted(home: Path) -> None:
    """What a journal says of coins stands beside it, and tells the same."""
    journal = Journal.open(home / "data" / "journal")
    journal.close()
    records = [catalog.get(NAME).records.decode(data) for data in journal.records]
    store = LevelStore(home / "data" / "db")
    notes = load(store)
    store.close()
    followed = {
        (record.height, record.record.author, record.record.record.round): record.record.record
        for record in records
        if isinstance(record, Noted) and isinstance(record.record, Kept)
    }
    coins = {tag: one.face for tag, one in followed.items() if isinstance(one, Coin)}
    assert coins.items() <= notes.items()
    assert notes


async def test_a_bad_share_is_named_and_the_coin_is_seen(cluster: Cluster) -> None:
    """One validator says nothing but bad shares, the three others go on."""
    await cluster.start(0, 1, 2)
    liar = await cluster.impersonate(3)
    await liar.until_linked(3)
    own = load_share(cluster.homes[3] / SHARE_FILE, coins_of(cluster.nodes[0])._keys, 3)
    share = make_share(own, cluster.genesis.chain_id + encode_tag((2,)))
    liar.say(*(CoinShare(tag, share.point, share.proof, is_wanted=True) for tag in TAGS))
    services = [coins_of(node) for node in cluster.running]
    await until(lambda: all(service.book.find(tag) for service in services for tag in TAGS))
    await pay(cluster)
    faces = [list_faces(node) for node in cluster.running]
    assert faces[0] == faces[1] == faces[2]
    assert sum(penalties(node).get("coin-bad-proof", 0) for node in cluster.running) >= 1


async def test_the_committee_of_a_coin_is_fixed(cluster: Cluster) -> None:
    await cluster.start(0, 1, 2)
    key = KeyPair(cluster.identity(0).seed)
    change = Reconfigure(add=cluster.identity(4).public_key, remove=b"", faults=1)
    vote = build(cluster.genesis.chain_id, key, 0, 0, FAR, change)
    await cluster.submit(0, [vote])
    await cluster.until_final([vote])
    view = cluster.nodes[0].service.transaction(vote.id)
    assert view is not None
    assert view.reason == "tx-committee-fixed"
    assert cluster.nodes[0].core.seats.until is None


# Homes


@pytest.fixture
def alone(make_cluster: MakeCluster) -> Cluster:
    """One validator, not started."""
    return make_cluster(1, 1, parameters=QUICK, engine=NAME)


async def refuse(cluster: Cluster, kind: type[Exception], reason: str) -> None:
    node = cluster.make(0)
    with pytest.raises(kind) as caught:
        await node.start()
    assert str(getattr(caught.value, "reason", None)) == reason


def test_a_validators_share_lies_beside_its_key_and_is_as_secret(cluster: Cluster) -> None:
    for home in cluster.homes.values():
        path = home / SHARE_FILE
        is_validator = home.name != "node4"
        assert path.exists() == is_validator
        assert not is_validator or stat.S_IMODE(path.stat().st_mode) == 0o600
    genesis = cluster.genesis
    assert len(genesis.commitments) == genesis.faults + 1 == 2
    texts = [path.read_text() for path in cluster.network.home.glob("*.json")]
    secret = json.loads((cluster.homes[0] / SHARE_FILE).read_text())["secret"]
    assert not [text for text in texts if secret in text]


async def test_no_log_shows_a_share(alone: Cluster) -> None:
    secret = json.loads((alone.homes[0] / SHARE_FILE).read_text())["secret"]
    await alone.start(0)
    assert secret not in mask_text(f"it is {secret}")


async def test_a_member_alone_makes_its_coins_alone(alone: Cluster) -> None:
    await alone.start(0)
    await pay(alone)
    assert None not in list_faces(alone.nodes[0]).values()


async def test_coins_are_on_disk_before_what_follows_from_them(
    alone: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alone.start(0)
    node, order = alone.nodes[0], list[str]()
    with monkeypatch.context() as patch:
        patch.setattr(node.coins, "write", lambda: order.append("coins"))
        patch.setattr(node.journal, "write", lambda _taken: order.append("journal"))
        node._sync_all((False, []))
    assert order == ["coins", "journal"]


async def test_a_share_that_is_missing_exposed_or_foreign_is_refused(alone: Cluster) -> None:
    path = alone.homes[0] / SHARE_FILE
    good = path.read_bytes()
    path.chmod(0o640)
    await refuse(alone, SecretFileError, "key-file-exposed")
    path.unlink()
    await refuse(alone, SecretFileError, "key-file-missing")
    other = SecretShare.make(0, (7).to_bytes(32, "little"))
    write_secret(path, format_share(other))
    await refuse(alone, CoinShareError, "coin-share-foreign")
    path.write_bytes(good)
    await alone.start(0)


async def test_a_genesis_without_the_coin_is_refused(alone: Cluster) -> None:
    path = alone.homes[0] / GENESIS_FILE
    genesis = Genesis.from_json(path.read_bytes())
    path.write_text(replace(genesis, commitments=()).to_json())
    await refuse(alone, ConfigError, "coin-missing")


def test_networks_of_other_engines_have_no_coin(make_cluster: MakeCluster) -> None:
    cluster = make_cluster(4)
    assert cluster.genesis.commitments == ()
    assert not list(cluster.network.home.rglob(SHARE_FILE))


def test_a_hosted_networks_bundles_carry_the_shares(tmp_path: Path) -> None:
    nodes = tuple(HostedNode(f"v{number}", f"v{number}.net", 1_000) for number in range(4))
    plan = HostPlan(engine=NAME, parameters=COMMON, nodes=nodes)
    network = create_hosted(tmp_path / "net", plan)
    larger, added = admit(network, HostedNode("late", "late.net", 1_000))
    bundles = [load_bundle(larger.bundle(node)) for node in larger.plan.nodes]
    assert [SHARE_FILE in bundle.files for bundle in bundles] == [True] * 4 + [False]
    home = tmp_path / "home"
    install(bundles[2], home, 1.0, bundles[2].genesis.timestamp_ms)
    assert stat.S_IMODE((home / SHARE_FILE).stat().st_mode) == 0o600
    keys = CoinKeys.derive(bundles[2].genesis.commitments, 4)
    assert load_share(home / SHARE_FILE, keys, 2).index == 2
    assert not install(bundles[2], home, 1.0, bundles[2].genesis.timestamp_ms).is_new
    secret = make_secret(larger)
    assert "coin_share" in base64.b64decode(secret["data"]["v1"]).decode()
    mixed = {**bundles[1].files, SHARE_FILE: bundles[2].files[SHARE_FILE]}
    save_bundle(tmp_path / "mixed", "v1", {key: text.encode() for key, text in mixed.items()})
    with pytest.raises(HostingError) as caught:
        load_bundle(tmp_path / "mixed")
    assert caught.value.reason == "bundle-malformed"
    assert added.role == "follower"
