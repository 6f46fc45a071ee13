"""Every number of the peer layer, with its reason. Tests and hosts may choose others."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class PeerLimits:
    """Times are in seconds, penalties in points (see `scores`)."""

    status_s: float = 1.0
    """A status frame and a ping each so often: heights are never older than this."""

    idle_s: float = 6.0
    """A peer that is not heard for so long is gone: several statuses were missed."""

    stalled_s: float = 15.0
    """A peer that takes no bytes for so long is closed, though it still talks."""

    handshake_s: float = 5.0
    """From the first byte of a connection to the end of the greeting; then the slot is freed."""

    close_s: float = 1.0
    """How long a polite goodbye may take before the connection is cut."""

    request_s: float = 10.0
    """An answer of several MB over a slow line, judged by the asker."""

    redial_min_s: float = 0.25
    redial_max_s: float = 8.0
    """Re-dialling doubles from the first to the second: a restarted node is found within seconds,
    a dead one costs a packet now and then."""

    settled_s: float = 10.0
    """A link that lived so long was good: the next re-dial starts from the minimum again."""

    brief_s: float = 1.0
    """A caller's link that ends sooner was a waste of a TLS handshake, and is counted as such."""

    half_open_max: int = 32
    """Connections that have not greeted yet; strangers can only hold these, `handshake_s` each."""

    followers_max: int = 64
    """Links of nodes that are not members; members are always let in (they are few and known)."""

    half_open_group_max: int = 16
    """Of those, in an open network, from one group of addresses: half, so that one provider's
    strangers cannot shut the door."""

    strangers_group_max: int = 8
    """Links of an open network's strangers from one group of addresses: whoever fills the
    `followers_max` places needs addresses in eight groups."""

    requests_max: int = 4
    """Requests of one peer worked on at a time, either way: answers are megabytes."""

    consensus_frames_max: int = 4_096
    consensus_bytes_max: int = 16 * MIB
    blocks_frames_max: int = 256
    blocks_bytes_max: int = 24 * MIB
    """Three of the largest answers."""

    transactions_frames_max: int = 512
    transactions_bytes_max: int = 8 * MIB
    """Some 40,000 transfers: beyond that the peer learns of them by announcements."""

    write_buffer_bytes: int = 128 * 1024
    """What the transport may hold. Frames in it can no longer be overtaken by consensus."""

    ban_threshold: float = 100.0
    ban_s: float = 60.0
    half_life_s: float = 60.0
    """Penalties halve each minute: a peer that errs now and then stays, one that floods goes."""
