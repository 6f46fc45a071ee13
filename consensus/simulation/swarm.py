"""Storms: random faults from a seed for a while, then calm, and the question whether all is well.

During a storm any number of replicas may be down and any links cut, so only safety is asked for,
after every single step. Afterwards everybody without a mask is up and connected, and within a bound
all submitted work must be executed everywhere and the chain at rest, certified.
"""

from collections.abc import Callable
from dataclasses import dataclass

from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.links import Quality

STORM_PARAMETERS: tuple[dict[str, int], ...] = (
    {"timeout_ms": 600, "timeout_max_ms": 4_800, "idle_block_ms": 150},
    {"timeout_ms": 150, "timeout_max_ms": 2_400, "idle_block_ms": 50, "resend_ms": 60},
    {
        "timeout_ms": 300,
        "timeout_max_ms": 4_800,
        "idle_block_ms": 100,
        "checkpoint_interval": 3,
        "window": 8,
        "pipeline": 5,
        "resend_ms": 100,
    },
)
"""Networks with patient and with nervous timers, wide and narrow windows; a seed picks one."""
BUSY_PAUSE_MS = 15
CALM = Quality(delay_ms_min=1, delay_ms_max=20)


@dataclass(frozen=True, slots=True)
class Storm:
    """What a storm may do; chances are thousandths per action."""

    duration_ms: int = 15_000
    pause_ms_max: int = 400
    crash: int = 120
    fuse: int = 120
    restart: int = 300
    partition: int = 80
    heal: int = 120
    quality: int = 80
    calm_within_ms: int = 60_000


@dataclass(frozen=True, slots=True)
class Report:
    """How a storm ended."""

    seed: int
    at_rest: bool
    heights: tuple[int, ...]
    calm_after_ms: int
    digest: str


def run_storm(
    seed: int,
    storm: Storm | None = None,
    *,
    engine: str = "pbft",
    dress: Callable[[Cluster], None] | None = None,
) -> Report:
    """One storm; `dress` may put masks on up to f replicas. Raises `ViolationError`."""
    storm = storm or Storm()
    size = 4 + seed % 4
    parameters = STORM_PARAMETERS[seed // 4 % len(STORM_PARAMETERS)]
    cluster = make_cluster(engine, size, seed=seed, parameters=parameters)
    cluster.trace.is_kept = False
    for host in cluster.hosts.values():
        host.habits.check_ms = cluster.chance.choose((0, 0, 5, 120))
        host.habits.apply_ms = cluster.chance.choose((0, 0, 5, 120))
        host.habits.loses_unsynced = cluster.chance.happens(500)
    if dress:
        dress(cluster)
    cluster.start()
    rage(cluster, storm)
    calm(cluster)
    started_ms = cluster.now_ms
    at_rest = cluster.run_until(cluster.are_at_rest, storm.calm_within_ms)
    heights, digest = cluster.heights(), cluster.trace.digest()
    return Report(seed, at_rest, heights, cluster.now_ms - started_ms, digest)


def rage(cluster: Cluster, storm: Storm) -> None:
    """Random actions at random moments, and work all the while."""
    actions = (
        (storm.crash, crash_one),
        (storm.fuse, light_fuse),
        (storm.restart, restart_one),
        (storm.partition, cut),
        (storm.heal, lambda cluster: cluster.links.heal()),
        (storm.quality, worsen),
    )
    is_busy = cluster.chance.happens(300)
    while cluster.now_ms < storm.duration_ms:
        for permille, action in actions:
            if cluster.chance.happens(permille):
                action(cluster)
        work_for(cluster, cluster.chance.between(1, storm.pause_ms_max), is_busy=is_busy)


def work_for(cluster: Cluster, for_ms: int, *, is_busy: bool) -> None:
    """Let time pass with one item of work, or with so many that heights follow without a pause."""
    end_ms = cluster.now_ms + for_ms
    while cluster.now_ms < end_ms:
        cluster.submit(f"item{cluster.now_ms}")
        cluster.run(min(end_ms - cluster.now_ms, BUSY_PAUSE_MS if is_busy else for_ms))


def crash_one(cluster: Cluster) -> None:
    """Some replica that is up stops."""
    up = [host.name for host in cluster.hosts.values() if host.is_up]
    if up:
        cluster.crash(cluster.chance.choose(up))


def light_fuse(cluster: Cluster) -> None:
    """Some replica will crash right after one of its next writes, before it says anything."""
    host = cluster.hosts[cluster.chance.below(len(cluster.hosts))]
    if host.is_up:
        host.fuse = cluster.chance.between(1, 6)


def restart_one(cluster: Cluster) -> None:
    """Some replica that is down starts again from its disk."""
    down = [host.name for host in cluster.hosts.values() if not host.is_up]
    if down:
        cluster.restart(cluster.chance.choose(down))


def cut(cluster: Cluster) -> None:
    """Split the members into two groups."""
    sides: tuple[set[int], set[int]] = (set(), set())
    for name in cluster.hosts:
        sides[cluster.chance.below(2)].add(name)
    cluster.links.partition(*sides)


def worsen(cluster: Cluster) -> None:
    """Other delays, loss and duplicates."""
    chance = cluster.chance
    least = chance.below(30)
    most = least + chance.choose((0, 20, 200, 800))
    loss, twice = chance.choose((0, 0, 50, 300)), chance.choose((0, 100))
    cluster.links.quality = Quality(least, most, loss, twice)


def calm(cluster: Cluster) -> None:
    """Heal all links and start all replicas; byzantine ones stay what they are."""
    cluster.links.heal()
    cluster.links.quality = CALM
    for host in cluster.hosts.values():
        host.fuse = None
        if not host.is_up:
            cluster.restart(host.name)
