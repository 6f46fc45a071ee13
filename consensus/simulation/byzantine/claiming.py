"""Lies in others' names: none of them verifies, and receivers that look drop them all."""

from typing import Any

import msgspec

from consensus.committee import ReplicaId
from consensus.message import SIGNATURE_SIZE_BYTES, Signed, sign_message
from consensus.simulation.byzantine.behaviour import Liar
from consensus.simulation.byzantine.fields import Role, find_signed, walk_places
from consensus.simulation.byzantine.rewriting import replace_at


def claim(message: Any, liar: Liar, signer: ReplicaId) -> Any | None:
    """One of the liar's signed parts in another's name; None if it has none. Does not verify."""
    own = [(path, part) for path, part in find_signed(message) if part.signer == liar.name]
    if not own:
        return None
    path, part = liar.chance.choose(own)
    claimed = msgspec.structs.replace(part, signer=signer)
    return sign_message(replace_at(message, path, claimed, liar.name), liar.sign)


def pad(message: Any, liar: Liar) -> Any | None:
    """A certificate with votes of members that never gave them; None if there is none to pad."""
    padded = [
        (place.path, (*place.content, *forged))
        for place in walk_places(message, liar.name)
        if place.role is Role.PARTS and (forged := forge_missing_votes(place.content, liar))
    ]
    if not padded:
        return None
    path, content = liar.chance.choose(padded)
    return sign_message(replace_at(message, path, content, liar.name), liar.sign)


def forge_missing_votes(votes: tuple[Any, ...], liar: Liar) -> list[Signed[Any]]:
    """The first vote again, for each other member that is not among the voters."""
    if not votes or not isinstance(votes[0], Signed):
        return []
    voters = {vote.signer for vote in votes}
    return [forge_vote(votes[0], liar, name) for name in liar.others if name not in voters]


def forge_vote(vote: Signed[Any], liar: Liar, signer: ReplicaId) -> Signed[Any]:
    """The same vote in another's name, under a signature that only the liar can have made."""
    signature = sign_message(Signed(liar.name, vote.body), liar.sign).signature
    assert len(signature) == SIGNATURE_SIZE_BYTES
    return msgspec.structs.replace(vote, signer=signer, signature=signature)
