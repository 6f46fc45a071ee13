from pathlib import Path

import msgspec
import pytest

from node.config import load_config
from node.hosting.bundle import Bundle, load_bundle
from node.hosting.errors import HostingError
from node.hosting.install import MS_PER_HOUR, Installed, install
from node.hosting.network import HostedNetwork, create_hosted
from node.hosting.plan import HostPlan
from node.identity import load_identity
from node.journal import Journal
from tests.node.hosting.conftest import NODES


@pytest.fixture
def bundle(network: HostedNetwork) -> Bundle:
    return load_bundle(network.bundle(network.plan.nodes[0]))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def is_fresh(home: Path) -> bool:
    journal = Journal.open(home / "data" / "journal")
    journal.close()
    return journal.is_fresh


def test_a_home_that_a_node_can_start_from(home: Path, bundle: Bundle) -> None:
    made = bundle.genesis.timestamp_ms
    assert install(bundle, home, 1, made + 1) == Installed(is_new=True, is_fresh=True)
    config = load_config(home)
    assert (config.name, config.p2p.host, config.api.host) == ("node-0", "0.0.0.0", "127.0.0.1")
    assert [seed.address for seed in config.p2p.seeds] == [
        f"node-{index}.example:26656" for index in (1, 2, 3)
    ]
    assert load_identity(config.key_path) == bundle.identity
    assert is_fresh(home)


@pytest.mark.parametrize(
    ("hours", "age_hours", "fresh"),
    [(0, 0, False), (1, 0.99, True), (1, 1, False), (24, 23, True), (24, 25, False)],
)
def test_only_a_young_network_has_nodes_that_never_voted(
    home: Path, bundle: Bundle, hours: float, age_hours: float, fresh: bool
) -> None:
    now_ms = bundle.genesis.timestamp_ms + int(age_hours * MS_PER_HOUR)
    assert install(bundle, home, hours, now_ms).is_fresh is fresh
    assert (home / "data" / "journal").exists() is fresh


@pytest.mark.parametrize("left", ["journal", "db"])
def test_where_a_node_ran_no_journal_is_made(home: Path, bundle: Bundle, left: str) -> None:
    """The disk of a container that keeps its key in memory: nothing is left but the data."""
    (home / "data").mkdir(parents=True)
    (home / "data" / left).write_bytes(b"as it was")
    done = install(bundle, home, 1, bundle.genesis.timestamp_ms)
    assert done == Installed(is_new=True, is_fresh=False)
    assert (home / "data" / left).read_bytes() == b"as it was"
    assert [path.name for path in (home / "data").iterdir()] == [left]


def test_a_lost_journal_stays_lost(home: Path, bundle: Bundle) -> None:
    now_ms = bundle.genesis.timestamp_ms
    install(bundle, home, 1, now_ms)
    (home / "data" / "journal").unlink()
    assert install(bundle, home, 1, now_ms) == Installed(is_new=False, is_fresh=False)
    assert not (home / "data" / "journal").exists()


def test_again_settings_are_renewed_and_all_else_is_kept(home: Path, bundle: Bundle) -> None:
    install(bundle, home, 1, bundle.genesis.timestamp_ms)
    key = (home / "node_key.json").read_bytes()
    files = dict(bundle.files) | {"config.toml": bundle.files["config.toml"] + "# newer\n"}
    done = install(msgspec.structs.replace(bundle, files=files), home, 0, 0)
    assert done == Installed(is_new=False, is_fresh=False)
    assert (home / "config.toml").read_text(encoding="utf-8").endswith("# newer\n")
    assert (home / "node_key.json").read_bytes() == key
    assert is_fresh(home)
    assert sorted(path.name for path in home.iterdir()) == sorted({*files, "data"})


def test_what_was_cut_short_is_done_again(home: Path, bundle: Bundle) -> None:
    install(bundle, home, 1, bundle.genesis.timestamp_ms)
    (home / "node_key.json").unlink()
    (home / "genesis.json").unlink()
    done = install(bundle, home, 1, bundle.genesis.timestamp_ms)
    assert done == Installed(is_new=True, is_fresh=False)
    assert is_fresh(home), "the journal of the first attempt"
    assert load_identity(home / "node_key.json") == bundle.identity


def test_a_home_of_somebody_else_is_kept(
    home: Path, bundle: Bundle, network: HostedNetwork, tmp_path: Path
) -> None:
    install(bundle, home, 1, bundle.genesis.timestamp_ms)
    other = create_hosted(tmp_path / "other", HostPlan(nodes=NODES))
    neighbour = load_bundle(network.bundle(network.plan.nodes[1]))
    stranger = load_bundle(other.bundle(other.plan.nodes[0]))
    before = (home / "config.toml").read_bytes()
    for wrong in (neighbour, stranger):
        with pytest.raises(HostingError) as failure:
            install(wrong, home, 1, 0)
        assert failure.value.reason == "home-differs"
    (home / "genesis.json").write_text("{}")
    with pytest.raises(HostingError, match="cannot be read"):
        install(bundle, home, 1, 0)
    assert (home / "config.toml").read_bytes() == before
