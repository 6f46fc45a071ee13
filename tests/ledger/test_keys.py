import threading

import pytest

from ledger.errors import KeyMaterialError
from ledger.keys import KeyPair, verify, verify_many
from ledger.reasons import Reason
from tests.ledger.support import ALICE, BOB

# RFC 8032, section 7.1: seed, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
            "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e"
            "458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290"
            "ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493


@pytest.mark.parametrize(("seed", "public_key", "message", "signature"), RFC_8032)
def test_vectors_of_rfc_8032(seed: str, public_key: str, message: str, signature: str) -> None:
    key = KeyPair(bytes.fromhex(seed))
    assert key.public_key.hex() == public_key
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert verify(key.public_key, bytes.fromhex(message), bytes.fromhex(signature))


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_seed_has_32_bytes(size: int) -> None:
    with pytest.raises(KeyMaterialError) as caught:
        KeyPair(bytes(size))
    assert caught.value.reason is Reason.KEY_BAD_SEED


def test_every_flipped_bit_is_noticed() -> None:
    message, signature = b"message", ALICE.sign(b"message")
    for bit in range(len(signature) * 8):
        flipped = bytearray(signature)
        flipped[bit // 8] ^= 1 << bit % 8
        assert not verify(ALICE.public_key, message, bytes(flipped))
    assert not verify(ALICE.public_key, b"messagf", signature)
    assert not verify(BOB.public_key, message, signature)


@pytest.mark.parametrize(
    ("key_size", "signature_size"), [(31, 64), (33, 64), (32, 63), (32, 65), (0, 0)]
)
def test_wrong_lengths_verify_nothing(key_size: int, signature_size: int) -> None:
    assert not verify(bytes(key_size), b"m", bytes(signature_size))


def test_a_second_spelling_of_the_scalar_is_refused() -> None:
    signature = ALICE.sign(b"m")
    scalar = int.from_bytes(signature[32:], "little") + GROUP_ORDER
    assert not verify(ALICE.public_key, b"m", signature[:32] + scalar.to_bytes(32, "little"))


def test_a_public_key_of_small_order_signs_nothing() -> None:
    identity = b"\x01" + bytes(31)
    assert not verify(identity, b"m", identity + bytes(32))


def test_many_at_once_in_order() -> None:
    good, bad = (ALICE.public_key, b"m", ALICE.sign(b"m")), (BOB.public_key, b"m", bytes(64))
    assert verify_many([good, bad, good]) == [True, False, True]
    assert verify_many([]) == []


def test_many_in_threads() -> None:
    work = [(ALICE.public_key, b"%d" % i, ALICE.sign(b"%d" % i)) for i in range(50)]
    answers: list[list[bool]] = []
    threads = [threading.Thread(target=lambda: answers.append(verify_many(work))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [[True] * 50] * 4


def test_a_key_pair_does_not_print_its_secret() -> None:
    assert ALICE.seed.hex() not in repr(ALICE)
    assert ALICE.public_key.hex() in repr(ALICE)
