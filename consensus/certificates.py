"""Signed votes that prove something together; their signatures were verified by the host.

All rules in one sentence: distinct signers, all members, all saying the same, enough of them.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from consensus.committee import Committee
from consensus.message import Height, Signed


class Certificate(Protocol):
    """Votes under one checkpoint: their bodies have `height` and `block_id`."""

    @property
    def votes(self) -> Sequence[Signed[Any]]:
        """One for each signer."""


def has_distinct_members(votes: Sequence[Signed[Any]], committee: Committee) -> bool:
    """Is every signer a member, and none counted twice."""
    signers = {vote.signer for vote in votes}
    return len(signers) == len(votes) and all(map(committee.is_member, signers))


def is_unanimous(votes: Sequence[Signed[Any]], committee: Committee, enough: int) -> bool:
    """Do so many distinct members all say the same."""
    if len(votes) < enough or not has_distinct_members(votes, committee):
        return False
    return all(vote.body == votes[0].body for vote in votes)


def read_certificate(
    certificate: Certificate, committee: Committee, enough: int
) -> tuple[Height, bytes] | None:
    """The height and block id that so many members' votes certify, if they do."""
    if not certificate.votes or not is_unanimous(certificate.votes, committee, enough):
        return None
    body = certificate.votes[0].body
    return body.height, body.block_id
