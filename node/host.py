"""Between one engine and the rest of the node: replicas are peers here, messages are frames."""

from collections.abc import Callable

import structlog

from consensus.effects import (
    Accuse,
    Behind,
    Broadcast,
    Certify,
    Check,
    Decide,
    Diverge,
    Ignore,
    Request,
    Send,
)
from consensus.errors import DecodeError
from consensus.events import Event, Received
from consensus.message import Message
from node.core import Core
from node.driver import Driver
from node.errors import NodeError
from node.ordering import Ordering
from node.peers.network import Peers
from node.sync import Sync
from node.votes import Votes
from node.wire import Consensus, FrameTooLargeError

_log = structlog.get_logger(__name__)

BAD_MESSAGE_WEIGHT = 20
BAD_SIGNATURE_WEIGHT = 50


class DivergenceError(NodeError):
    """A quorum certified another block than the one executed here: this node must not go on."""

    reason = "diverged"


class EngineHost:
    """Performs what leaves the engine, and lets in what its peers say.

    A follower has no replica of its own: it hears nothing and says nothing.
    """

    def __init__(
        self, core: Core, votes: Votes, on_failure: Callable[[BaseException], None]
    ) -> None:
        self._me = core.me
        self._keys = core.validators
        self._ids = {key: replica for replica, key in self._keys.items()}
        self._others = [key for replica, key in self._keys.items() if replica != core.me]
        self._spec = core.spec
        self._chain = core.chain
        self._metrics = core.metrics
        self._votes = votes
        self._on_failure = on_failure
        self.alarms: list[str] = []

    def connect(self, driver: Driver, ordering: Ordering, peers: Peers, sync: Sync) -> None:
        """Name those who are made after this."""
        self._driver, self._ordering, self._peers, self._sync = driver, ordering, peers, sync

    def post(self, event: Event) -> None:
        """Hand the engine an event of this node's own."""
        self._driver.post(event)

    async def on_consensus(self, peer: bytes, frame: Consensus) -> None:
        """A peer's message: decode, verify, and wait until the engine has taken it."""
        sender = self._ids.get(peer)
        if sender is None:
            self._peers.penalise(peer, "consensus-not-a-validator", BAD_MESSAGE_WEIGHT)
            return
        try:
            message = self._spec.messages.decode(frame.data)
        except DecodeError:
            self._peers.penalise(peer, "consensus-malformed", BAD_MESSAGE_WEIGHT)
            return
        if not self._votes.hold(message):
            self._peers.penalise(peer, "consensus-bad-signature", BAD_SIGNATURE_WEIGHT)
            return
        await self._driver.deliver(Received(sender, message))

    # Effects

    def send(self, effect: Send) -> None:
        """To one replica."""
        message = self._votes.sign(effect.message)
        if effect.to == self._me:
            self.post(Received(effect.to, message))
        elif key := self._keys.get(effect.to):
            self._put(message, [key])

    def broadcast(self, effect: Broadcast) -> None:
        """To every replica, this one included."""
        message = self._votes.sign(effect.message)
        self._put(message, self._others)
        if self._me is not None:
            self.post(Received(self._me, message))

    def _put(self, message: Message, keys: list[bytes]) -> None:
        """To some peers. What is too large for a frame is lost, as links may lose anything."""
        try:
            self._peers.broadcast(Consensus(self._spec.messages.encode(message)), only=keys)
        except FrameTooLargeError as error:
            _log.error("a message is too large to be sent", detail=error.detail)

    def request(self, effect: Request) -> None:
        """A value is wanted."""
        self._ordering.request(effect)

    def check(self, effect: Check) -> None:
        """A value is to be judged."""
        self._ordering.check(effect)

    def decide(self, effect: Decide) -> None:
        """A height is decided."""
        seal = self._spec.seals.encode(effect.seal)
        self._ordering.decide(effect.height, effect.values, seal)

    def certify(self, effect: Certify) -> None:
        """A block id is certified."""
        self._chain.certify(effect.height, self._spec.certificates.encode(effect.certificate))

    def catch_up(self, effect: Behind) -> None:
        """Others are further."""
        self._sync.on_behind(effect.height)

    def accuse(self, effect: Accuse) -> None:
        """Proof of misbehaviour: an alarm for people; the protocol goes on."""
        self._metrics.evidence.inc()
        self.alarms.append(f"replica {effect.offender} signed two votes that clash")
        _log.error("evidence of misbehaviour", offender=effect.offender)

    def ignore(self, effect: Ignore) -> None:
        """Counted by refusal."""
        self._metrics.engine_ignored.labels(effect.refusal).inc()

    def diverge(self, effect: Diverge) -> None:
        """Stop and say so."""
        self._metrics.divergence.set(1)
        self._on_failure(
            DivergenceError(
                f"at height {effect.height} a quorum certified block {effect.certified.hex()},"
                f" but this node executed {effect.own.hex()}",
                advice="keep the home folder for examination; start a new home and let it catch up",
            )
        )
