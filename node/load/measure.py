"""One measurement: a rate, for so many seconds, to finality on every node."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import msgspec

from node.client import Client
from node.load.accounts import VALID_HEIGHTS, Drafts
from node.load.errors import LoadError
from node.load.heights import POLL_S, Heights
from node.load.latency import compute_percentile, summarise_latencies
from node.load.open_loop import Landing, OpenLoop, Shot, make_session
from node.load.profile import Profile, compute_profile, read_consumption
from node.load.signing import sign_batches
from node.load.traffic import TrafficShare, compute_share

DRAIN_TIMEOUT_S = 30.0
UNDISTURBED_S = 1.0
"""After the last answer, before blocks are read: the nodes finish what they have."""
SUSTAINED_SHARE = 0.97
SUSTAINED_DRAIN_S = 2.5


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """What a rate came to. Times are seconds unless they say otherwise.

    `tx_per_second` is all that became final on all nodes, divided by the time from the first
    intended sending to the last finality, and at least `seconds`; `drain_seconds` is how much of
    that lies beyond `seconds`.
    """

    offered_per_second: float
    seconds: float
    sent: int
    accepted: int
    refused: int
    unanswered: int
    final: int
    tx_per_second: float
    drain_seconds: float
    latency_ms: dict[str, float | None]
    generator_late_ms_p99: float
    blocks: int
    transactions_per_block: float

    @property
    def is_sustained(self) -> bool:
        """Everything sent was taken and became final, soon after the end."""
        return (
            self.final == self.sent
            and self.tx_per_second >= SUSTAINED_SHARE * self.offered_per_second
            and self.drain_seconds <= SUSTAINED_DRAIN_S
        )

    def to_plain(self) -> dict[str, Any]:
        """For JSON."""
        return msgspec.structs.asdict(self) | {"sustained": self.is_sustained}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a rate came to, and what it cost."""

    measurement: Measurement
    profile: Profile
    traffic: TrafficShare


class Range:
    """The network under fire, the accounts, and the workers that sign.

    `formula` is what one height costs by the engine's own reckoning: messages by kind.
    """

    def __init__(
        self,
        clients: Sequence[Client],
        chain_id: bytes,
        drafts: Drafts,
        pool: ProcessPoolExecutor,
        batch_size: int,
        *,
        formula: Mapping[str, int],
    ) -> None:
        self._clients = list(clients)
        self._urls = [str(client.url) for client in clients]
        self._chain_id = chain_id
        self._drafts = drafts
        self._batch_size = batch_size
        self._pool = pool
        self._formula = formula

    async def measure(self, rate: float, seconds: float) -> Finding:
        """Sign everything, then send it at `rate` transactions a second for `seconds`.

        Profile and traffic cover the time from the first sending until the network has come to rest.
        Raises `LoadError` where a node does not answer at the start.
        """
        async with make_session() as session:
            heights = Heights(session, self._urls)
            first = [await heights.read_height(node) for node in range(len(self._urls))]
            known = [height for height in first if height is not None]
            if len(known) < len(first):
                raise LoadError("not every node answers", reason="node-silent")
            shots = await asyncio.to_thread(self._make_shots, rate, seconds, max(known))
            heights.start()
            try:
                before = await read_consumption(self._clients)
                landings = await OpenLoop(session, self._urls).run(shots)
                volley = Volley(rate, self._batch_size, shots, landings)
                await asyncio.sleep(UNDISTURBED_S)
                after = await read_consumption(self._clients)
                blocks = await collect_blocks(heights, min(known), volley)
            finally:
                await heights.close()
        measurement = draw_measurement(volley, blocks, heights)
        count = measurement.final
        return Finding(
            measurement=measurement,
            profile=compute_profile(before, after, count),
            traffic=compute_share(before.traffic, after.traffic, count, self._formula),
        )

    def _make_shots(self, rate: float, seconds: float, height: int) -> list[Shot]:
        """Batches in turn to the nodes, evenly spaced."""
        spacing_s = self._batch_size / rate
        count = max(1, int(seconds / spacing_s))
        nodes = [number % len(self._urls) for number in range(count)]
        drafts = [self._drafts.make_batch(node) for node in nodes]
        signed = sign_batches(self._pool, self._chain_id, height + VALID_HEIGHTS, drafts)
        return [
            Shot(batch, node, number * spacing_s)
            for number, (batch, node) in enumerate(zip(signed, nodes, strict=True))
        ]


class Volley:
    """Everything that was sent in one measurement, and what was answered."""

    def __init__(
        self, rate: float, batch_size: int, shots: Sequence[Shot], landings: Sequence[Landing]
    ) -> None:
        self.rate = rate
        self.batch_size = batch_size
        self.landings = landings
        self.intended_at = {
            shot.batch.ids[at : at + 32]: landing.intended_at
            for shot, landing in zip(shots, landings, strict=True)
            for at in range(0, len(shot.batch.ids), 32)
        }

    @property
    def accepted(self) -> int:
        """Transactions that a node took."""
        return sum(one.counts.accepted + one.counts.known for one in self.landings)

    @property
    def refused(self) -> int:
        """Transactions that were refused one by one, or with their whole batch."""
        return sum(
            self.batch_size if one.status >= 300 else one.counts.rejected for one in self.landings
        )

    @property
    def unanswered(self) -> int:
        """Transactions of batches without an answer."""
        return sum(self.batch_size for one in self.landings if not one.status)


async def collect_blocks(heights: Heights, after: int, volley: Volley) -> dict[int, list[bytes]]:
    """Our transactions in each block above `after`, until all accepted ones are on all nodes."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + DRAIN_TIMEOUT_S
    blocks: dict[int, list[bytes]] = {}
    found, next_height = 0, after + 1
    while found < volley.accepted and loop.time() < deadline:
        while next_height <= heights.lowest():
            ids = await heights.read_ids(next_height)
            blocks[next_height] = [id_ for id_ in ids if id_ in volley.intended_at]
            found += len(blocks[next_height])
            next_height += 1
        await asyncio.sleep(POLL_S)
    return blocks


def draw_measurement(
    volley: Volley, blocks: dict[int, list[bytes]], heights: Heights
) -> Measurement:
    """Join what was sent with where it became final."""
    started = volley.landings[0].intended_at
    ended = volley.landings[-1].intended_at
    spacing_s = volley.batch_size / volley.rate
    latencies: list[float] = []
    last, used = ended + spacing_s, 0
    for height, ids in blocks.items():
        reached_at = heights.reached_at(height)
        if not ids or reached_at is None:
            continue
        used += 1
        last = max(last, reached_at)
        latencies.extend(reached_at - volley.intended_at[id_] for id_ in ids)
    late = sorted(landing.late_s for landing in volley.landings)
    return Measurement(
        offered_per_second=round(volley.rate, 1),
        seconds=round(ended - started + spacing_s, 3),
        sent=len(volley.intended_at),
        accepted=volley.accepted,
        refused=volley.refused,
        unanswered=volley.unanswered,
        final=len(latencies),
        tx_per_second=round(len(latencies) / (last - started), 1),
        drain_seconds=round(max(0.0, last - ended - spacing_s), 3),
        latency_ms=summarise_latencies(latencies),
        generator_late_ms_p99=round(compute_percentile(late, 99) * 1000, 1),
        blocks=used,
        transactions_per_block=round(len(latencies) / used, 1) if used else 0.0,
    )
