"""SHA-256 with a domain before every kind of content, so that no hash can stand for another kind.

The domain is an ASCII name with a version and a final zero byte; no domain is a prefix of another.
"""

from hashlib import sha256

HASH_SIZE_BYTES = 32

TRANSACTION_DOMAIN = b"quorate/transaction/1\x00"
PAYLOAD_DOMAIN = b"quorate/payload/1\x00"
PAYLOADS_DOMAIN = b"quorate/payloads/1\x00"
HEADER_CORE_DOMAIN = b"quorate/header-core/1\x00"
HEADER_DOMAIN = b"quorate/header/1\x00"
CONTENT_DOMAIN = b"quorate/content/1\x00"
GENESIS_DOMAIN = b"quorate/genesis/1\x00"
STATE_KEY_DOMAIN = b"quorate/state-key/1\x00"
STATE_VALUE_DOMAIN = b"quorate/state-value/1\x00"
STATE_BUCKET_DOMAIN = b"quorate/state-bucket/1\x00"
STATE_INNER_DOMAIN = b"quorate/state-inner/1\x00"


def hash_with_domain(domain: bytes, content: bytes) -> bytes:
    """The 32-byte hash of `content` as the kind of thing that `domain` names."""
    return sha256(domain + content).digest()


def compute_payload_digest(payload: bytes) -> bytes:
    """The name of one ordered value; engines compute the same one without knowing the ledger."""
    return sha256(PAYLOAD_DOMAIN + payload).digest()


def compute_payloads_digest(values: tuple[bytes, ...]) -> bytes:
    """The digest that a header carries for what was decided at its height.

    One value: its own digest. None (a null): the digest of the empty value. Several: the hash of
    their digests in order.
    """
    if len(values) <= 1:
        return compute_payload_digest(values[0] if values else b"")
    return hash_with_domain(PAYLOADS_DOMAIN, b"".join(map(compute_payload_digest, values)))
