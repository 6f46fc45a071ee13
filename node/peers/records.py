"""Values that come into the peer layer and go out of it."""

from collections.abc import Set  # noqa: PYI025 - read only here
from dataclasses import dataclass

from node.errors import NodeError
from node.identity import PUBLIC_KEY_BYTES
from node.wire import Role, Status


class AddressError(NodeError):
    """Text that is not `host:port`, or a key that is not 64 hexadecimal digits."""

    reason = "bad-peer-address"


@dataclass(frozen=True, slots=True)
class PeerAddress:
    """Where to call a peer. With `public_key` (32 bytes) only that very node will do."""

    host: str
    port: int
    public_key: bytes | None = None

    @classmethod
    def parse(cls, address: str, public_key: str | None = None) -> "PeerAddress":
        """From `host:port` (`[::1]:port` for IPv6) and a key in hex; raises `AddressError`."""
        host, colon, port = address.rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise AddressError(f"{address!r} is not host:port")
        return cls(host, int(port), None if public_key is None else _parse_key(public_key))

    def __str__(self) -> str:
        """`host:port`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def _parse_key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != PUBLIC_KEY_BYTES:
        raise AddressError(f"{text!r} is not a public key")
    return key


@dataclass(frozen=True, slots=True)
class Network:
    """What makes a node one of this network.

    `authority` and `certificate` are PEM (the network's, and this node's); `chain_id` is 32 bytes;
    `members` the public keys of the validators, also of later ones: the set may grow. Other nodes with a certificate are followers. In an
    `is_open` network everybody is, and there is neither authority nor certificate.
    """

    chain_id: bytes
    authority: bytes
    certificate: bytes
    members: Set[bytes]
    is_open: bool = False

    @classmethod
    def open(cls, chain_id: bytes, members: Set[bytes]) -> "Network":
        """A network that anybody may join."""
        return cls(chain_id, b"", b"", members, is_open=True)


@dataclass(frozen=True, slots=True)
class PeerInfo:
    """One connected peer, as it is now.

    `score` is its decaying penalty: 0 is good, at the limits' `ban_threshold` it is shut out.
    `since` is on the monotonic clock. `latency_ms` is the last ping's round trip, `queued_bytes`
    what waits here to be sent, `silent_ms` for how long this node has listened and heard nothing.
    """

    peer_id: bytes
    name: str
    address: str
    role: str
    outbound: bool
    since: float
    score: float
    frames_in: int
    frames_out: int
    bytes_in: int
    bytes_out: int
    queued_bytes: int
    status: Status | None
    latency_ms: float | None
    silent_ms: int


def role_name(role: Role) -> str:
    """The role as people read it."""
    return role.name.lower()
