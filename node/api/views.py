"""From the ledger's values to the API's JSON forms."""

from typing import Any

from ledger.block import Receipt, ReceiptStatus
from ledger.blocks import StoredBlock
from ledger.errors import ChainError, LedgerError, ProofError
from ledger.reasons import Reason
from ledger.transaction import Record, Transaction, Transfer, decode_transaction
from node.api.backend import TransactionView, is_definite
from node.api.models import (
    BlockAnswer,
    BlockSummary,
    ChapterAnswer,
    CommitteeFields,
    ReceiptAnswer,
    RecordFields,
    RiskAnswer,
    TransactionAnswer,
    TransactionFields,
    TransferFields,
)
from node.api.problems import Problem
from node.stories import Chapter


def show_transaction(view: TransactionView, proof: bytes | None = None) -> TransactionAnswer:
    """A transaction with everything that is known of it."""
    return TransactionAnswer(
        id=view.id,
        status=view.status,
        definite=is_definite(view.status, view.reason),
        reason=view.reason,
        height=view.height,
        index=view.index,
        transaction=None if view.raw is None else show_fields(view.raw),
        raw=view.raw,
        receipt=None if view.receipt is None else show_receipt(view.receipt),
        proof=proof,
        confirmations=view.confirmations,
        risks=[RiskAnswer.model_validate(risk) for risk in view.risks] or None,
        story=[show_chapter(chapter) for chapter in view.story] or None,
    )


def show_chapter(chapter: Chapter) -> ChapterAnswer:
    """One turn of a story."""
    return ChapterAnswer(
        turn=chapter.turn,
        at_ms=chapter.at_ms,
        height=chapter.height,
        block=chapter.block_id,
        reason=chapter.reason,
    )


def show_fields(raw: bytes) -> TransactionFields:
    """The fields of a transaction in canonical bytes."""
    transaction = decode_transaction(raw).transaction
    return TransactionFields.model_construct(
        version=transaction.version,
        chain_id=transaction.chain_id,
        sender=transaction.sender,
        nonce=transaction.nonce,
        fee=transaction.fee,
        valid_until=transaction.valid_until,
        payload=_show_payload(transaction),
        signature=transaction.signature,
    )


def _show_payload(transaction: Transaction) -> TransferFields | RecordFields | CommitteeFields:
    payload = transaction.payload
    if isinstance(payload, Transfer):
        return TransferFields.model_construct(
            type="transfer", recipient=payload.recipient, amount=payload.amount
        )
    if isinstance(payload, Record):
        return RecordFields.model_construct(type="record", key=payload.key, value=payload.value)
    return CommitteeFields.model_construct(
        type="committee",
        add=payload.add or None,
        remove=payload.remove or None,
        faults=payload.faults,
    )


def show_receipt(receipt: Receipt) -> ReceiptAnswer:
    """What the execution of a transaction did; no reason where nothing went wrong."""
    return ReceiptAnswer.model_construct(
        id=receipt.id,
        status="failed" if receipt.status == ReceiptStatus.FAILED else "applied",
        reason=None if receipt.reason == Reason.NONE.value else receipt.reason,
        fee=receipt.fee,
    )


def show_summary(block: StoredBlock, final_height: int, certified_height: int) -> BlockSummary:
    """The header of a block and its place."""
    return BlockSummary.model_construct(**_summary(block, final_height, certified_height))


def show_block(block: StoredBlock, final_height: int, certified_height: int) -> BlockAnswer:
    """A block without the bodies of its transactions."""
    return BlockAnswer.model_construct(
        **_summary(block, final_height, certified_height),
        values=list(block.values),
        seal=block.seal,
        certificate=block.certificate,
        transactions=list(block.ids),
        failed={
            receipt.id.hex(): receipt.reason
            for receipt in block.receipts
            if receipt.status == ReceiptStatus.FAILED
        },
    )


def _summary(block: StoredBlock, final_height: int, certified_height: int) -> dict[str, Any]:
    header = block.header
    return {
        "height": header.height,
        "id": block.id,
        "parent": header.parent,
        "payload_digest": header.payload_digest,
        "transaction_root": header.transaction_root,
        "state_root": header.state_root,
        "receipts_root": header.receipts_root,
        "timestamp_ms": header.timestamp_ms,
        "proposer": header.proposer or None,
        "claim": header.claim,
        "transaction_count": len(block.ids),
        "skipped_count": len(block.skipped),
        "final": header.height <= final_height,
        "certified": header.height <= certified_height,
    }


def refuse_proof(error: LedgerError) -> Problem:
    """Why something cannot be proved now; anything but the expected errors is raised again."""
    if not isinstance(error, ProofError | ChainError):
        raise error
    return Problem(
        str(error.reason.value),
        error.detail,
        status=409,
        title="What was asked cannot be proved yet",
    )
