from hashlib import sha256

import pytest

from consensus.message import NULL_DIGEST, compute_digest
from ledger import hashing
from ledger.hashing import compute_payload_digest, compute_payloads_digest

DOMAINS = {name: value for name, value in vars(hashing).items() if name.endswith("_DOMAIN")}


def test_domains_are_distinct_and_prefix_free() -> None:
    values = list(DOMAINS.values())
    assert len(set(values)) == len(values) >= 9
    for domain in values:
        assert domain.startswith(b"quorate/")
        assert domain.index(b"\x00") == len(domain) - 1


@pytest.mark.parametrize("value", [b"", b"x", b"payload" * 100])
def test_the_payload_digest_is_the_one_that_engines_vote_on(value: bytes) -> None:
    assert compute_payload_digest(value) == compute_digest(value)


def test_digest_of_what_a_height_decided() -> None:
    assert compute_payloads_digest(()) == NULL_DIGEST
    assert compute_payloads_digest((b"a",)) == compute_digest(b"a")
    both = sha256(b"quorate/payloads/1\x00" + compute_digest(b"a") + compute_digest(b"b")).digest()
    assert compute_payloads_digest((b"a", b"b")) == both
    assert compute_payloads_digest((b"b", b"a")) != both
