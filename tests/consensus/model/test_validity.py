"""Levels of validity, checked against their definitions on all small runs."""

from itertools import product

from consensus.model.validity import Agreement, Finality, Validity

V0, V1, V2, V3, V4 = Validity


def keeps(level: Validity, inputs: tuple[int, ...], correct: frozenset[int], decision: int) -> bool:
    """The definition of a level, on one run; the predicate of V4 is: even."""
    of_correct = {inputs[replica] for replica in correct}
    match level:
        case Validity.UNANIMOUS_START:
            return len(set(inputs)) > 1 or decision in inputs
        case Validity.PROPOSED:
            return decision in inputs
        case Validity.UNANIMOUS_CORRECT:
            return len(of_correct) > 1 or decision in of_correct
        case Validity.PROPOSED_BY_CORRECT:
            return decision in of_correct
        case Validity.EXTERNAL:
            return decision % 2 == 0


def test_implication_is_what_the_definitions_say() -> None:
    runs = [
        (inputs, correct, decision)
        for inputs in product(range(3), repeat=3)
        for correct in map(frozenset, ((0, 1, 2), (0, 1), (2,)))
        for decision in range(4)
    ]
    for stronger, weaker in product(Validity, repeat=2):
        follows = all(keeps(weaker, *run) for run in runs if keeps(stronger, *run))
        assert stronger.implies(weaker) == follows, (stronger, weaker)


def test_names_are_those_of_the_literature() -> None:
    assert [level.value for level in (V0, V1, V2, V3, V4)] == ["V0", "V1", "V2", "V3", "V4"]
    assert {item.value for item in Agreement} == {"correct", "uniform"}
    assert {item.value for item in Finality} == {"immediate", "probabilistic"}
