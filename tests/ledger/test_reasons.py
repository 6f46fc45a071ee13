import re

import pytest

from ledger.reasons import Blame, Reason


def test_reasons_are_kebab_case_and_distinct() -> None:
    texts = [reason.value for reason in Reason]
    assert len(set(texts)) == len(texts)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", text) for text in texts)


def test_no_reason_is_an_alias_of_another() -> None:
    assert len(Reason.__members__) == len(list(Reason))


def test_a_reason_reads_as_its_text_and_is_found_by_it() -> None:
    assert f"{Reason.TX_STALE_NONCE}" == "tx-stale-nonce"
    assert Reason("tx-stale-nonce") is Reason.TX_STALE_NONCE


@pytest.mark.parametrize(
    ("reason", "blame"),
    [
        (Reason.TX_BAD_SIGNATURE, Blame.SENDER),
        (Reason.MEMPOOL_FULL, Blame.NOBODY),
        (Reason.TX_STALE_NONCE, Blame.NOBODY),
        (Reason.STORE_CORRUPT, Blame.US),
    ],
)
def test_blame(reason: Reason, blame: Blame) -> None:
    assert reason.blame is blame


def test_texts_never_change() -> None:
    """Clients and dashboards match on these: add, never rename."""
    assert {
        "tx-malformed",
        "tx-not-canonical",
        "tx-too-large",
        "tx-bad-version",
        "tx-wrong-chain",
        "tx-bad-signature",
        "tx-amount-overflow",
        "tx-zero-amount",
        "tx-already-included",
        "tx-already-pending",
        "tx-stale-nonce",
        "tx-nonce-gap",
        "tx-nonce-too-far",
        "tx-expired",
        "tx-insufficient-balance",
        "tx-fee-unaffordable",
        "tx-fee-too-low",
        "mempool-full",
        "mempool-account-full",
        "mempool-underpriced-replacement",
        "mempool-replaced",
        "mempool-evicted",
        "store-locked",
        "store-corrupt",
        "store-bad-format",
        "genesis-foreign",
    } <= {reason.value for reason in Reason}
