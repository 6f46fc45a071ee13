"""Seals where members lie: who has to have signed what."""

from consensus.chaining import attesting
from consensus.chaining.delivering import settle
from consensus.chaining.keeper import Keeper, Role, Terms
from consensus.chaining.messages import Attestation, Outcome, Word, compute_values_digest
from consensus.chaining.refusals import Refusal
from consensus.committee import Committee
from consensus.effects import Broadcast, Ignore
from consensus.message import Signed

COMMITTEE = Committee.of(4, 1)
VALUES = (b"a", b"b")
BODY = Outcome(3, compute_values_digest(VALUES))


def make_keeper() -> Keeper:
    keeper = Keeper(0, COMMITTEE, Terms(8, 4, proves=True), Role.VOTER, started=True)
    keeper.decided = 2
    return keeper


def seal(*signers: int) -> Attestation:
    return Attestation(tuple(Signed(signer, BODY) for signer in signers))


def test_f_plus_one_members_prove_the_values() -> None:
    assert attesting.judge_attestation(seal(1, 3), 3, VALUES, COMMITTEE)


def test_fewer_strangers_or_one_twice_prove_nothing() -> None:
    for wrong in (seal(1), seal(1, 1), seal(1, 9), Attestation(()), Word(), None):
        assert not attesting.judge_attestation(wrong, 3, VALUES, COMMITTEE)


def test_other_values_another_order_or_height_are_not_proved() -> None:
    assert not attesting.judge_attestation(seal(1, 3), 3, (b"b", b"a"), COMMITTEE)
    assert not attesting.judge_attestation(seal(1, 3), 3, (), COMMITTEE)
    assert not attesting.judge_attestation(seal(1, 3), 4, VALUES, COMMITTEE)


def test_values_that_run_together_have_names_of_their_own() -> None:
    names = {compute_values_digest(v) for v in [(b"ab",), (b"a", b"b"), (b"", b"ab"), (b"ab", b"")]}
    assert len(names) == 4


def test_the_seal_is_complete_with_enough_equal_votes() -> None:
    keeper = make_keeper()
    settle(keeper, 3, VALUES)
    said = list(attesting.attest(keeper, 3))
    assert said == [Broadcast(Signed(0, BODY))]
    other = Outcome(3, compute_values_digest((b"c",)))
    list(attesting.on_outcome(keeper, 1, Signed(1, other)))
    list(attesting.on_outcome(keeper, 0, Signed(0, BODY)))
    assert keeper.results[3].seal is None
    list(attesting.on_outcome(keeper, 2, Signed(2, BODY)))
    assert keeper.results[3].seal == seal(0, 2)


def test_a_members_first_word_counts_and_nobody_speaks_for_another() -> None:
    keeper = make_keeper()
    list(attesting.on_outcome(keeper, 1, Signed(1, BODY)))
    again = list(attesting.on_outcome(keeper, 1, Signed(1, BODY)))
    assert again == [Ignore(Signed(1, BODY), Refusal.DUPLICATE)]
    forged = list(attesting.on_outcome(keeper, 2, Signed(3, BODY)))
    assert forged == [Ignore(Signed(3, BODY), Refusal.NOT_THE_SIGNER)]
    assert len(keeper.outcomes[3]) == 1


def test_f_liars_alone_do_not_make_anybody_believe_a_height() -> None:
    keeper = make_keeper()
    keeper.claim(1, 1_000)
    assert keeper.known == 0
    keeper.claim(2, 5)
    assert keeper.known == 5
