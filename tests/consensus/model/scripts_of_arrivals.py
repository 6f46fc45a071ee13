"""Scripted arrivals for detectors: regular, late, in bursts, silent, before and after GST."""

from consensus.model.detector_quality import Arrival


def beat(peer: int, every_ms: int, until_ms: int, *, since_ms: int = 0) -> list[Arrival]:
    """A heartbeat from `since_ms` on, the first one period later."""
    return [(at_ms, peer) for at_ms in range(since_ms + every_ms, until_ms + 1, every_ms)]


def jitter(arrivals: list[Arrival], spread_ms: int) -> list[Arrival]:
    """Each arrival late by an amount that looks irregular and is the same in every run."""
    return sorted((at + at * 7_919 // 13 % (spread_ms + 1), peer) for at, peer in arrivals)


def hold_until(arrivals: list[Arrival], from_ms: int, to_ms: int) -> list[Arrival]:
    """What would have come between the two comes all at once at the second."""
    return sorted((to_ms if from_ms <= at < to_ms else at, peer) for at, peer in arrivals)


def before_gst(peer: int, gst_ms: int, gaps_ms: tuple[int, ...]) -> list[Arrival]:
    """Arrivals with these gaps, again and again, up to GST."""
    arrivals: list[Arrival] = []
    at_ms = 0
    while (at_ms := at_ms + gaps_ms[len(arrivals) % len(gaps_ms)]) < gst_ms:
        arrivals.append((at_ms, peer))
    return arrivals
