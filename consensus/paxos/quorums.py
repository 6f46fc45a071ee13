"""Judging proofs: majorities, and nothing of signatures, which the host has verified."""

from collections.abc import Sequence

from consensus.certificates import read_certificate
from consensus.committee import Committee
from consensus.message import Height
from consensus.paxos.ballot import NO_BALLOT
from consensus.paxos.messages import CheckpointCertificate, ChosenSeal, Entry


def judge_seal(
    seal: object, height: Height, values: tuple[bytes, ...], committee: Committee
) -> bool:
    """Can this seal be one; members hand on only what was chosen, and are believed."""
    if not isinstance(seal, ChosenSeal) or height < 1 or len(values) > 1:
        return False
    return seal.ballot > NO_BALLOT and committee.is_member(seal.ballot.proposer)


def judge_certificate(certificate: object, committee: Committee) -> tuple[Height, bytes] | None:
    """The height and block id that a majority of distinct members signed, or None."""
    if not isinstance(certificate, CheckpointCertificate):
        return None
    return read_certificate(certificate, committee, committee.majority)


def choose_entries(entries: Sequence[Entry]) -> dict[Height, Entry]:
    """For each height, what was accepted in the highest ballot: only that may have been chosen."""
    chosen: dict[Height, Entry] = {}
    for entry in entries:
        known = chosen.get(entry.height)
        if known is None or known.ballot < entry.ballot:
            chosen[entry.height] = entry
    return chosen
