"""What engines with checkpoints share: which certificates are kept, and in which order they count.

A light client believes a committee because the one before certified a block that names it. So the
last height of a committee is certified before anything above: whoever holds a later certificate can
then lead others there from the genesis.
"""

from typing import Protocol, TypeVar

from consensus.committee import Former
from consensus.message import Height

T = TypeVar("T")


class Certifying(Protocol):
    """What a replica's record says of committees and certificates."""

    until: Height | None
    former: Former | None
    certified: Height
    ledger_certified: Height


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
