"""Every crash pattern, for every algorithm that stands crashes, up to n = 4 and f = 2."""

import pytest

from consensus import synchronous
from consensus.committee import Committee
from consensus.errors import BoundError, UnknownEngineError
from consensus.exploration.crash_patterns import Demands, Survey, survey
from consensus.exploration.synchronous import Crash
from consensus.lockstep import early
from consensus.lockstep.choosing import Rule, choose
from consensus.model.faults import FaultKind
from consensus.model.validity import Validity
from consensus.synchronous import SynchronousSpec

SIZES = [(2, 1), (3, 1), (3, 2), (4, 1), (4, 2)]
BITS = (b"\x00", b"\x01")
SOUND = [
    spec
    for spec in map(synchronous.get, synchronous.names())
    if spec.is_sound and spec.fault_kind is FaultKind.CRASH
]


def look(spec: SynchronousSpec, size: int, faults: int, *, is_symmetric: bool = True) -> Survey:
    demands = Demands(
        values_max=2 if spec.name == "flood-min-2" else 1,
        proposed=spec.validity.implies(Validity.PROPOSED) or spec.multiple == 2,
        correct_validity=spec.validity is Validity.UNANIMOUS_CORRECT and size > 2 * faults,
        stops_early=spec.name.startswith("early"),
    )
    committee = Committee.of(size, faults)
    return survey(spec.create, committee, BITS, demands, is_symmetric=is_symmetric)


@pytest.mark.parametrize("spec", SOUND, ids=lambda spec: spec.name)
@pytest.mark.parametrize(("size", "faults"), SIZES)
def test_no_crash_pattern_breaks_it(spec: SynchronousSpec, size: int, faults: int) -> None:
    if spec.name == "early-fast" and size <= 2 * faults:
        with pytest.raises(BoundError, match="fast path"):
            look(spec, size, faults)
        return
    found = look(spec, size, faults)
    assert found.breach is None
    assert found.steps > 2**size


def test_equal_members_hide_no_run() -> None:
    spec = synchronous.get("flood-set")
    assert look(spec, 3, 1).situations < look(spec, 3, 1, is_symmetric=False).situations
    assert look(spec, 3, 1, is_symmetric=False).breach is None


@pytest.mark.parametrize(
    ("size", "faults", "breaks"),
    [(2, 1, False), (3, 1, True), (3, 2, False), (4, 1, True), (4, 2, True)],
)
def test_the_printed_guard_fails(size: int, faults: int, breaks: bool) -> None:
    found = look(synchronous.get("majority-printed"), size, faults)
    assert (found.breach is not None) == breaks


def test_the_printed_guard_fails_as_in_the_counterexample() -> None:
    breach = look(synchronous.get("majority-printed"), 3, 1).breach
    assert breach is not None
    assert breach.inputs == (b"\x00", b"\x00", b"\x01")
    assert breach.crashes == {0: Crash(1, frozenset())}
    assert breach.decisions == {1: b"\x00", 2: b"\x01"}


@pytest.mark.parametrize(("size", "faults"), [(3, 1), (4, 1), (4, 2)])
def test_one_round_too_few_breaks(size: int, faults: int) -> None:
    breach = look(synchronous.get("flood-set-short"), size, faults).breach
    assert breach is not None
    assert breach.words == "2 values are decided"
    assert len(breach.crashes) == faults


def test_early_stopping_spends_rounds_on_crashes_only() -> None:
    found = look(synchronous.get("early"), 4, 2)
    assert found.slowest == {0: 2, 1: 3, 2: 3}
    assert look(synchronous.get("flood-set"), 4, 2).slowest[0] == 3


def test_the_fast_path_beyond_its_bound_breaks() -> None:
    def create(me: int, committee: Committee, value: bytes) -> early.EarlyStopping:
        return early.create(me, committee, value, fast_path=True, allow_beyond_bound=True)

    breach = survey(create, Committee.of(4, 2), BITS).breach
    assert breach is not None
    assert breach.words == "2 values are decided"


def test_the_least_value_may_be_a_dead_members() -> None:
    create = synchronous.get("flood-set-min").create
    breach = survey(create, Committee.of(3, 1), BITS, Demands(correct_validity=True)).breach
    assert breach is not None
    assert breach.words == "all correct members proposed another value"


def test_half_of_the_members_cannot_have_correct_validity() -> None:
    create = synchronous.get("flood-set").create
    assert survey(create, Committee.of(4, 2), BITS, Demands(correct_validity=True)).breach


def test_k_values_take_f_over_k_rounds_and_no_fewer() -> None:
    spec = synchronous.get("flood-min")
    values = (b"a", b"b", b"c")
    assert (
        survey(
            synchronous.get("flood-min-2").create, Committee.of(4, 2), values, Demands(values_max=2)
        ).breach
        is None
    )

    def create_short(me: int, committee: Committee, value: bytes) -> object:
        participant = spec.create(me, committee, value)
        participant.rounds = 1
        return participant

    breach = survey(create_short, Committee.of(5, 2), values, Demands(values_max=2)).breach
    assert breach is not None
    assert breach.words == "3 values are decided"


def test_the_null_value_gives_way() -> None:
    assert choose(Rule.PLURALITY, [b"", b"", b"x"]) == b"x"
    assert choose(Rule.MIN, [b"", b"y", b"x"]) == b"x"
    assert choose(Rule.PLURALITY, [b"", b""]) == b""
    assert choose(Rule.PLURALITY, [b"y", b"x", b"y"]) == b"y"
    assert choose(Rule.PLURALITY, [b"y", b"x"]) == b"x"


def test_an_unknown_name_is_told_what_there_is() -> None:
    with pytest.raises(UnknownEngineError, match="flood-set"):
        synchronous.get("flodset")
