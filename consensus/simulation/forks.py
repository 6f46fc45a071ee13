"""What engines of block trees do, measured in the simulator and held against theory.

forks     Equal miners, every block takes as long to all others. While it travels, all but its miner
          may find another for the same height: with chance 1 - exp(-x), x = D/T · (n - 1)/n
          (Decker and Wattenhofer 2013, for whom n is large). Delays are chosen such that x is the
          ratio asked for, so that the formula holds as it stands in books. Of all blocks about
          x / (1 + x) are stale, a little fewer.
double    One honest miner and one that attacks in private again and again, no delays to speak of;
spend     each attack is a trial (Rosenfeld 2012). An attack that lies `patience` blocks behind is
          given up: what that loses is below `PATIENCE_RISK`.
selfish   One honest miner and one that withholds (Eyal and Sirer 2014). The honest keep the first of
          two equal branches, their own, or toss a coin: gamma is 0 or 1/2. Runs are cut into pieces;
          the share of each piece is a value, and pieces are independent but for their ends.

The same engine as in a node, over virtual time; the targets stay, and nothing becomes final. A run
is a function of its seed.
"""

import math
from fractions import Fraction

import msgspec

from consensus import catalog
from consensus.engine_spec import TreeRules
from consensus.errors import ConsensusError
from consensus.simulation.chance import Chance
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.host import Host
from consensus.simulation.intervals import Interval, estimate_mean, estimate_share
from consensus.simulation.links import Quality
from consensus.simulation.stage import Stage
from consensus.simulation.tree import BareTree

FORKS, DOUBLE_SPEND, SELFISH_MINING = "forks", "double-spend", "selfish"
NAMES = {FORKS: ("D/T",), DOUBLE_SPEND: ("q", "z"), SELFISH_MINING: ("q", "gamma")}
"""The measures, and what their numbers mean."""
INTERVAL_MS = 100_000
STILL = {"interval_ms": INTERVAL_MS, "window": 1_000_000, "depth": 10_000, "resend_ms": 600_000}
"""Targets that never change, and a depth that no run reaches."""
MINERS = 16
PATIENCE_RISK = 1e-5
PIECE_BLOCKS = 250
COMMON, REPEATS_MAX = 0.05, 8
"""Attacks that succeed less often are tried more often, up to so many times."""
RATIOS = (Fraction(1, 100), Fraction(1, 20), Fraction(1, 10))
SHARES = (Fraction(1, 10), Fraction(1, 5), Fraction(3, 10))
DEPTHS = (1, 2, 3, 4, 5, 6)
SELFISH = (
    (Fraction(1, 4), Fraction(0)),
    (Fraction(35, 100), Fraction(0)),
    (Fraction(45, 100), Fraction(0)),
    (Fraction(1, 4), Fraction(1, 2)),
    (Fraction(35, 100), Fraction(1, 2)),
    (Fraction(2, 5), Fraction(1, 2)),
)


class ForkError(ConsensusError):
    """Something that cannot be measured."""

    reason = "cannot-be-measured"


class Measured(msgspec.Struct, frozen=True):
    """A measured share, its 99 % interval, and what theory says."""

    measure: str
    numbers: tuple[float, ...]
    """What was measured, and with what: `FORKS` (D/T), `DOUBLE_SPEND` (share, confirmations),
    `SELFISH_MINING` (share, gamma)."""
    theory: float
    measured: float
    low: float
    high: float
    trials: int

    @property
    def case(self) -> str:
        """What was measured, for people."""
        names = NAMES[self.measure]
        pairs = (f"{name} {number:g}" for name, number in zip(names, self.numbers, strict=True))
        return " ".join([self.measure.replace("-", " "), *pairs])

    @property
    def agrees(self) -> bool:
        """Does theory lie within the interval."""
        return Interval(self.low, self.high).holds(self.theory)


def make_measured(
    measure: str,
    numbers: tuple[Fraction | int, ...],
    theory: float,
    measured: float,
    *,
    interval: Interval,
    trials: int,
) -> Measured:
    """One line of the table."""
    plain = tuple(float(number) for number in numbers)
    return Measured(measure, plain, theory, measured, interval.low, interval.high, trials)


def find_rules(engine: str) -> TreeRules:
    """The rules of an engine of block trees; raises `ForkError` for another."""
    rules = catalog.get(engine).tree
    if rules is None:
        raise ForkError(f"{engine} grows no tree of blocks: there is nothing to fork")
    return rules


def find_tree(host: Host) -> BareTree:
    """All blocks that a host has stored."""
    assert isinstance(host.application, BareTree)
    return host.application


def find_miner(tree: BareTree, block_id: bytes) -> int:
    """Who found a block: its value says so."""
    return int(tree.stored[block_id].value.split(b"/")[0])


# --- forks ------------------------------------------------------------------------------------


def measure_forks(engine: str, ratio: Fraction, blocks: int, seed: int = 0) -> Measured:
    """The share of heights that more than one block was found for."""
    find_rules(engine)
    delay_ms = round(INTERVAL_MS * ratio * MINERS / (MINERS - 1))
    quality = Quality(delay_ms, delay_ms)
    cluster = make_cluster(engine, MINERS, seed=seed, quality=quality, parameters=STILL)
    cluster.links.filters.append(is_own_block)
    cluster.start()
    cluster.run_until(lambda: cluster.hosts[0].height >= blocks, 4 * blocks * INTERVAL_MS)
    cluster.run(2 * delay_ms)
    forked, heights, _ = count_forks(find_tree(cluster.hosts[0]), blocks)
    interval = estimate_share(forked, heights)
    theory = 1 - math.exp(-float(ratio))
    return make_measured(
        FORKS, (ratio,), theory, forked / heights, interval=interval, trials=heights
    )


