"""What hosts say on its way: what really leaves a liar, copies on links, and what arrives."""

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

from consensus.committee import ReplicaId
from consensus.errors import DecodeError
from consensus.events import Received
from consensus.message import Signed
from consensus.simulation.history import Saying
from consensus.simulation.links import Address
from consensus.simulation.parcel import Parcel
from consensus.simulation.signatures import is_genuine
from consensus.simulation.telling import name_message

if TYPE_CHECKING:
    from consensus.simulation.cluster import Cluster
    from consensus.simulation.host import Host


def say(cluster: "Cluster", host: "Host", to: ReplicaId | None, message: Any) -> None:
    """Send to one or to all others; a liar's behaviour decides what really leaves."""
    behaviour = cluster.behaviours.get(host.place)
    if behaviour is not None:
        for receiver in [to] if to is not None else list(cluster.addresses):
            if receiver != host.name and receiver in cluster.addresses:
                for delay_ms, said in behaviour.say(receiver, message):
                    say_lie(cluster, host, receiver, delay_ms, said)
        return
    is_own = isinstance(message, Signed) and message.signer == host.name
    if is_own and host.name not in cluster.history.byzantine:
        cluster.promises.see(Saying(host.name, message))
    put(cluster, host, to, message, cluster.spec.messages.encode(message))


def say_lie(cluster: "Cluster", host: "Host", to: ReplicaId, delay_ms: int, message: Any) -> None:
    """What a liar says has to decode and to verify, or nobody hears it."""
    codec = cluster.spec.messages
    try:
        data = codec.encode(message)
        message = codec.decode(data)
    except DecodeError:
        cluster.history.probes["malformed-dropped"] += 1
        return
    if not is_genuine(message):
        cluster.history.probes["forgery-dropped"] += 1
        return
    cluster.history.probes["lie-told"] += 1
    if delay_ms:
        cluster.later(host, delay_ms, put, cluster, host, to, message, data)
    else:
        put(cluster, host, to, message, data)


def put(cluster: "Cluster", host: "Host", to: ReplicaId | None, message: Any, data: bytes) -> None:
    """Number a message and put its copies on the links."""
    cluster.messages += 1
    number = cluster.messages
    cluster.run_digest.add(data)
    if cluster.trace is not None:
        cluster.trace.note_sent(cluster.now_ms, host.place, to, message, number)
    parcel = Parcel(host.place, host.name, message, number, host.depth + 1)
    copies = 0
    for place in cluster.hosts if to is None else cluster.addresses.get(to, ()):
        if cluster.hosts[place].name != host.name:
            copies += 1
            transmit(cluster, parcel, place)
    kind = name_message(message)
    cluster.sent[kind] += copies
    cluster.sent_bytes[kind] += copies * len(data)


def transmit(cluster: "Cluster", parcel: Parcel, to: Address) -> None:
    """Carry copies of a message over a link."""
    origin = parcel.origin
    held = cluster.links.clogged.get((origin, to)) if cluster.links.clogged else None
    if held is not None:
        held.append(parcel)
        cluster.history.probes["link-clogged"] += 1
        return
    timeline = cluster.timeline
    delays = cluster.links.draw_delays_ms(origin, to, parcel.message, timeline.now_ms)
    for delay_ms in delays:
        timeline.schedule(delay_ms, deliver, cluster, parcel, to)
    if not delays and cluster.trace is not None:
        cluster.trace.note_copy("lose", timeline.now_ms, origin, to, parcel)


def deliver(cluster: "Cluster", parcel: Parcel, to: Address) -> None:
    """A copy arrives, if its receiver is up and still connected."""
    host = cluster.hosts[to]
    now_ms = cluster.timeline.now_ms
    if host.engine is None or (parcel.origin, to) in cluster.links.cut:
        if cluster.trace is not None:
            cluster.trace.note_copy("lose", now_ms, parcel.origin, to, parcel)
        return
    cluster.run_digest.add(b"%d %d %d" % (now_ms, to, parcel.number))
    if cluster.trace is not None:
        cluster.trace.note_copy("receive", now_ms, to, parcel.sender, parcel)
    host.depth = max(host.depth, parcel.depth)
    behaviour = cluster.behaviours.get(to) if cluster.behaviours else None
    if behaviour is not None:
        for other, (delay_ms, said) in behaviour.hear(parcel.sender, parcel.message):
            say_lie(cluster, host, other, delay_ms, said)
    host.feed(Received(parcel.sender, parcel.message))


def unclog(cluster: "Cluster", pairs: Iterable[tuple[Address, Address]]) -> None:
    """Let go what links have held back, all at once."""
    for pair in pairs:
        for parcel in cluster.links.clogged.pop(pair, ()):
            transmit(cluster, parcel, pair[1])


def hasten(cluster: "Cluster", places: Collection[Address], within_ms: int) -> None:
    """What these have under way to each other arrives within a bound: so DLS 1988 have GST."""

    def is_meant(action: Callable[..., None], arguments: tuple[Any, ...]) -> bool:
        if action is not deliver:
            return False
        _, parcel, to = arguments
        return parcel.origin in places and to in places

    cluster.timeline.hasten(is_meant, within_ms)
