"""PBFT's bytes: golden vectors, so that no change of format goes unnoticed."""

from typing import Any

import msgspec
import pytest

from consensus.errors import DecodeError
from consensus.message import Signed
from consensus.pbft.messages import (
    CERTIFICATES,
    MESSAGES,
    RECORDS,
    SEALS,
    Accepted,
    Ask,
    Checkpoint,
    CheckpointCertificate,
    Commit,
    CommitSeal,
    Decision,
    NewView,
    Observing,
    Prepare,
    PreparedCertificate,
    PrePrepare,
    Proposal,
    Returned,
    Returning,
    Standing,
    Tell,
    ViewChange,
    Welcome,
)

D = bytes(range(32))
S = b"s" * 64
PROPOSAL = Signed(0, Proposal(1, 2, D), S)
CERTIFICATE = PreparedCertificate(PROPOSAL, (Signed(1, Prepare(1, 2, D), S),))
STABLE = CheckpointCertificate((Signed(2, Checkpoint(8, D), S),))
CHANGE = ViewChange(3, 8, STABLE.votes, (CERTIFICATE,))
SEAL = CommitSeal((Signed(1, Commit(1, 2, D), S),))

MESSAGE_EXAMPLES: tuple[Any, ...] = (
    PrePrepare(PROPOSAL, b"value"),
    Signed(1, Prepare(1, 2, D), S),
    Signed(1, Commit(1, 2, D), S),
    Signed(1, Checkpoint(8, D), S),
    Signed(1, CHANGE, S),
    Signed(1, NewView(3, (Signed(1, CHANGE, S),), (PROPOSAL,)), S),
    Ask(2, D),
    Tell(2, b"value"),
    Decision(2, (b"value",), SEAL),
    STABLE,
    Standing(1, True, 2, 0, suspects=False, asks=True),
    Returning(40),
    Welcome(40, 2, (Returned(3, 32),)),
)
RECORD_EXAMPLES: tuple[Any, ...] = (
    Accepted(PROPOSAL, b"value"),
    CERTIFICATE,
    Checkpoint(8, D),
    STABLE,
    CHANGE,
    Signed(1, NewView(3, (), ()), b""),
    Observing(0),
    Returned(3, 40),
)


@pytest.mark.parametrize("message", MESSAGE_EXAMPLES, ids=lambda m: type(m).__name__)
def test_messages_both_ways(message: Any) -> None:
    assert MESSAGES.decode(MESSAGES.encode(message)) == message


@pytest.mark.parametrize("record", RECORD_EXAMPLES, ids=lambda r: type(r).__name__)
def test_records_both_ways(record: Any) -> None:
    assert RECORDS.decode(RECORDS.encode(record)) == record


def test_seals_and_certificates_both_ways() -> None:
    assert SEALS.decode(SEALS.encode(SEAL)) == SEAL
    assert CERTIFICATES.decode(CERTIFICATES.encode(STABLE)) == STABLE


@pytest.mark.parametrize(
    ("message", "golden"),
    [
        (
            Signed(1, Prepare(1, 2, b"d" * 32), b""),
            "94a67369676e65640194ac706266742d7072657061726501",
        ),
        (Ask(2, b"d" * 32), "93a8706266742d61736b02c420"),
        (
            Standing(1, True, 2, 0, suspects=False, asks=True),
            "97ad706266742d7374616e64696e6701c30200c2c3",
        ),
        (Observing(5), "92ae706266742d6f6273657276696e6705"),
        (Returned(3, 5), "93ad706266742d72657475726e65640305"),
    ],
)
def test_golden_bytes(message: Any, golden: str) -> None:
    assert msgspec.msgpack.encode(message).hex().startswith(golden)


@pytest.mark.parametrize(
    "message",
    [
        Signed(1, Prepare(-1, 2, D), S),
        Signed(1, Prepare(1, -2, D), S),
        Signed(1, Prepare(1, 2, D[:31]), S),
        Signed(1, Prepare(1, 2, D + b"x"), S),
        Signed(1, Proposal(1, 2, D), S),
        Accepted(PROPOSAL, b"value"),
        Tell(-1, b""),
    ],
    ids=["view", "height", "short", "long", "proposal alone", "record", "tell"],
)
def test_what_no_replica_says_does_not_decode(message: Any) -> None:
    with pytest.raises(DecodeError):
        MESSAGES.decode(msgspec.msgpack.encode(message))
