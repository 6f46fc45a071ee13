"""Why something was refused, in stable machine-readable words, and who is to blame for it.

A reason never changes its text once it has been released: clients, metrics and logs match on it.
"""

from enum import StrEnum
from typing import Self


class Blame(StrEnum):
    """Whose mistake a refusal is."""

    SENDER = "sender"
    """Whoever handed us these bytes could have known: penalise, never retry unchanged."""
    NOBODY = "nobody"
    """Time, load or another transaction did it; it may work later or elsewhere."""
    US = "us"
    """Our own disk, configuration or bug."""


class Reason(StrEnum):
    """A refusal; the text is the value, `blame` says whose fault it is."""

    blame: Blame

    def __new__(cls, text: str, blame: Blame = Blame.NOBODY) -> Self:
        """A member from its text and blame."""
        member = str.__new__(cls, text)
        member._value_ = text
        member.blame = blame
        return member

    NONE = "none", Blame.NOBODY
    """Nothing went wrong (the receipt of an applied transaction)."""

    # Form: visible in the bytes alone.
    TX_MALFORMED = "tx-malformed", Blame.SENDER
    TX_NOT_CANONICAL = "tx-not-canonical", Blame.SENDER
    TX_TOO_LARGE = "tx-too-large", Blame.SENDER
    TX_BAD_VERSION = "tx-bad-version", Blame.SENDER
    TX_WRONG_CHAIN = "tx-wrong-chain", Blame.SENDER
    TX_BAD_SIGNATURE = "tx-bad-signature", Blame.SENDER
    TX_AMOUNT_OVERFLOW = "tx-amount-overflow", Blame.SENDER
    TX_ZERO_AMOUNT = "tx-zero-amount", Blame.SENDER
    TX_RECORD_KEY_SIZE = "tx-record-key-size", Blame.SENDER
    TX_RECORD_VALUE_SIZE = "tx-record-value-size", Blame.SENDER
    TX_BAD_COMMITTEE_CHANGE = "tx-bad-committee-change", Blame.SENDER

    # State: visible only beside the ledger as it stands.
    TX_ALREADY_INCLUDED = "tx-already-included", Blame.NOBODY
    TX_STALE_NONCE = "tx-stale-nonce", Blame.NOBODY
    TX_NONCE_GAP = "tx-nonce-gap", Blame.NOBODY
    TX_EXPIRED = "tx-expired", Blame.NOBODY
    TX_FEE_UNAFFORDABLE = "tx-fee-unaffordable", Blame.NOBODY
    TX_INSUFFICIENT_BALANCE = "tx-insufficient-balance", Blame.NOBODY

    # Votes for another committee.
    TX_COMMITTEE_FIXED = "tx-committee-fixed", Blame.SENDER
    TX_NOT_A_VALIDATOR = "tx-not-a-validator", Blame.SENDER
    TX_UNKNOWN_MEMBER = "tx-unknown-member", Blame.SENDER
    TX_ALREADY_A_MEMBER = "tx-already-a-member", Blame.SENDER
    TX_COMMITTEE_BOUND = "tx-committee-bound", Blame.SENDER
    TX_CHANGE_UNDER_WAY = "tx-change-under-way", Blame.NOBODY

    # Policy of one node's mempool.
    TX_ALREADY_PENDING = "tx-already-pending", Blame.NOBODY
    TX_NONCE_TOO_FAR = "tx-nonce-too-far", Blame.NOBODY
    TX_FEE_TOO_LOW = "tx-fee-too-low", Blame.NOBODY
    MEMPOOL_FULL = "mempool-full", Blame.NOBODY
    MEMPOOL_ACCOUNT_FULL = "mempool-account-full", Blame.NOBODY
    MEMPOOL_UNDERPRICED = "mempool-underpriced-replacement", Blame.NOBODY
    MEMPOOL_REPLACED = "mempool-replaced", Blame.NOBODY
    MEMPOOL_EVICTED = "mempool-evicted", Blame.NOBODY

    # Payloads, as engines order them.
    PAYLOAD_MALFORMED = "payload-malformed", Blame.SENDER
    PAYLOAD_NOT_CANONICAL = "payload-not-canonical", Blame.SENDER
    PAYLOAD_TOO_MANY = "payload-too-many-transactions", Blame.SENDER
    PAYLOAD_TOO_LARGE = "payload-too-large", Blame.SENDER
    PAYLOAD_DUPLICATE = "payload-duplicate-transaction", Blame.SENDER
    PAYLOAD_TIME_AHEAD = "payload-time-ahead", Blame.NOBODY

    # The chain.
    CHAIN_HEIGHT_GAP = "chain-height-gap", Blame.US
    CHAIN_DECIDED_OTHERWISE = "chain-decided-otherwise", Blame.US
    CHAIN_MISSING_BODIES = "chain-missing-bodies", Blame.NOBODY
    CHAIN_UNKNOWN_BLOCK = "chain-unknown-block", Blame.NOBODY
    CHAIN_UNKNOWN_TRANSACTION = "chain-unknown-transaction", Blame.NOBODY

    # Trees of blocks.
    BLOCK_FOREIGN_CONTENT = "block-foreign-content", Blame.SENDER
    BLOCK_TIME_TWICE = "block-time-twice", Blame.SENDER
    BLOCK_BAD_ROOTS = "block-bad-roots", Blame.SENDER
    BLOCK_SKIPS = "block-skips-transaction", Blame.SENDER
    BLOCK_BAD_BODIES = "block-bad-bodies", Blame.US
    BRANCHES_FULL = "branches-full", Blame.NOBODY
    CHAIN_BELOW_FINAL = "chain-below-final", Blame.US

    # Keys, addresses, genesis.
    KEY_BAD_SEED = "key-bad-seed", Blame.SENDER
    ADDRESS_MALFORMED = "address-malformed", Blame.SENDER
    ADDRESS_BAD_CHECKSUM = "address-bad-checksum", Blame.SENDER
    GENESIS_MALFORMED = "genesis-malformed", Blame.US
    GENESIS_INVALID = "genesis-invalid", Blame.US
    GENESIS_FOREIGN = "genesis-foreign", Blame.US

    # The common coin.
    COIN_BAD_INDEX = "coin-bad-index", Blame.SENDER
    COIN_BAD_POINT = "coin-bad-point", Blame.SENDER
    COIN_BAD_PROOF = "coin-bad-proof", Blame.SENDER
    COIN_TOO_FEW_SHARES = "coin-too-few-shares", Blame.NOBODY
    COIN_BAD_KEYS = "coin-bad-keys", Blame.US
    COIN_BAD_SHARE = "coin-bad-share", Blame.US

    # The database.
    STORE_LOCKED = "store-locked", Blame.US
    STORE_CORRUPT = "store-corrupt", Blame.US
    STORE_IO = "store-io", Blame.US
    STORE_CLOSED = "store-closed", Blame.US
    STORE_BAD_FORMAT = "store-bad-format", Blame.US
    STORE_FOREIGN = "store-foreign", Blame.US

    # Proofs.
    PROOF_MALFORMED = "proof-malformed", Blame.SENDER
    PROOF_NOT_CERTIFIED = "proof-not-certified", Blame.NOBODY
    PROOF_UNAVAILABLE = "proof-unavailable", Blame.NOBODY
    PROOF_BAD_CERTIFICATE = "proof-bad-certificate", Blame.SENDER
    PROOF_BAD_HEADER = "proof-bad-header", Blame.SENDER
    PROOF_BAD_PATH = "proof-bad-path", Blame.SENDER
    PROOF_BAD_VALUE = "proof-bad-value", Blame.SENDER
    PROOF_OTHER_CHAIN = "proof-other-chain", Blame.SENDER
