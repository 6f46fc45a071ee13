"""A witness: one real run, what was done in it, and which promises it kept."""

from collections.abc import Mapping

import msgspec

from consensus.committee import ReplicaId
from consensus.model.outcomes import Outcome
from consensus.model.validity import Validity


class Witness(msgspec.Struct, frozen=True):
    """One run; `broken` names the promises that it did not keep, none if it kept all.

    `covered` says whether the theorem grants this configuration what was asked of it, so a run is as
    it should be if that is so exactly where nothing is broken.
    """

    algorithm: str
    nodes: int
    faults: int
    covered: bool
    story: tuple[str, ...]
    """What was done, step by step."""
    inputs: dict[str, str]
    decisions: dict[str, str]
    correct: tuple[ReplicaId, ...]
    broken: tuple[str, ...]
    confirmed: bool = True
    """Did a second look, of another kind than the one that found it, see the same."""

    @property
    def is_as_it_should_be(self) -> bool:
        """Inside the bound everything holds, outside something does not."""
        return self.confirmed and self.covered == (not self.broken)


def make_witness(
    algorithm: str,
    configuration: tuple[int, int],
    outcome: Outcome,
    story: tuple[str, ...],
    *,
    covered: bool,
    validity: Validity,
    uniform: bool,
    confirmed: bool = True,
) -> Witness:
    """A witness from what a run came to; `configuration` is (n, f)."""
    return Witness(
        algorithm,
        *configuration,
        covered,
        story,
        name_values(outcome.inputs),
        name_values({m: v for m, v in outcome.decisions.items() if m not in outcome.liars}),
        tuple(sorted(outcome.correct)),
        outcome.list_broken(validity, uniform=uniform),
        confirmed,
    )


def name_values(values: Mapping[ReplicaId, bytes]) -> dict[str, str]:
    """Values in words, by the participant's name."""
    return {str(me): name_value(values[me]) for me in sorted(values)}


def name_value(value: bytes) -> str:
    """Single bytes are numbers, the rest is text."""
    return str(value[0]) if len(value) == 1 else value.decode(errors="backslashreplace")
