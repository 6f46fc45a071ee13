"""Where a peer's frame goes."""

from node.bodies import BodyExchange
from node.coins.service import Coins
from node.core import Core
from node.gossip import Gossip
from node.host import EngineHost
from node.peers.network import Peers
from node.sync import read_blocks
from node.wire import (
    Announce,
    Answer,
    AnyFrame,
    Blocks,
    CoinShare,
    Consensus,
    GetBlocks,
    GetBodies,
    Request,
    Status,
    Transactions,
)

UNEXPECTED_WEIGHT = 5


class FrameRouter:
    """Hands each kind of frame to the part that understands it."""

    def __init__(
        self,
        core: Core,
        host: EngineHost,
        gossip: Gossip,
        bodies: BodyExchange,
        peers: Peers,
        *,
        coins: Coins | None = None,
    ) -> None:
        self._chain = core.chain
        self._host = host
        self._gossip = gossip
        self._bodies = bodies
        self._peers = peers
        self._coins = coins
        self._heights_max = core.config.sync.heights_per_request_max

    async def on_frame(self, peer: bytes, frame: AnyFrame) -> None:
        """Returns when the peer's next frame may be read."""
        match frame:
            case Consensus():
                await self._host.on_consensus(peer, frame)
            case Transactions():
                self._gossip.on_transactions(peer, frame)
            case Announce():
                self._gossip.on_announce(peer, frame)
            case CoinShare() if self._coins is not None:
                self._coins.on_share(peer, frame)
            case Status():
                return
            case _:
                self._peers.penalise(peer, "frame-unexpected", UNEXPECTED_WEIGHT)

    async def on_request(self, peer: bytes, request: Request) -> Answer:
        """The answer to a peer's request."""
        del peer
        match request:
            case GetBodies():
                return self._bodies.answer(request)
            case GetBlocks():
                return Blocks(request.request, read_blocks(self._chain, request, self._heights_max))
