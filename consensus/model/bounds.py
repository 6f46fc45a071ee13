"""Which configurations a theorem covers: the bounds of agreement, with their validity.

All bounds have one form, n > k f; the theorem says what k is.

| faults            | synchronous                         | partially synchronous, or randomised   |
|-------------------|-------------------------------------|----------------------------------------|
| crash             | f < n; n > 2f for V2                | n > 2f; n > 3f for V2                   |
| omission, timing  | n > 2f (uniform); f < n otherwise,  | n > 2f; n > 3f for V2                   |
|                   | n > 2f for V2                       |                                        |
| Byzantine         | n > 3f; signed: f < n, n > 2f for V2| n > 3f, even signed                     |
| any, asynchronous and deterministic: f = 0 (FLP)                                                 |
| work counts, not voices: n > 2f for replicas that work equally fast, delays far below the interval |

V3 with m possible values: n > m f under synchrony (at least the bound for V2), n > (m + 1) f
without a known bound; so for values that nobody can count it is out of reach, and ledgers take V4.

Why validity costs something even against crashes. Synchrony, n <= 2f: half propose 0, half 1; all
decide, say, 0; then those who proposed 0 crash, and all correct ones had proposed 1. Without a
known bound, n <= 3f: X (f replicas, 0) and Y (at most f, 1) must decide without Z (f, late). If
they decide 0, let Z hold 1 and X crash; if 1, let Z hold 0 and Y crash.

Kinds between those of the table are judged as the next one up, which includes them: recovery and
send or receive omission as general omission, and so are timing faults, for late is discarded. The
bounds hold for static and for dynamic choice of the faulty.
"""

from dataclasses import dataclass
from typing import assert_never

from consensus.errors import ModelError
from consensus.model.faults import FaultKind
from consensus.model.links import Links
from consensus.model.theorems import Theorem
from consensus.model.timing import Timing
from consensus.model.topology import Topology, compute_connectivity
from consensus.model.validity import Agreement, Validity


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What an engine takes for granted, and what it promises: the arguments of a theorem.

    `values` is m, how many different values may be proposed, None if nobody can count them; it
    matters for V3 alone. Raises `ModelError` on a promise that nobody could keep.
    """

    links: Links
    fault_kind: FaultKind
    validity: Validity
    agreement: Agreement = Agreement.CORRECT
    is_randomised: bool = False
    values: int | None = None
    counts_work: bool = False
    """Does work convince instead of voices: then nobody has to know who spoke."""

    def __post_init__(self) -> None:
        """Liars decide what they like, and one value needs no agreement."""
        if self.fault_kind is FaultKind.BYZANTINE and self.agreement is Agreement.UNIFORM:
            raise ModelError("uniform agreement cannot be asked of byzantine replicas")
        if self.values is not None and self.values < 2:
            raise ModelError("agreement is about at least two values")

    @property
    def timing(self) -> Timing:
        """The delay axis of the links."""
        return self.links.delay

    @property
    def has_bound(self) -> bool:
        """May the engine count on a bound that it knows, from the start."""
        return self.timing is Timing.SYNCHRONOUS


@dataclass(frozen=True, slots=True)
class Bound:
    """n > `multiple` * f, by `theorem`; no f but 0 if `multiple` is None."""

    multiple: int | None
    theorem: Theorem

    @property
    def text(self) -> str:
        """The bound in the usual notation."""
        match self.multiple:
            case None:
                return "f = 0"
            case 1:
                return "n > f"
            case multiple:
                return f"n > {multiple}f"

    def covers(self, size: int, faults: int) -> bool:
        """Do `size` replicas stand `faults` faults."""
        if size < 1 or faults < 0:
            return False
        return faults == 0 or (self.multiple is not None and size > self.multiple * faults)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The word of a theorem on one configuration; `reason` says it in a sentence."""

    is_granted: bool
    theorem: Theorem
    bound_text: str
    judged_as: FaultKind
    reason: str


def judge(
    assumptions: Assumptions, size: int, faults: int, topology: Topology | None = None
) -> Verdict:
    """May `size` replicas with at most `faults` faulty ones keep these promises, and who says so.

    Links and topology (complete if None) are looked at first: no number of replicas makes up for
    them.
    """
    judged_as = find_judged_kind(assumptions.fault_kind)
    bound = find_bound(assumptions)
    is_granted, theorem, text = bound.covers(size, faults), bound.theorem, bound.text
    if obstacle := find_obstacle(assumptions, size, faults, topology):
        is_granted, (theorem, text) = False, obstacle
    place = "inside" if is_granted else "outside"
    reason = f"n = {size} and f = {faults} is {place} {text} ({theorem.citation})"
    if judged_as is not assumptions.fault_kind:
        reason += f", with {assumptions.fault_kind.value} judged as {judged_as.value}"
    return Verdict(is_granted, theorem, text, judged_as, reason)


