"""The page of a running node of each engine, after real traffic: complete, documented, conventional."""

import asyncio
import subprocess
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from consensus import catalog
from node.measures.catalogue import FOREIGN, list_families
from node.node import Node
from node.samples import Samples
from tests.node.support import PATIENCE_S, QUICK_ENGINE, Cluster, quick_peers, until
from tests.node.tree_support import QUICK_TREE

QUICK: Mapping[str, Mapping[str, int]] = {
    "pbft": QUICK_ENGINE,
    "pow": QUICK_TREE,
}
QUICK_OTHERS = {"checkpoint_interval": 4, "idle_block_ms": 40}
WORKERS = {"pow": 1}


async def fetch_page(node: Node) -> str:
    """What a scrape of the node gets."""
    url = f"http://127.0.0.1:{node.api_port}/metrics"
    headers = {"Accept": "text/plain"}
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as reply:
        assert reply.status == 200
        return await reply.text()


async def fetch_settled(node: Node) -> str:
    """A page of the node at rest: with load it may be behind, or miss somebody, for a moment."""
    async with asyncio.timeout(PATIENCE_S):
        while not is_settled(Samples(page := await fetch_page(node))):  # noqa: ASYNC110 - a scrape
            await asyncio.sleep(0.01)
    return page


def is_settled(samples: Samples) -> bool:
    """Does it serve, with nothing waiting, linked to everybody."""
    value = samples.value
    return (
        value("quorate_state", state="ready") == 1
        and value("quorate_mempool_oldest_age_seconds") == 0
        and value("quorate_members_connected") == 2
    )


async def run_some(cluster: Cluster) -> tuple[str, str]:
    """Start, pay, refuse, restart one node, pay again; pages of one that stayed and the other."""
    await cluster.start()
    await cluster.until_linked()
    first = cluster.pay(5)
    await cluster.submit(0, first)
    await cluster.nodes[0].service.submit([b"nothing", cluster.build(10**6).raw])
    await cluster.until_final(first)
    await cluster.stop(1)
    await until(lambda: len(cluster.nodes[0].peers.connected()) == 1)
    away = await fetch_page(cluster.nodes[0])
    await cluster.start(1)
    await cluster.until_linked()
    second = cluster.pay(5)
    await cluster.submit(1, second)
    await cluster.until_final(second)
    await until(lambda: all(node.core.chain.final_height > 0 for node in cluster.running))
    await until(lambda: has_met_everybody(cluster.nodes[0]))
    return away, await fetch_settled(cluster.nodes[0])


def has_met_everybody(node: Node) -> bool:
    """Has every peer said where it stands, and answered a ping."""
    peers = node.peers.connected()
    return all(peer.status is not None and peer.latency_ms is not None for peer in peers)


@pytest.fixture(params=catalog.names())
async def pages(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str, str]:
    engine = str(request.param)
    workers = WORKERS.get(engine, 0)
    with quick_peers(pytest.MonkeyPatch()):
        parameters = QUICK.get(engine, QUICK_OTHERS)
        cluster = Cluster.create(
            tmp_path, 3, parameters=parameters, engine=engine, mining__workers=workers
        )
        try:
            away, page = await run_some(cluster)
        finally:
            await cluster.close()
    return engine, away, page


async def test_the_page_is_complete_and_conventional(
    pages: tuple[str, str, str], promtool: Path
) -> None:
    engine, away, page = pages
    check_documented(engine, page)
    check_convention(promtool, page)
    check_values(engine, Samples(page))
    check_absence(Samples(away))


def check_documented(engine: str, page: str) -> None:
    """What is shown is what the table says, with the labels that it says."""
    shown = {
        family.name + {"counter": "_total", "info": "_info"}.get(family.type, ""): family
        for family in text_string_to_metric_families(page)
        if not family.name.startswith(FOREIGN)
    }
    shown["quorate_build_info"] = shown.pop("quorate_build_info")
    documented = {one.name: one for one in list_families() if engine in one.engines}
    assert set(shown) == set(documented)
    for name, family in shown.items():
        assert family.documentation == documented[name].text
        assert family.samples, f"{name} has no sample after traffic"
        for sample in family.samples:
            assert set(sample.labels) - {"le"} == set(documented[name].labels), name


def check_convention(promtool: Path, page: str) -> None:
    """Prometheus's own checker says nothing."""
    checked = subprocess.run(
        [promtool, "check", "metrics"], input=page.encode(), capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def check_values(engine: str, samples: Samples) -> None:
    """Some of what must have happened."""
    value = samples.value
    assert value("quorate_transactions_total", outcome="final") >= 5
    assert value("quorate_submit_to_final_seconds_count") == 5
    assert value("quorate_submit_to_included_seconds_count") == 5
    rejections = samples.by_label("quorate_mempool_rejections_total", "reason", source="client")
    assert rejections["tx-malformed"] == rejections["tx-nonce-too-far"] == 1
    assert value("quorate_block_size_bytes_sum") > 1_000
    assert value("quorate_members_connected") == value("quorate_members_expected") == 2
    assert value("quorate_members_heard") == value("quorate_committee_size") == 3
    assert set(samples.by_label("quorate_member_connected", "member").values()) == {1.0}
    assert value("quorate_database_size_bytes") > 0
    assert 0 < value("quorate_disk_free_bytes") <= value("quorate_disk_size_bytes")
    assert value("quorate_state", state="ready") == 1
    assert value("quorate_mempool_oldest_age_seconds") == 0
    for direction in ("in", "out"):
        said = samples.by_label("quorate_engine_messages_total", "kind", direction=direction)
        sizes = samples.by_label("quorate_engine_message_bytes_total", "kind", direction=direction)
        assert set(said) == set(sizes)
        assert all(sizes[kind] > count for kind, count in said.items() if count)
        assert any(said.values())
    phases = samples.by_label("quorate_engine_phase", "phase")
    assert set(phases) == set(catalog.get(engine).phases)
    assert sum(phases.values()) == 1


def check_absence(samples: Samples) -> None:
    """While a member was away, it was the one that was missed."""
    assert samples.value("quorate_members_connected") == 1
    connected = samples.by_label("quorate_member_connected", "member")
    assert connected == {"validator-1": 0.0, "validator-2": 1.0}
    assert samples.value("quorate_peer_links_total", change="down") >= 1
