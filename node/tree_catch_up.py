"""How far behind is a node whose engine finds and fetches branches by itself.

Nobody here fetches anything; the answer only says when clients may be sent here. Peers are strangers
perhaps, so what one of them tells counts for nothing: the lower median of all does.
"""

from consensus.message import Height
from ledger.ledger import Ledger
from node.peers.network import Peers

FAR_HEIGHTS = 8


class TreeCatchUp:
    """Reads what connected peers tell of their heights."""

    fetched_heights = 0
    """The engine finds and fetches branches by itself."""

    def __init__(self, chain: Ledger, peers: Peers) -> None:
        self._chain = chain
        self._peers = peers

    @property
    def is_catching_up(self) -> bool:
        """Are most others far ahead."""
        return self.target() > self._chain.height + FAR_HEIGHTS

    def target(self) -> Height:
        """The height that most peers have reached, as they say."""
        told = sorted(peer.status.height for peer in self._peers.connected() if peer.status)
        return told[(len(told) - 1) // 2] if told else 0
