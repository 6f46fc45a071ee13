"""What hosts fetch from each other: blocks above their heads, and certificates by name."""

from typing import TYPE_CHECKING

from consensus.events import Offered
from consensus.message import Height

if TYPE_CHECKING:
    from consensus.simulation.cluster import Cluster
    from consensus.simulation.host import Host

OFFERED_BLOCKS = 64
"""Blocks fetched at once."""
POLL_MS = 500
"""How often hosts compare their heights, where the committee changes."""


def find_blocks(cluster: "Cluster", host: "Host", height: Height) -> None:
    """Some connected host that is further serves its next blocks, two message delays later."""
    delay_ms = 2 * cluster.links.quality.delay_ms_max
    cluster.later(host, delay_ms, serve_blocks, cluster, host, height)


def poll(cluster: "Cluster") -> None:
    """Where the committee changes, hosts also ask by themselves, as nodes do.

    One that was away for two changes has no engine to tell it that it is behind, and who follows
    hears of no certificate; that of a committee's last height is asked for by name.
    """
    highest = max((host.height for host in cluster.hosts.values()), default=0)
    for host in cluster.hosts.values():
        if host.is_up and host.height < highest:
            find_blocks(cluster, host, highest)
        for height in host.list_uncertified_changes() if host.is_up else ():
            delay_ms = 2 * cluster.links.quality.delay_ms_max
            cluster.later(host, delay_ms, serve_certificate, cluster, host, height)
    cluster.timeline.schedule(POLL_MS, poll, cluster)


def serve_blocks(cluster: "Cluster", host: "Host", height: Height) -> None:
    """Choose a server and hand its blocks above the head to a host's engine."""
    head = host.height
    servers = [
        other
        for other in cluster.hosts.values()
        if other.is_up
        and other.height > head
        and not other.is_paused
        and cluster.links.is_connected(other.place, host.place)
    ]
    if not servers:
        return
    cluster.history.probes["blocks-offered"] += 1
    server = cluster.chance.choose(servers)
    certificates = server.application.certificates
    for block in server.application.blocks[head : min(height, head + OFFERED_BLOCKS)]:
        certificate = certificates.get(block.height)
        host.feed(Offered(block.height, block.values, block.seal, certificate))


def serve_certificate(cluster: "Cluster", host: "Host", height: Height) -> None:
    """The first connected host that holds the certificate of a height serves it."""
    for server in cluster.hosts.values():
        if not server.is_up or server.is_paused:
            continue
        certificate = server.application.certificates.get(height)
        if certificate and cluster.links.is_connected(server.place, host.place):
            host.take_certificate(server.application.blocks[height - 1], certificate)
            return
