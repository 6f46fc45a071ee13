"""What replicas say: one spelling each, and the bytes stay what they are."""

import pytest

from consensus import catalog
from consensus.errors import DecodeError
from consensus.message import Message, Signed
from consensus.paxos.ballot import Ballot
from consensus.paxos.messages import (
    CERTIFICATES,
    MESSAGES,
    RECORDS,
    SEALS,
    Accept,
    Accepted,
    Alive,
    AskIndex,
    Canvass,
    Checkpoint,
    CheckpointCertificate,
    ChosenSeal,
    Entry,
    Heartbeat,
    Index,
    Lack,
    Learned,
    Lost,
    Nack,
    Prepare,
    Promise,
    Promised,
    Support,
)
from consensus.simulation.kinds import list_kinds
from tests.consensus.paxos.bench import certificate

B = Ballot(1, 2)
SAMPLES = (
    Canvass(B),
    Support(B),
    Prepare(B, 3),
    Promise(B, 3, (Entry(B, 4, b"v"),)),
    Accept(B, 4, b"v", 3, True),
    Accepted(B, 4),
    Nack(B, Ballot(2, 0)),
    Heartbeat(B, 4, 5),
    Alive(B, 5, 4),
    Lack(4, 0),
    Learned(4, (b"v",), ChosenSeal(B)),
    AskIndex(1, 7),
    Index(1, 7, 4),
    Signed(1, Checkpoint(8, bytes(32)), bytes(64)),
    certificate(8, bytes(32)),
)


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: type(message).__name__)
def test_a_message_has_one_spelling(message: Message) -> None:
    data = MESSAGES.encode(message)
    assert MESSAGES.decode(data) == message
    with pytest.raises(DecodeError):
        MESSAGES.decode(data + b"\x00")


def test_there_is_a_sample_of_each() -> None:
    names = {type(m).__name__ for m in SAMPLES} - {"Signed"} | {"Checkpoint"}
    assert names == set(list_kinds(MESSAGES)) | {"Checkpoint"}


GOLDEN = {
    "Canvass": "92ad7061786f732d63616e7661737393ac7061786f732d62616c6c6f740102",
    "Support": "92ad7061786f732d737570706f727493ac7061786f732d62616c6c6f740102",
    "Prepare": "93ad7061786f732d7072657061726593ac7061786f732d62616c6c6f74010203",
    "Promise": "94ad7061786f732d70726f6d69736593ac7061786f732d62616c6c6f740102039194ab7061786f732d656e74727993ac7061786f732d62616c6c6f74010204c40176",
    "Accept": "96ac7061786f732d61636365707493ac7061786f732d62616c6c6f74010204c4017603c3",
    "Accepted": "93ae7061786f732d616363657074656493ac7061786f732d62616c6c6f74010204",
    "Nack": "93aa7061786f732d6e61636b93ac7061786f732d62616c6c6f74010293ac7061786f732d62616c6c6f740200",
    "Heartbeat": "94af7061786f732d68656172746265617493ac7061786f732d62616c6c6f7401020405",
    "Alive": "94ab7061786f732d616c69766593ac7061786f732d62616c6c6f7401020504",
    "Lack": "93aa7061786f732d6c61636b0400",
    "Learned": "94ad7061786f732d6c6561726e65640491c4017692aa7061786f732d7365616c93ac7061786f732d62616c6c6f740102",
    "AskIndex": "93af7061786f732d61736b2d696e6465780107",
    "Index": "94ab7061786f732d696e646578010704",
}


def test_the_bytes_stay_what_they_are() -> None:
    """Networks of several versions would misunderstand each other otherwise."""
    assert {type(m).__name__: MESSAGES.encode(m).hex() for m in SAMPLES[:13]} == GOLDEN


@pytest.mark.parametrize(
    "record", [Promised(B), Entry(B, 4, b"v"), Lost(), certificate(8, bytes(32))]
)
def test_a_record_survives_the_disk(record: Message) -> None:
    assert RECORDS.decode(RECORDS.encode(record)) == record


@pytest.mark.parametrize(
    "message",
    [
        Canvass(Ballot(-1, 0)),
        Prepare(B, -1),
        Index(1, 7, -4),
        Signed(1, Checkpoint(8, b"short")),
        Promised(B),
        ChosenSeal(B),
    ],
)
def test_what_nobody_may_say_is_not_decoded(message: Message) -> None:
    with pytest.raises(DecodeError):
        MESSAGES.decode(MESSAGES.encode(message))


def test_only_checkpoints_are_signed() -> None:
    signed = [type(m).__name__ for m in SAMPLES if m.signed_parts()]
    assert signed == ["Signed", "CheckpointCertificate"]
    assert len(certificate(8, bytes(32)).signed_parts()) == 2


def test_the_catalog_knows_these() -> None:
    spec = catalog.get("paxos")
    assert (spec.messages, spec.records) == (MESSAGES, RECORDS)
    assert spec.seals.decode(SEALS.encode(ChosenSeal(B))) == ChosenSeal(B)
    proof = certificate(8, bytes(32))
    assert spec.certificates.decode(CERTIFICATES.encode(proof)) == proof
    assert isinstance(proof, CheckpointCertificate)
    assert proof.height == 8