def is_own_block(sender: int, _receiver: int, message: object) -> bool:
    """Only miners tell of their blocks: where nothing is lost, what others repeat is idle."""
    value = getattr(message, "value", None)
    return value is None or int(value.split(b"/")[0]) == sender


def count_forks(tree: BareTree, height: int) -> tuple[int, int, int]:
    """Heights up to this one that have several blocks; all of them; and the stale blocks there."""
    found: dict[int, int] = {}
    for block in tree.stored.values():
        found[block.header.height] = found.get(block.header.height, 0) + 1
    counts = [found[at] for at in range(1, height + 1)]
    return sum(count > 1 for count in counts), len(counts), sum(counts) - len(counts)


# --- attacks ----------------------------------------------------------------------------------


def open_duel(
    engine: str, share: Fraction, attack: str, seed: int, parameters: dict[str, int]
) -> Cluster:
    """Host 0 is honest, host 1 attacks with a share of all work."""
    cluster = make_cluster(
        engine, 2, seed=seed, quality=Quality(1, 1), parameters={**STILL, **parameters}
    )
    cluster.start()
    stage = Stage(cluster)
    stage.do(f"work 0 {round(2_000 * (1 - share))}")
    stage.do(f"work 1 {round(2_000 * share)}")
    stage.do(f"attack 1 {attack}")
    return cluster


def measure_double_spend(
    engine: str, share: Fraction, confirmations: int, attacks: int, seed: int = 0
) -> Measured:
    """The share of attacks that undo a payment with so many confirmations."""
    theory = float(find_rules(engine).compute_reversal(confirmations, share))
    ratio = float(share / (1 - share))
    patience = math.ceil(math.log(PATIENCE_RISK) / math.log(ratio))
    cluster = open_duel(engine, share, f"private-chain {confirmations} {patience}", seed, {})
    won, lost = 0, 0
    while won + lost < attacks:  # in small steps: attacks that succeed end sooner than others
        cluster.run(INTERVAL_MS)
        counters = cluster.spec.account(cluster.hosts[1].engine).counters
        won, lost = counters.get("double_spent", 0), counters.get("attack_given_up", 0)
    interval = estimate_share(won, won + lost)
    trials = won + lost
    numbers = (share, confirmations)
    return make_measured(
        DOUBLE_SPEND, numbers, theory, won / trials, interval=interval, trials=trials
    )


def measure_selfish(
    engine: str, share: Fraction, gamma: Fraction, pieces: int, seed: int = 0
) -> Measured:
    """The share of the blocks on the chain that a selfish miner found; gamma is 0 or 1/2."""
    theory = float(find_rules(engine).compute_selfish(share, gamma))
    if gamma not in {Fraction(0), Fraction(1, 2)}:
        raise ForkError(f"gamma is 0 or 1/2 here, not {gamma}")
    ties = {"random_ties": int(gamma > 0), "tie_seed": seed}
    cluster = open_duel(engine, share, "selfish", seed, ties)
    wanted = pieces * PIECE_BLOCKS
    while cluster.hosts[0].height < wanted:
        cluster.run(100 * INTERVAL_MS)
    tree = find_tree(cluster.hosts[0])
    earned = [find_miner(tree, block.block_id) == 1 for block in tree.blocks[:wanted]]
    shares = [
        sum(earned[at : at + PIECE_BLOCKS]) / PIECE_BLOCKS for at in range(0, wanted, PIECE_BLOCKS)
    ]
    interval = estimate_mean(shares)
    numbers = (share, gamma)
    return make_measured(
        SELFISH_MINING, numbers, theory, sum(earned) / wanted, interval=interval, trials=wanted
    )


def list_cases() -> tuple[tuple[str, tuple[Fraction | int, ...]], ...]:
    """The whole table: the name of a measure, and its arguments."""
    forks = [(FORKS, (ratio,)) for ratio in RATIOS]
    spends = [(DOUBLE_SPEND, (share, depth)) for share in SHARES for depth in DEPTHS]
    selfish = [(SELFISH_MINING, pair) for pair in SELFISH]
    return (*forks, *spends, *selfish)


def measure_case(
    engine: str, name: str, arguments: tuple[Fraction | int, ...], effort: int, seed: int
) -> Measured:
    """One line of the table; `effort` 1 takes seconds, and intervals shrink with its root.

    Each line draws chance of its own, so that one that misses by chance says nothing of the others.
    """
    seed = Chance(seed, f"/{name}/{arguments}").below(1 << 32)
    match name, arguments:
        case "forks", (Fraction() as ratio,):
            return measure_forks(engine, ratio, 1_000 * effort, seed)
        case "double-spend", (Fraction() as share, int(depth)):
            theory = float(find_rules(engine).compute_reversal(depth, share))
            attacks = 200 * effort * min(max(round(COMMON / theory), 1), REPEATS_MAX)
            return measure_double_spend(engine, share, depth, attacks, seed)
        case "selfish", (Fraction() as share, Fraction() as gamma):
            return measure_selfish(engine, share, gamma, max(30, 12 * effort), seed)
        case _:
            raise ForkError(f"no measure {name!r} of {len(arguments)} numbers")
