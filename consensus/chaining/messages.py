"""What members of a chain of agreements say to each other, whatever the agreement."""

from typing import Annotated, Generic, TypeVar

from msgspec import Meta

from consensus.message import (
    DIGEST_SIZE_BYTES,
    Digest,
    Message,
    Signed,
    compute_digest,
)

Natural = Annotated[int, Meta(ge=0)]
Hash = Annotated[bytes, Meta(min_length=DIGEST_SIZE_BYTES, max_length=DIGEST_SIZE_BYTES)]
Said = TypeVar("Said")


class At(Message, Generic[Said], tag="chain-at", frozen=True):
    """What the agreement on `height` says."""

    height: Natural
    body: Said


class Lack(Message, tag="chain-lack", frozen=True):
    """The sender has decided up to `decided` and holds certificates up to `certified`: what is next."""

    decided: Natural
    certified: Natural


class Word(Message, tag="chain-word", frozen=True):
    """The seal where members do not lie: somebody who decided says so."""


class Outcome(Message, tag="chain-outcome", frozen=True):
    """The signer's agreement on `height` came to the values with this digest."""

    height: Natural
    digest: Hash


class Attestation(Message, tag="chain-attestation", frozen=True):
    """The seal where members lie: f + 1 equal outcomes, so that of a correct member is among them."""

    votes: tuple[Signed[Outcome], ...]


class Learned(Message, tag="chain-learned", frozen=True):
    """A decided height for one who missed it."""

    height: Natural
    values: tuple[bytes, ...]
    seal: Word | Attestation


class Checkpoint(Message, tag="chain-checkpoint", frozen=True):
    """The signer executed `height` and derived `block_id`."""

    height: Natural
    block_id: Hash


class CheckpointCertificate(Message, tag="chain-certificate", frozen=True):
    """Enough equal checkpoint votes."""

    votes: tuple[Signed[Checkpoint], ...]

    @property
    def height(self) -> int:
        """The height certified; only meaningful once judged."""
        return self.votes[0].body.height


class Noted(Message, Generic[Said], tag="chain-noted", frozen=True):
    """In the journal: what the agreement on `height` wrote down."""

    height: Natural
    record: Said


class Given(Message, tag="chain-given", frozen=True):
    """In the journal: the value that this replica brought into the agreement on `height`."""

    height: Natural
    value: bytes


class Begun(Message, tag="chain-begun", frozen=True):
    """In the journal, first: a network has begun, so an empty journal is one that was lost."""


class Lost(Message, tag="chain-lost", frozen=True):
    """In the journal: an earlier one was lost, so this replica only learns."""


def compute_values_digest(values: tuple[bytes, ...]) -> Digest:
    """32 bytes that name an ordered tuple of values."""
    return compute_digest(b"".join(map(compute_digest, values)) + bytes([len(values) & 0xFF]))
