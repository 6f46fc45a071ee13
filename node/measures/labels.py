"""The values that labels take: closed sets, so that no stranger can make a node keep series for him."""

from ledger.reasons import Blame, Reason
from node.coins.book import Heard
from node.events.groups import DROPS as DROPS_OF_SUBSCRIBERS
from node.events.kinds import Kind
from node.peers.dialler import CUT_OFF, FAILURE_NAMES
from node.peers.handshake import Refusal
from node.peers.listener import LISTENER_REASONS
from node.peers.scores import WEIGHTS
from node.wire import KINDS, Lane

DIRECTIONS = ("in", "out")
KINDS_OF_FRAMES = tuple(kind.name for kind in KINDS.values())
KINDS_OF_REQUESTS = ("get_bodies", "get_blocks")
OUTCOMES_OF_REQUESTS = ("answered", "declined", "timeout", "failed")
LANES = tuple(lane.name.lower() for lane in Lane)
CHANGES_OF_LINKS = ("up", "down")

OUTCOMES = ("final", "failed", "skipped", "dropped")
SUBMISSIONS = ("accepted", "known", "rejected")
SOURCES = ("client", "peer")
REJECTIONS = tuple(
    reason.value for reason in Reason if reason.value.startswith(("tx-", "mempool-"))
)
"""Why a transaction is not taken."""
DROPS = tuple(
    reason.value
    for reason in (
        Reason.TX_EXPIRED,
        Reason.TX_STALE_NONCE,
        Reason.TX_FEE_UNAFFORDABLE,
        Reason.MEMPOOL_REPLACED,
        Reason.MEMPOOL_EVICTED,
    )
)
"""Why a transaction that was taken leaves without a block."""
EVENTS = tuple(kind.value for kind in Kind)
EVENT_DROPS = tuple(reason.value for reason in DROPS_OF_SUBSCRIBERS)
READS = ("confirmed", "read-unconfirmed", "read-needs-a-voter", "node-stopping")
"""How a linearizable read was prepared, where the engine answers such questions."""

COIN_SHARES = (
    *(heard.value for heard in Heard),
    "coin-not-a-member",
    *(
        reason.value
        for reason in (Reason.COIN_BAD_INDEX, Reason.COIN_BAD_POINT, Reason.COIN_BAD_PROOF)
    ),
)
"""What became of a member's share of a common coin."""

HOST_REFUSALS = (
    "coin-not-a-member",
    Heard.TOO_MANY.value,
    "consensus-not-a-validator",
    "consensus-malformed",
    "consensus-bad-signature",
    "frame-unexpected",
    "frame-handler-failed",
    "request-handler-failed",
    "bodies-bad",
    "sync-bad-blocks",
)
"""What the node holds against its peers besides what the peer layer itself does."""
PEER_REFUSALS = tuple(
    dict.fromkeys(
        [
            *WEIGHTS,
            *HOST_REFUSALS,
            *LISTENER_REASONS,
            *(refusal.value for refusal in Refusal),
            *(reason.value for reason in Reason if reason.blame is Blame.SENDER),
        ]
    )
)
DIAL_FAILURES = tuple(
    dict.fromkeys((*FAILURE_NAMES.values(), CUT_OFF, *(refusal.value for refusal in Refusal)))
)
