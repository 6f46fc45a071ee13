"""Between one engine and the rest of the node: replicas are peers here, messages are frames."""

import secrets
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

import structlog

from consensus.block import TreeBlock
from consensus.committee import ReplicaId
from consensus.effects import (
    Accuse,
    Alert,
    Behind,
    Broadcast,
    Certify,
    Check,
    Decide,
    Diverge,
    Ignore,
    Readable,
    Request,
    Send,
    Toss,
)
from consensus.errors import ContractError, DecodeError
from consensus.events import Event, Received, Tag, Tossed
from consensus.message import Message
from node.core import Core
from node.driver import Driver, TreeEffect
from node.engine_counts import EngineCounts
from node.errors import NodeError
from node.ordering import Ordering
from node.peers.network import Peers
from node.reading import Reads
from node.roster import Roster
from node.sync import Sync
from node.votes import Votes
from node.wire import Consensus, FrameTooLargeError

_log = structlog.get_logger(__name__)

BAD_MESSAGE_WEIGHT = 20
BAD_SIGNATURE_WEIGHT = 50


Part = TypeVar("Part")


class TreeSide(Protocol):
    """What serves an engine of block trees."""

    def perform(self, effect: TreeEffect) -> None:
        """Do what the engine asks."""


class DivergenceError(NodeError):
    """A quorum certified another block than the one executed here: this node must not go on."""

    reason = "diverged"


