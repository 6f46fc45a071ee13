"""Taking decided heights from others: a few by asking members, many through the host."""

from collections.abc import Iterator

from consensus.chaining.attesting import judge_attestation, judge_word
from consensus.chaining.checkpoint import on_certificate
from consensus.chaining.delivering import settle
from consensus.chaining.keeper import Keeper, Role
from consensus.chaining.messages import Attestation, Lack, Learned, Word
from consensus.chaining.refusals import Refusal
from consensus.committee import ReplicaId
from consensus.effects import Behind, Broadcast, Effect, Ignore, Send
from consensus.events import Offered
from consensus.message import Height

ANSWERED_HEIGHTS = 4
"""Decided heights sent in one answer; the next question brings the next ones."""


def is_sealed(keeper: Keeper, height: Height, values: tuple[bytes, ...], seal: object) -> bool:
    """Does this seal belong to what was decided."""
    judge = judge_attestation if keeper.terms.proves else judge_word
    return judge(seal, height, values, keeper.committee)


def take(
    keeper: Keeper, height: Height, values: tuple[bytes, ...], seal: Word | Attestation
) -> None:
    """What a seal proves stands, whatever the own agreement is about to come to."""
    result = settle(keeper, height, values)
    if result.values == values and result.seal is None:
        result.seal = seal


def ask(keeper: Keeper) -> Iterator[Effect]:
    """Say what is missing here, to all; a follower's host asks for it."""
    if keeper.role is not Role.FOLLOWER:
        yield Broadcast(Lack(keeper.decided, keeper.certified))
    yield from fetch(keeper)


def fetch(keeper: Keeper) -> Iterator[Effect]:
    """What nobody keeps ready any more the host fetches, and `Offered` follows."""
    if keeper.is_behind:
        keeper.fetching = keeper.known
        yield Behind(keeper.known)


def fetch_if_far(keeper: Keeper) -> Iterator[Effect]:
    """After every step: too far behind for single questions."""
    patience = 0 if keeper.role is Role.FOLLOWER else ANSWERED_HEIGHTS
    if keeper.known - keeper.decided > patience and keeper.known > keeper.fetching + patience:
        yield from fetch(keeper)


def on_lack(keeper: Keeper, sender: ReplicaId, lack: Lack) -> Iterator[Effect]:
    """Send what comes next, and the certificate that is missing."""
    if sender == keeper.me:
        return
    keeper.claim(sender, lack.decided)
    if keeper.certificate and lack.certified < keeper.certified:
        yield Send(sender, keeper.certificate)
    for height in range(lack.decided + 1, lack.decided + 1 + ANSWERED_HEIGHTS):
        if height in keeper.history:
            yield Send(sender, keeper.history[height])


def on_learned(keeper: Keeper, sender: ReplicaId, learned: Learned) -> Iterator[Effect]:
    """A decided height from another member; the host still has to fetch what belongs to it."""
    height = learned.height
    if height <= keeper.decided:
        yield Ignore(learned, Refusal.DECIDED)
    elif height > keeper.ceiling:
        keeper.claim(sender, height)
        yield Ignore(learned, Refusal.BEYOND_WINDOW)
    elif not is_sealed(keeper, height, learned.values, learned.seal):
        yield Ignore(learned, Refusal.BAD_SEAL)
    else:
        keeper.claim(sender, height)
        known = keeper.results.get(height)
        if known is not None and known.seal is not None:
            yield Ignore(learned, Refusal.DUPLICATE)
            return
        keeper.count("learned_late")
        take(keeper, height, learned.values, learned.seal)


def on_offered(keeper: Keeper, event: Offered) -> Iterator[Effect]:
    """The host fetched the next decided height, with all that belongs to it."""
    height = event.height
    if height != keeper.decided + 1:
        refusal = Refusal.DECIDED if height <= keeper.decided else Refusal.UNWANTED
        yield Ignore(event, refusal)
    elif not is_sealed(keeper, height, event.values, event.seal):
        yield Ignore(event, Refusal.BAD_SEAL)
        return
    else:
        keeper.count("offered_adopted")
        take(keeper, height, event.values, event.seal)
        result = keeper.results[height]
        result.is_asked, result.missing = True, set()
    if event.certificate is not None:
        yield from on_certificate(keeper, event.certificate)
