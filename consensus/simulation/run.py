"""One seed, from request to outcome."""

from collections import Counter

from consensus import catalog
from consensus.committee import Committee
from consensus.errors import BoundError
from consensus.model.faults import FaultKind
from consensus.simulation.application import MakeApplication
from consensus.simulation.cluster import Cluster
from consensus.simulation.features import LIES, choose_features, list_senseless
from consensus.simulation.request import Outcome, Request
from consensus.simulation.scenario import SIZE_MAX
from consensus.simulation.schedule import Played, Prepare, Schedule, play_schedule
from consensus.simulation.swarm import SIZES, draw_schedule
from consensus.simulation.trace import Trace
from consensus.simulation.words import ScenarioError

APPLICATIONS = ("bare", "ledger")


def run_seed(
    request: Request,
    seed: int,
    make_application: MakeApplication | None = None,
    prepare: Prepare | None = None,
) -> Outcome:
    """The storm named by a request and a seed, played to its end."""
    schedule = draw_schedule(request, seed)
    played = play_schedule(schedule, make_application=make_application, prepare=prepare)
    return conclude(seed, played)


def trace_schedule(
    schedule: Schedule, seed: int = 0, make_application: MakeApplication | None = None
) -> tuple[Outcome, Trace]:
    """The same run with everything written down; the digest is the same."""
    played = play_schedule(schedule, is_traced=True, make_application=make_application)
    assert played.cluster.trace is not None
    return conclude(seed, played), played.cluster.trace


def conclude(seed: int, played: Played) -> Outcome:
    """What counts of a run."""
    cluster: Cluster = played.cluster
    return Outcome(
        seed,
        played.violation,
        cluster.history.height,
        cluster.timeline.happened,
        cluster.now_ms,
        dict(sorted(count_probes(cluster).items())),
        cluster.digest(),
    )


def count_probes(cluster: Cluster) -> Counter[str]:
    """Rare situations: of the run, of its links, and of its honest engines."""
    probes = cluster.history.probes + cluster.links.counts
    for host in cluster.correct:
        counters = Counter(host.counters)
        if host.engine is not None:
            counters.update(cluster.spec.account(host.engine).counters)
        probes.update({name_probe(name): count for name, count in counters.items()})
    return probes


def name_probe(counter: str) -> str:
    """Engines count under names that metrics can have; here all names are spelled alike."""
    return counter.replace("_", "-")


FEATURE_PROBES = {
    "loss": ("message-lost",),
    "duplication": ("message-duplicated",),
    "reordering": ("message-overtaken",),
    "tails": ("delay-in-the-tail",),
    "clog": ("link-clogged",),
    "starvation": ("leader-starved",),
    "pause": ("host-paused",),
    "persistence": ("crashed-before-write", "crashed-after-write"),
    "torn-tail": ("crashed-torn-write", "torn-tail-cut"),
    "power": ("blocks-lost",),
    "wiped-disk": ("disk-wiped",),
    "forger": ("forgery-dropped",),
    "twins": ("twin-started",),
    "lying-detector": ("falsely-suspected", "falsely-trusted"),
}


def expected_probes(request: Request) -> tuple[str, ...]:
    """Situations that a campaign has to have seen, or else it has not tried what it claims."""
    spec = catalog.get(request.engine)
    features = choose_features(
        request.faults, lies=spec.model.assumes.fault_kind is FaultKind.BYZANTINE
    )
    features -= list_senseless(spec)
    probes = {name for feature in features for name in FEATURE_PROBES.get(feature, ())}
    if spec.reads:
        probes.add("read-answered")
    lies = set(LIES) & features - {"twins", "equivocation"}
    probes.update(f"behaved-{name}" for name in lies)
    if not request.faults:
        probes.update(map(name_probe, spec.probes))
    return tuple(sorted(probes))


def check_request(request: Request) -> None:
    """Refuse what cannot be run; raises `ConsensusError` with a message for people."""
    spec = catalog.get(request.engine)
    choose_features(request.faults, lies=True)
    if request.application not in APPLICATIONS:
        known = ", ".join(APPLICATIONS)
        raise ScenarioError(f"no application {request.application!r}; there are: {known}")
    if not 0 <= request.nodes <= SIZE_MAX:
        raise ScenarioError(f"nodes is 1 to {SIZE_MAX}, not {request.nodes}")
    if request.duration_ms < 1:
        raise ScenarioError("the chaos lasts a millisecond at least")
    catalog.parse_parameters(spec, request.parameters)
    for size in (request.nodes,) if request.nodes else SIZES:
        faults = spec.default_faults(size) if request.f is None else request.f
        committee = Committee.of(size, faults)
        beyond = request.beyond_bound
        catalog.check_configuration(spec, committee, allow_beyond_bound=beyond)
        check_faulty(request, size, faults)


def check_faulty(request: Request, size: int, faults: int) -> None:
    """No more liars than the assumption says, unless that is the purpose."""
    faulty = request.faulty or 0
    if not 0 <= faulty <= size:
        raise ScenarioError(f"{faulty} of {size} nodes cannot be faulty")
    if faulty > faults and not request.beyond_bound:
        raise BoundError(
            f"{faulty} faulty nodes are more than f = {faults}: that is beyond the bound, "
            f"and has to be asked for"
        )
