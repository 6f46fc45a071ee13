"""What Multi-Paxos replicas say, keep as proof, and write down.

Only `Checkpoint` is a body of `Signed`: the certificate made of such votes convinces light clients.
Members crash but do not lie, and links tell who speaks, so nothing else needs a signature.
"""

from typing import Annotated, TypeAlias

import msgspec

from consensus.message import Codec, Message, Signed
from consensus.paxos.ballot import Ballot

Natural = Annotated[int, msgspec.Meta(ge=0)]
Hash = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]


class Canvass(Message, tag="paxos-canvass", frozen=True):
    """Would you promise this ballot? Binds nobody (the pre-vote of Ongaro 2014, 9.6)."""

    ballot: Ballot


class Support(Message, tag="paxos-support", frozen=True):
    """I would: I trust no leader."""

    ballot: Ballot


class Prepare(Message, tag="paxos-prepare", frozen=True):
    """Phase 1a for all heights from `start` on at once."""

    ballot: Ballot
    start: Natural


class Entry(Message, tag="paxos-entry", frozen=True):
    """Record, and part of `Promise`: I accepted `value` at `height` in `ballot`."""

    ballot: Ballot
    height: Natural
    value: bytes


class Promised(Message, tag="paxos-promised", frozen=True):
    """Record: I accept nothing in ballots below."""

    ballot: Ballot


class Lost(Message, tag="paxos-lost", frozen=True):
    """Record: my journal was lost once, so I never vote again."""


class Promise(Message, tag="paxos-promise", frozen=True):
    """Phase 1b: I accept nothing below `ballot`; all up to `decided` is chosen, and I hold it.

    `entries` is what I accepted above, by height.
    """

    ballot: Ballot
    decided: Natural
    entries: tuple[Entry, ...]


class Accept(Message, tag="paxos-accept", frozen=True):
    """Phase 2a: the leader of `ballot` proposes `value` for `height`.

    `chosen` is the height up to which it has decided. An `imposed` value was found in phase 1: it is
    fetched, not judged.
    """

    ballot: Ballot
    height: Natural
    value: bytes
    chosen: Natural
    imposed: bool


class Accepted(Message, tag="paxos-accepted", frozen=True):
    """Phase 2b: I have accepted what `ballot` proposes for `height`."""

    ballot: Ballot
    height: Natural


class Nack(Message, tag="paxos-nack", frozen=True):
    """Your `ballot` is too low: I have promised `promised`."""

    ballot: Ballot
    promised: Ballot


class Heartbeat(Message, tag="paxos-heartbeat", frozen=True):
    """The leader lives, and has decided up to `chosen`; a `beat` above 0 wants an answer."""

    ballot: Ballot
    chosen: Natural
    beat: Natural


class Alive(Message, tag="paxos-alive", frozen=True):
    """Answer to `Heartbeat`: I have promised nothing above, and have decided so much."""

    ballot: Ballot
    beat: Natural
    decided: Natural


class Lack(Message, tag="paxos-lack", frozen=True):
    """I have decided up to `decided`, and hold a certificate of `certified`: tell what comes next."""

    decided: Natural
    certified: Natural


class ChosenSeal(Message, tag="paxos-seal", frozen=True):
    """A majority accepted this value in `ballot`, says the member that hands it on.

    It proves nothing to outsiders: members do not lie, and outsiders wait for a certificate.
    """

    ballot: Ballot


class Learned(Message, tag="paxos-learned", frozen=True):
    """A decided height for one who missed it."""

    height: Natural
    values: tuple[bytes, ...]
    seal: ChosenSeal


class AskIndex(Message, tag="paxos-ask-index", frozen=True):
    """A client of `reader` reads: tell how far that one must have come (Ongaro 2014, 6.4)."""

    reader: Natural
    ticket: Natural


class Index(Message, tag="paxos-index", frozen=True):
    """Answer to `AskIndex`: whoever has executed `height` has seen all that was decided before."""

    reader: Natural
    ticket: Natural
    height: Natural


class Checkpoint(Message, tag="paxos-checkpoint", frozen=True):
    """A replica executed `height` and derived `block_id`."""

    height: Natural
    block_id: Hash


class CheckpointCertificate(Message, tag="paxos-certificate", frozen=True):
    """A majority of equal checkpoint votes."""

    votes: tuple[Signed[Checkpoint], ...]

    @property
    def height(self) -> int:
        """The height certified; only meaningful once judged."""
        return self.votes[0].body.height


MESSAGES = Codec(
    Canvass
    | Support
    | Prepare
    | Promise
    | Accept
    | Accepted
    | Nack
    | Heartbeat
    | Alive
    | Lack
    | Learned
    | AskIndex
    | Index
    | Signed[Checkpoint]
    | CheckpointCertificate
)
Record: TypeAlias = Promised | Entry | Lost | CheckpointCertificate | Checkpoint
RECORDS = Codec(Record)
SEALS = Codec(ChosenSeal)
CERTIFICATES = Codec(CheckpointCertificate)
