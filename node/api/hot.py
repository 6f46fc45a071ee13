"""The forms of the hot answers: spelled like those in `models`, but cheap.

A batch of 250 costs about 0.1 ms to write and as much to read; pydantic takes ten times that.
"""

from collections.abc import Sequence

import msgspec

from node.api.backend import Outcome, Submission, TransactionStatus


class BatchLine(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The result of one transaction; `id` is lower-case hex. See `models.BatchItem`."""

    outcome: Outcome
    id: str | None = None
    status: TransactionStatus | None = None
    reason: str | None = None
    detail: str | None = None
    retry_after_s: int | None = None


class BatchLines(msgspec.Struct, frozen=True):
    """The whole answer. See `models.BatchAnswer`."""

    accepted: int
    known: int
    rejected: int
    results: list[BatchLine]


class BlockOutcomes(msgspec.Struct, frozen=True):
    """The part of `models.BlockAnswer` that tells what became of transactions; ids in hex."""

    height: int
    id: str
    transactions: list[str]
    failed: dict[str, str]


_ENCODER = msgspec.json.Encoder()
_BLOCK_DECODER = msgspec.json.Decoder(BlockOutcomes)
_DECODER = msgspec.json.Decoder(BatchLines)


def encode_batch(submissions: Sequence[Submission]) -> bytes:
    """Write the answer to a batch as JSON."""
    lines = [
        BatchLine(
            one.outcome,
            None if one.id is None else one.id.hex(),
            one.status,
            one.reason,
            one.detail,
            one.retry_after_s,
        )
        for one in submissions
    ]
    counts = dict.fromkeys(Outcome, 0)
    for one in submissions:
        counts[one.outcome] += 1
    return _ENCODER.encode(
        BatchLines(
            accepted=counts[Outcome.ACCEPTED],
            known=counts[Outcome.KNOWN],
            rejected=counts[Outcome.REJECTED],
            results=lines,
        )
    )


def decode_batch(data: bytes) -> BatchLines:
    """Read the answer to a batch; raises `msgspec.MsgspecError` where it is none."""
    return _DECODER.decode(data)


def decode_outcomes(data: bytes) -> BlockOutcomes:
    """Read a block's outcomes; raises `msgspec.MsgspecError` where it is no block."""
    return _BLOCK_DECODER.decode(data)