def find_judged_kind(kind: FaultKind) -> FaultKind:
    """The row of the table that speaks for a kind."""
    if kind in {FaultKind.CRASH, FaultKind.BYZANTINE}:
        return kind
    return FaultKind.GENERAL_OMISSION


def find_obstacle(
    assumptions: Assumptions, size: int, faults: int, topology: Topology | None
) -> tuple[Theorem, str] | None:
    """What the links or their absence forbid, and what would be needed instead."""
    links = assumptions.links
    is_byzantine = assumptions.fault_kind is FaultKind.BYZANTINE
    if size > 1 and not links.delivers_if_repeated:
        return Theorem.TWO_GENERALS, "links that deliver what is repeated"
    if size > 1 and assumptions.has_bound and not links.has_bound:
        return Theorem.TWO_GENERALS, "links that deliver within the bound"
    if is_byzantine and faults > 0 and not (links.knows_sender or assumptions.counts_work):
        return Theorem.KNOWN_SENDERS, "authenticated links"
    if topology is None or topology.is_complete:
        return None
    multiple = 2 if is_byzantine and not links.is_signed else 1
    bound = Bound(multiple, Theorem.CONNECTIVITY)
    is_cut = topology.size != size or not bound.covers(compute_connectivity(topology), faults)
    return (bound.theorem, bound.text.replace("n", "connectivity", 1)) if is_cut else None


def find_bound(assumptions: Assumptions) -> Bound:
    """The bound for these assumptions, if links and topology are in order."""
    if assumptions.timing is Timing.ASYNCHRONOUS and not assumptions.is_randomised:
        return Bound(None, Theorem.FLP)
    if assumptions.counts_work:
        return Bound(2, Theorem.HONEST_WORK)
    plain, unanimous = (
        find_bounds_known(assumptions)
        if assumptions.has_bound
        else (find_bounds_unknown(assumptions))
    )
    match assumptions.validity:
        case Validity.UNANIMOUS_START | Validity.PROPOSED | Validity.EXTERNAL:
            return plain
        case Validity.UNANIMOUS_CORRECT:
            return unanimous
        case Validity.PROPOSED_BY_CORRECT:
            return strengthen(assumptions, unanimous)
        case _:
            assert_never(assumptions.validity)


def find_bounds_known(assumptions: Assumptions) -> tuple[Bound, Bound]:
    """Under synchrony: the bound for V0, V1 and V4, and that for V2."""
    match find_judged_kind(assumptions.fault_kind):
        case FaultKind.BYZANTINE if assumptions.links.is_signed:
            return (
                Bound(1, Theorem.AUTHENTICATED_BROADCAST),
                Bound(2, Theorem.AUTHENTICATED_CONSENSUS),
            )
        case FaultKind.BYZANTINE:
            return Bound(3, Theorem.ORAL_MESSAGES), Bound(3, Theorem.ORAL_MESSAGES)
        case FaultKind.CRASH:
            return Bound(1, Theorem.SYNCHRONOUS_CRASH), Bound(2, Theorem.CRASH_OF_PROPOSERS)
    if assumptions.agreement is Agreement.UNIFORM:
        return Bound(2, Theorem.SYNCHRONOUS_OMISSION), Bound(2, Theorem.SYNCHRONOUS_OMISSION)
    return Bound(1, Theorem.AUTHENTICATED_BROADCAST), Bound(2, Theorem.CRASH_OF_PROPOSERS)


def find_bounds_unknown(assumptions: Assumptions) -> tuple[Bound, Bound]:
    """Under partial synchrony or with coins: the bound for V0, V1 and V4, and that for V2."""
    is_partial = assumptions.timing is Timing.PARTIALLY_SYNCHRONOUS
    if assumptions.fault_kind is FaultKind.BYZANTINE:
        byzantine = (
            Theorem.PARTIAL_SYNCHRONY_BYZANTINE if is_partial else Theorem.RANDOMISED_BYZANTINE
        )
        return Bound(3, byzantine), Bound(3, byzantine)
    benign = Theorem.PARTIAL_SYNCHRONY_BENIGN if is_partial else Theorem.RANDOMISED_BENIGN
    return Bound(2, benign), Bound(3, Theorem.DELAYED_PROPOSERS)


def strengthen(assumptions: Assumptions, unanimous: Bound) -> Bound:
    """From V2 to V3: some value must have more than f proposers among those that are heard.

    All n are heard in time under synchrony, so m values need n > m f; else only n - f are, and
    n - f > m f. Sufficient too: a value with f + 1 proposers has a correct one.
    """
    assert unanimous.multiple is not None
    if assumptions.values is None:
        return Bound(None, Theorem.STRONG_CONSENSUS)
    multiple = assumptions.values if assumptions.has_bound else assumptions.values + 1
    if multiple <= unanimous.multiple:
        return unanimous
    return Bound(multiple, Theorem.STRONG_CONSENSUS)
