r"""What stands under a block of a tree, where the miner has executed it before anybody agrees.

```text
value   = [payload, transaction root (32), state root (32), receipts root (32)]
content = SHA-256("quorate/content/1\0" [payload digest (32), transaction root (32),
                                         state root (32), receipts root (32)])
```

The engine judges headers by height, parent, time, content and claim alone; the value is the
preimage of the content. The block's time stands in its header only, so the payload's is 0.
"""

from hashlib import sha256

import msgspec

from ledger.block import Header, Payload, decode_payload
from ledger.codec import Codec, Hash, encode
from ledger.errors import PayloadError
from ledger.hashing import CONTENT_DOMAIN, compute_payload_digest
from ledger.limits import Limits
from ledger.merkle import compute_root
from ledger.reasons import Reason
from ledger.validation import check_payload


class Content(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A payload, and where it leads: the roots after the block."""

    payload: bytes
    transaction_root: Hash
    state_root: Hash
    receipts_root: Hash


_contents: Codec[Content] = Codec(
    Content, PayloadError, Reason.PAYLOAD_MALFORMED, Reason.PAYLOAD_NOT_CANONICAL
)


def encode_value(header: Header, payload: bytes) -> bytes:
    """The value of a block with this header."""
    roots = (header.transaction_root, header.state_root, header.receipts_root)
    return encode(Content(payload, *roots))


def decode_value(value: bytes) -> Content:
    """What a value spells; its payload is not looked into. Raises `PayloadError`."""
    return _contents.decode(value)


def compute_content(header: Header) -> bytes:
    """The digest that stands for everything below the engine's own fields."""
    roots = (header.transaction_root, header.state_root, header.receipts_root)
    return _hash(header.payload_digest, *roots)


def compute_value_content(content: Content) -> bytes:
    """The same digest, also of a value whose payload is none."""
    roots = (content.transaction_root, content.state_root, content.receipts_root)
    return _hash(compute_payload_digest(content.payload), *roots)


def _hash(*digests: bytes) -> bytes:
    return sha256(CONTENT_DOMAIN + encode(digests)).digest()


def check_content(content: Content, limits: Limits) -> Payload:
    """Whatever can be judged of a block's content without bodies and state.

    Raises `PayloadError`: of another form, beyond the limits, with a time of its own, or with a
    transaction root that is not that of its ids.
    """
    payload = check_payload(content.payload, limits)
    if payload.timestamp_ms:
        raise PayloadError(Reason.BLOCK_TIME_TWICE, "the payload of a tree's block has no time")
    if compute_root(payload.split_ids()) != content.transaction_root:
        raise PayloadError(Reason.BLOCK_BAD_ROOTS, "the transaction root is not that of the ids")
    return payload


def make_header(height: int, parent: bytes, time_ms: int, claim: bytes, content: Content) -> Header:
    """The ledger's header of a block; raises `PayloadError` if the payload is none."""
    return Header(
        height=height,
        parent=parent,
        payload_digest=compute_payload_digest(content.payload),
        transaction_root=content.transaction_root,
        state_root=content.state_root,
        receipts_root=content.receipts_root,
        timestamp_ms=time_ms,
        proposer=decode_payload(content.payload).proposer,
        claim=claim,
    )
