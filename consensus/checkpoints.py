"""What engines with checkpoints share: which certificates are kept, and in which order they count.

A light client believes a committee because the one before certified a block that names it. So the
last height of a committee is certified before anything above: whoever holds a later certificate can
then lead others there from the genesis.
"""

from collections.abc import Iterator
from typing import Any, Protocol, TypeVar

from consensus.committee import Former
from consensus.effects import Certify, Diverge
from consensus.events import Applied
from consensus.message import Height

T = TypeVar("T")


class Intervals(Protocol):
    """How far apart checkpoints are."""

    @property
    def checkpoint_interval(self) -> int:
        """In heights."""


class Certifying(Protocol):
    """What a replica's record says of committees and certificates."""

    until: Height | None
    former: Former | None
    applied: Height
    certified: Height
    ledger_certified: Height
    own_checkpoints: dict[Height, bytes]
    handover: Any

    @property
    def parameters(self) -> Intervals:
        """The network's numbers."""


def is_announced(replica: Certifying, event: Applied) -> bool:
    """Does another committee come where it may: at the last height that was known to be the former's."""
    is_checkpoint = event.height % replica.parameters.checkpoint_interval == 0
    return replica.until == event.height and is_checkpoint


def lacks_handover(replica: Certifying) -> bool:
    """Does the former committee's last height have no certificate here."""
    former = replica.former
    return former is not None and max(replica.certified, replica.ledger_certified) < former.height


def is_out_of_turn(replica: Certifying, height: Height) -> bool:
    """Has the certificate of `height` to wait for that of the former committee's last height."""
    former = replica.former
    return former is not None and height > former.height and lacks_handover(replica)


def is_last_height(replica: Certifying, height: Height) -> bool:
    """Does a committee end here, the former one or, as far as is known, the present one."""
    former = replica.former
    return height == replica.until or (former is not None and height == former.height)


def forget_oldest(kept: dict[Height, T], most: int, replica: Certifying) -> None:
    """Keep the newest of something that each checkpoint height has, and what ends a committee."""
    for old in sorted(kept)[:-most]:
        if not is_last_height(replica, old):
            del kept[old]


def certify_in_turn(replica: Certifying, waiting: dict[Height, Any]) -> Iterator[Certify | Diverge]:
    """Hand each certificate that waits to the ledger, once its height is applied and the ids agree.

    Ends with `Diverge` where they do not: the caller halts.
    """
    for height in sorted(waiting):
        if height > replica.applied or is_out_of_turn(replica, height):
            return
        certificate = waiting.pop(height)
        certified = certificate.votes[0].body.block_id
        own = replica.own_checkpoints.get(height, certified)
        if own != certified:
            yield Diverge(height, own, certified)
            return
        replica.certified = height
        if replica.former is not None and height == replica.former.height:
            replica.handover = certificate
        forget_certified(replica.own_checkpoints, height)
        yield Certify(height, certificate)


def forget_certified(kept: dict[Height, T], height: Height) -> None:
    """At or below a certified height nothing of this kind is of use any more."""
    for old in [old for old in kept if old <= height]:
        del kept[old]