class EngineHost:
    """Performs what leaves the engine, and lets in what its peers say.

    A follower has no replica of its own. Where a committee decides it hears nothing and says nothing;
    where membership is open it hears and passes on.
    """

    def __init__(
        self, core: Core, votes: Votes, on_failure: Callable[[BaseException], None]
    ) -> None:
        self._seats = core.seats
        self.roster = Roster(core.spec, core.seats)
        self._spec = core.spec
        self._core = core
        self._metrics = core.metrics
        self._counts = EngineCounts(core.metrics)
        self._votes = votes
        self._on_failure = on_failure
        self.alarms: list[str] = []
        self._alerts: set[str] = set()
        """The kinds of broken assumptions that were told already."""
        self.heard_at: dict[ReplicaId, float] = {}
        """When a message of each member last came, on the monotonic clock."""
        self.accused_at: dict[ReplicaId, list[float]] = {}
        """When proof of misbehaviour of each was seen, on the monotonic clock."""
        self.is_behind: Callable[[], bool] = lambda: False
        """May there be members that this node has not heard of yet."""
        self.on_alarm: Callable[[str, str], None] = lambda _alarm, _detail: None
        """Told of each safety alarm: its name, and what happened."""
        self.on_toss: Callable[[Tag], None] | None = None
        """Asked for each common coin; None where nobody deals them."""

    def connect(
        self,
        driver: Driver,
        ordering: Ordering | None,
        peers: Peers,
        sync: Sync | None,
        tree: "TreeSide | None" = None,
        *,
        reads: Reads | None = None,
    ) -> None:
        """Name those who are made after this.

        Ordering and catch-up serve decisions, `tree` a tree of blocks, `reads` engines that answer
        them; what the engine's contract does not ask for is None.
        """
        self._driver, self._peers = driver, peers
        self._decisions, self._catch_up, self._tree = ordering, sync, tree
        self._reads = reads

    def post(self, event: Event) -> None:
        """Hand the engine an event of this node's own."""
        self._driver.post(event)

    async def on_consensus(self, peer: bytes, frame: Consensus) -> None:
        """A peer's message: decode, verify, and wait until the engine has taken it."""
        sender = self.roster.find(peer)
        if sender is None:
            weight = 0 if self.is_behind() else BAD_MESSAGE_WEIGHT
            self._peers.penalise(peer, "consensus-not-a-validator", weight)
            return
        try:
            message = self._spec.messages.decode(frame.data)
        except DecodeError:
            self._peers.penalise(peer, "consensus-malformed", BAD_MESSAGE_WEIGHT)
            return
        self._counts.heard(message, len(frame.data))
        if not self._votes.hold(message):
            self._peers.penalise(peer, "consensus-bad-signature", BAD_SIGNATURE_WEIGHT)
            return
        if self._seats.committee.is_member(sender):
            self.heard_at[sender] = time.monotonic()
        await self._driver.deliver(Received(sender, message))

    def on_peer_change(self, peer: bytes, *, is_up: bool) -> None:
        """A peer has come or gone; whoever watches it for the engine hears of that."""
        self.roster.on_peer_change(peer, is_up=is_up)
        if (replica := self.roster.find(peer)) is not None:
            self._driver.on_link(replica, is_up=is_up)

    # Effects

    def send(self, effect: Send) -> None:
        """To one replica."""
        message = self._votes.sign(effect.message)
        if effect.to == self._seats.voice:
            self.post(Received(effect.to, message))
        elif key := self.roster.key(effect.to):
            self._put(message, [key])

    def broadcast(self, effect: Broadcast) -> None:
        """To every replica, this one included."""
        message = self._votes.sign(effect.message)
        self._put(message, self.roster.others)
        if (voice := self._seats.voice) is not None:
            self.post(Received(voice, message))

    def _put(self, message: Message, keys: list[bytes]) -> None:
        """To some peers. What is too large for a frame is lost, as links may lose anything."""
        data = self._spec.messages.encode(message)
        self._counts.said(message, len(data), len(keys))
        try:
            self._peers.broadcast(Consensus(data), only=keys)
        except FrameTooLargeError as error:
            _log.error("a message is too large to be sent", detail=error.detail)

    def request(self, effect: Request) -> None:
        """A value is wanted."""
        self._serve(self._decisions, effect).request(effect)

    def check(self, effect: Check) -> None:
        """A value is to be judged."""
        self._serve(self._decisions, effect).check(effect)

    def decide(self, effect: Decide) -> None:
        """A height is decided."""
        seal = self._spec.seals.encode(effect.seal)
        self._serve(self._decisions, effect).decide(effect.height, effect.values, seal)

    def certify(self, effect: Certify) -> None:
        """A block id is certified."""
        certificate = self._spec.certificates.encode(effect.certificate)
        self._core.decisions.certify(effect.height, certificate)

    def catch_up(self, effect: Behind) -> None:
        """Others are further."""
        self._serve(self._catch_up, effect).on_behind(effect.height)

    def answer_read(self, effect: Readable) -> None:
        """A ticket's height is known."""
        self._serve(self._reads, effect).on_readable(effect)

    def toss(self, effect: Toss) -> None:
        """A coin of this node's own, or of all members."""
        if effect.common:
            self._serve(self.on_toss, effect)(effect.tag)
        else:
            self.post(Tossed(effect.tag, secrets.randbits(1)))

    def grow(self, effect: TreeEffect) -> None:
        """A tree of blocks grows."""
        self._serve(self._tree, effect).perform(effect)

    def share(self, block: TreeBlock, to: ReplicaId | None) -> None:
        """A block, as the message it is, to one replica or to all others."""
        if to is None:
            self._put(block, self.roster.others)
        elif (key := self.roster.key(to)) and to != self._seats.voice:
            self._put(block, [key])

    def _serve(self, part: Part | None, effect: object) -> Part:
        """The part of the node that serves an effect."""
        if part is None:
            raise ContractError(f"{type(effect).__name__}: nothing here serves it")
        return part

    def accuse(self, effect: Accuse) -> None:
        """Proof of misbehaviour: an alarm for people; the protocol goes on."""
        self._metrics.evidence.inc()
        self.accused_at.setdefault(effect.offender, []).append(time.monotonic())
        detail = f"replica {effect.offender} signed two votes that clash"
        self.alarms.append(detail)
        self.on_alarm("evidence", detail)
        _log.error("evidence of misbehaviour", offender=effect.offender)

    def alert(self, effect: Alert) -> None:
        """An assumption is broken: an alarm for people, once for each kind; the engine knows what to do."""
        _log.warning("broken assumption", alert=effect.alert, detail=effect.detail)
        if effect.alert not in self._alerts:
            self._alerts.add(effect.alert)
            self.alarms.append(f"{effect.alert}: {effect.detail}")
            self.on_alarm(effect.alert, effect.detail)

    def ignore(self, effect: Ignore) -> None:
        """Counted by refusal."""
        self._metrics.engine_ignored.labels(effect.refusal).inc()

    def diverge(self, effect: Diverge) -> None:
        """Stop and say so."""
        self._metrics.divergence.set(1)
        error = DivergenceError(
            f"at height {effect.height} the network agreed on block {effect.certified.hex()},"
            f" but {effect.own.hex()} is final here",
            advice="keep the home folder for examination; start a new home and let it catch up",
        )
        self.on_alarm("divergence", error.detail)
        self._on_failure(error)
