"""The signatures of votes: made on the way out, verified once on the way in."""

from collections import OrderedDict
from typing import Any

from consensus.committee import ReplicaId
from consensus.message import Message, SignedPart, sign_message
from ledger.keys import KeyPair, verify
from node.stages import Stages

REMEMBERED_MAX = 20_000
"""Verified signatures kept, so that votes repeated inside certificates cost nothing: some 10 MB."""

REMEMBERED_BODY_BYTES_MAX = 256
"""Votes are shorter. View changes are not: they come once or twice, and may be megabytes."""


class Votes:
    """Signs for one replica and verifies for all; `keys` maps replica ids to public keys."""

    def __init__(
        self, context: bytes, keys: dict[ReplicaId, bytes], own: KeyPair, stages: Stages
    ) -> None:
        self._stages = stages
        self._context = context
        self._keys = keys
        self._own = own
        self._verified: OrderedDict[SignedPart, None] = OrderedDict()

    def sign(self, message: Any) -> Any:
        """Fill the empty signatures of an outgoing message."""
        with self._stages.measure("votes"):
            return sign_message(message, lambda body: self._own.sign(self._context + body))

    def hold(self, message: Message) -> bool:
        """Does every signature in `message` hold, each by a member of the committee."""
        with self._stages.measure("votes"):
            return all(self._holds(part) for part in message.signed_parts())

    def _holds(self, part: SignedPart) -> bool:
        if part in self._verified:
            self._verified.move_to_end(part)
            return True
        key = self._keys.get(part.signer)
        if key is None or not verify(key, self._context + part.body, part.signature):
            return False
        if len(part.body) > REMEMBERED_BODY_BYTES_MAX:
            return True
        self._verified[part] = None
        if len(self._verified) > REMEMBERED_MAX:
            self._verified.popitem(last=False)
        return True
