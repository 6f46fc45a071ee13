"""Seals where members lie: f + 1 members sign what their agreement came to.

One of them is correct, and all correct members' agreements come to the same values, so the votes
prove these to whoever took no part. It costs one message delay and n(n-1) messages a height.
"""

from collections.abc import Iterator

from consensus.certificates import is_unanimous
from consensus.chaining.keeper import Keeper
from consensus.chaining.messages import Attestation, Outcome, Word, compute_values_digest
from consensus.chaining.refusals import Refusal
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Effect, Ignore
from consensus.message import Height, Signed
from consensus.testimony import Testimony


def attest(keeper: Keeper, height: Height) -> Iterator[Effect]:
    """The own agreement has ended: say so, or seal it at once where everybody is believed."""
    result = keeper.results[height]
    if result.seal is not None:
        return
    if not keeper.terms.proves:
        result.seal = Word()
    elif keeper.is_voting:
        assert keeper.me is not None
        yield Broadcast(Signed(keeper.me, Outcome(height, compute_values_digest(result.values))))
    complete(keeper, height)


def on_outcome(keeper: Keeper, sender: ReplicaId, signed: Signed[Outcome]) -> Iterator[Effect]:
    """What another member's agreement came to; the first word of each counts."""
    height = signed.body.height
    if signed.signer != sender:
        yield Ignore(signed, Refusal.NOT_THE_SIGNER)
    elif height <= keeper.decided:
        yield Ignore(signed, Refusal.DECIDED)
    elif height > keeper.ceiling or not keeper.terms.proves:
        yield Ignore(signed, Refusal.BEYOND_WINDOW)
    elif sender in keeper.outcomes.get(height, {}):
        yield Ignore(signed, Refusal.DUPLICATE)
    else:
        keeper.outcomes.setdefault(height, {})[sender] = signed
        keeper.claim(sender, height)
        complete(keeper, height)


def complete(keeper: Keeper, height: Height) -> None:
    """With f + 1 equal votes for what this replica's agreement came to, the seal is complete."""
    result = keeper.results.get(height)
    if result is None or result.seal is not None:
        return
    digest = compute_values_digest(result.values)
    votes = keeper.outcomes.get(height, {})
    equal = [votes[who] for who in sorted(votes) if votes[who].body.digest == digest]
    if len(equal) >= keeper.committee.weak_quorum:
        result.seal = Attestation(tuple(equal[: keeper.committee.weak_quorum]))


def judge_word(
    seal: object, height: Height, values: tuple[bytes, ...], committee: Committee
) -> bool:
    """Can this seal be one, where members are believed."""
    del values, committee
    return isinstance(seal, Word) and height > 0


def read_seal(seal: Word | Attestation) -> Testimony:
    """Whose outcomes a seal bears; a mere word bears none."""
    if isinstance(seal, Word):
        return Testimony(None, None, None)
    return Testimony(None, None, tuple(sorted(vote.signer for vote in seal.votes)))


def judge_attestation(
    seal: object, height: Height, values: tuple[bytes, ...], committee: Committee
) -> bool:
    """Did f + 1 distinct members vote for these values at this height; signatures are verified."""
    if not isinstance(seal, Attestation) or height < 1:
        return False
    body = Outcome(height, compute_values_digest(values))
    is_proved = is_unanimous(seal.votes, committee, committee.weak_quorum)
    return is_proved and seal.votes[0].body == body
