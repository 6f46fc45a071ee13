"""Every protocol's cost over n and f, measured, fitted, and held against its formula.

Engines order one item from rest; agreements decide once. Along n the committee stands as many faults as
it can, along f it has one size. Kinds of messages are compared one by one, and rounds too; of bytes, state
and writes nothing exact is claimed, so these are fitted only.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from consensus import agreements, catalog, synchronous
from consensus.committee import Committee
from consensus.engine_spec import Contract
from consensus.model.claims import Claims
from consensus.simulation.agreement_costs import Outlay, measure_agreement, measure_synchronous
from consensus.simulation.costs import Case, Cost, measure
from consensus.simulation.fitting import CLOSE, SMALL, fit_best, fit_power

SIZE_MAX = 64
SIZES_MAX = 12
"""So many sizes at most, the smallest ones, and some larger ones."""
MESSAGES_MAX = 5_000
"""A case with more takes too long to play."""
POINTS_MIN = 5
SWEEP_SIZE = 11
"""The size along f."""
LARGE = 1_000
"""From here on factors are written without decimals."""
QUANTITIES = ("messages", "bytes", "rounds", "state", "writes")


class Point(msgspec.Struct, frozen=True):
    """One committee: what was measured, and what is claimed of it; None where nothing is."""

    nodes: int
    faults: int
    counted: dict[str, int]
    formula: dict[str, int]
    rounds: int | None
    claimed_rounds: int | None
    bytes: int
    state: int
    writes: int

    @property
    def messages(self) -> int:
        """Of all kinds."""
        return sum(self.counted.values())

    @property
    def is_equal(self) -> bool:
        """Is all that is claimed so."""
        has_rounds = self.claimed_rounds in {None, self.rounds}
        return self.counted == self.formula and has_rounds


class Fit(msgspec.Struct, frozen=True):
    """A quantity along `axis`, n or f: y = coefficient · n ^ exponent, and as a polynomial."""

    quantity: str
    axis: str
    exponent: float
    coefficient: float
    residual: float
    polynomial: tuple[float, ...]
    polynomial_residual: float
    words: str
    """The polynomial."""

    @property
    def is_exact(self) -> bool:
        """Does the polynomial miss nothing."""
        return self.polynomial_residual < SMALL

    @property
    def is_constant(self) -> bool:
        """Is it the same everywhere."""
        return self.is_exact and not any(self.polynomial[1:])

    def tell_polynomial(self) -> str:
        """With what it misses, if anything; nothing where it is no good."""
        if self.polynomial_residual > CLOSE:
            return "no polynomial"
        return self.words + ("" if self.is_exact else f" ± {self.polynomial_residual:.1%}")

    def tell_power(self) -> str:
        """The best power, with what it misses."""
        factor = self.coefficient
        told = f"{factor:,.0f}" if factor >= LARGE else f"{factor:.3g}"
        return f"{told} {self.axis}^{self.exponent:.2f} ± {self.residual:.0%}"


class Measured(msgspec.Struct, frozen=True):
    """One protocol."""

    name: str
    family: str
    words: str
    formula: str
    along_n: tuple[Point, ...]
    along_f: tuple[Point, ...]
    fits: tuple[Fit, ...]

    @property
    def differing(self) -> list[Point]:
        """Where something is not as it is claimed."""
        return [point for point in (*self.along_n, *self.along_f) if not point.is_equal]

    def find_fit(self, quantity: str, axis: str = "n") -> Fit | None:
        """None where there was too little to fit."""
        fits = (fit for fit in self.fits if (fit.quantity, fit.axis) == (quantity, axis))
        return next(fits, None)


Job = tuple[str, str]
"""A family, and a name in it."""
ENGINE, CHANGE, AGREEMENT, SYNCHRONOUS = "engine", "view change", "agreement", "synchronous"


def list_jobs() -> list[Job]:
    """Everything that claims anything."""
    chains = [n for n in catalog.names() if catalog.get(n).contract is Contract.CHAIN]
    leaders = [name for name in chains if catalog.get(name).model.view_change_messages(4)]
    return [
        *((ENGINE, name) for name in chains),
        *((CHANGE, name) for name in leaders),
        *((AGREEMENT, name) for name in agreements.names() if agreements.get(name).claims),
        *((SYNCHRONOUS, name) for name in synchronous.names() if synchronous.get(name).claims),
    ]


def measure_job(job: Job) -> Measured:
    """All of one protocol; a worker process may do it."""
    return measure_engine(job) if job[0] in {ENGINE, CHANGE} else measure_single(job)


def measure_engine(job: Job) -> Measured:
    """An engine of the catalog, with its largest f."""
    family, name = job
    case = Case.GOOD if family == ENGINE else Case.VIEW_CHANGE
    spec = catalog.get(name)
    count = spec.model.good_case_messages
    affordable = max(n for n in range(3, SIZE_MAX + 1) if sum(count(n).values()) <= MESSAGES_MAX)
    sizes = list_sizes(spec.default_faults, affordable)
    points = [read_cost(measure(case, name, size)) for size in sizes]
    words = (
        f"{name}, {'one height from rest' if case is Case.GOOD else 'a crashed leader replaced'}"
    )
    return make_measured(job, words, tell_formula(points), points, [])


def tell_formula(points: list[Point]) -> str:
    """The sum of a formula over all kinds, as a polynomial if it is one."""
    sums = [float(sum(point.formula.values())) for point in points]
    fit = fit_best([point.nodes for point in points], sums)
    return fit.tell() if fit is not None and fit.residual < SMALL else ""


def list_sizes(find_faults: Callable[[int], int], size_max: int = SIZE_MAX) -> list[int]:
    """The smallest committees that stand 1, 2, 3 … faults; all sizes where these are too few."""
    sizes = range(3, size_max + 1)
    least = [size for size in sizes if find_faults(size) > find_faults(size - 1)]
    if len(least) < POINTS_MIN:
        least = [size for size in sizes if find_faults(size)]
    step = max(len(least) - SIZES_MAX // 2, 1) / (SIZES_MAX // 2)
    far = {SIZES_MAX // 2 + int(step * at) for at in range(SIZES_MAX // 2)}
    return [size for at, size in enumerate(least) if at < SIZES_MAX // 2 or at in far]


def read_cost(cost: Cost) -> Point:
    """A measurement of an engine."""
    reading = cost.reading
    return Point(
        cost.nodes,
        cost.faults,
        cost.counted,
        cost.formula,
        reading.rounds,
        cost.delays,
        reading.bytes_total,
        reading.state_bytes_peak,
        reading.writes,
    )


def measure_single(job: Job) -> Measured:
    """An agreement that decides once, along n and along f."""
    claims, words, find_faults, act = describe_single(*job)
    sizes = list_sizes(find_faults, claims.size_max)
    along_n = measure_points(claims, act, ((size, find_faults(size)) for size in sizes))
    size = min(SWEEP_SIZE, claims.size_max)
    along_f = measure_points(
        claims, act, ((size, faults) for faults in range(1, find_faults(size) + 1))
    )
    return make_measured(job, words, claims.words, along_n, along_f)


def describe_single(
    family: str, name: str
) -> tuple[Claims, str, Callable[[int], int], Callable[[Committee], Outlay]]:
    """Its claims, what it is, the most faults that a size stands, and how to measure it."""
    if family == AGREEMENT:
        spec = agreements.get(name)
        assert spec.claims is not None
        return spec.claims, spec.words, spec.default_faults, lambda c: measure_agreement(name, c)
    timed = synchronous.get(name)
    assert timed.claims is not None

    def find_faults(size: int) -> int:
        return max((size - 1) // timed.multiple - (timed.multiple == 1), 0)

    return timed.claims, timed.words, find_faults, lambda c: measure_synchronous(name, c)


def measure_points(
    claims: Claims, act: Callable[[Committee], Outlay], committees: Iterable[tuple[int, int]]
) -> list[Point]:
    """Those that are not too large to be played."""
    points: list[Point] = []
    for nodes, faults in committees:
        formula = claims.count_messages(nodes, faults)
        if sum(formula.values()) > MESSAGES_MAX and len(points) >= POINTS_MIN:
            break
        spent = act(Committee.of(nodes, faults))
        points.append(
            Point(
                nodes,
                faults,
                spent.messages,
                {kind: count for kind, count in formula.items() if count},
                spent.rounds,
                claims.count_rounds(nodes, faults),
                spent.bytes_total,
                spent.state_bytes_peak,
                spent.writes,
            )
        )
    return points


def make_measured(
    job: Job, words: str, formula: str, along_n: list[Point], along_f: list[Point]
) -> Measured:
    """With its fits."""
    fits = [find_fit(quantity, "n", along_n) for quantity in QUANTITIES]
    fits += [find_fit(quantity, "f", along_f) for quantity in QUANTITIES]
    known = tuple(fit for fit in fits if fit is not None)
    family, name = job
    return Measured(name, family, words, formula, tuple(along_n), tuple(along_f), known)


def find_fit(quantity: str, axis: str, points: list[Point]) -> Fit | None:
    """None where there is nothing to fit."""
    values: list[Any] = [getattr(point, quantity) for point in points]
    if len(points) < POINTS_MIN or None in values or min(values) <= 0:
        return None
    places = [point.nodes if axis == "n" else point.faults for point in points]
    power, polynomial = fit_power(places, values), fit_best(places, values)
    if power is None or polynomial is None:
        return None
    return Fit(
        quantity,
        axis,
        power.exponent,
        power.coefficient,
        power.residual,
        polynomial.coefficients,
        polynomial.residual,
        polynomial.tell(axis),
    )
