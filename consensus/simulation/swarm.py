"""Storms: a schedule of faults drawn from a seed, then a core that is healed.

Swarm testing (Groce et al. 2012): each storm has a random half of the features, for features hide
each other's failures. During the chaos any number of hosts may be down and any link cut, so only
safety is demanded, after every step. Then a random core, just large enough or larger, is healed,
while whoever is outside stays broken and goes on breaking; the core has to finish all work within
the bound that the engine states.

What counts among the f faulty: liars, hosts whose disk or journal is lost, and, once the core is
healed, whoever is outside it.
"""

from dataclasses import dataclass

from consensus import catalog
from consensus.committee import Committee
from consensus.model.faults import FaultKind
from consensus.simulation.byzantine.registry import draw_behaviour
from consensus.simulation.chance import Chance
from consensus.simulation.features import (
    BROKEN_BY_SYNCHRONY,
    LIES,
    UNBOUNDED,
    choose_features,
    list_senseless,
)
from consensus.simulation.kinds import list_kinds
from consensus.simulation.request import Request, WorldKind
from consensus.simulation.schedule import Action, Schedule
from consensus.simulation.stranding import draw_stranding
from consensus.simulation.usurping import draw_usurping

SIZES = (4, 5, 6, 7)
"""Where a request leaves the size open."""
RATES = (2, 5, 10, 20, 40)
PAUSE_MS_MAX = 400
SYNCHRONOUS_MS_MAX = 20
UNKNOWN_BOUNDS_MS = (20, 60, 200)
SHORTEST_PERMILLE = 300
"""The shortest chaos, as a share of the longest."""
SOON_MS = 150
REVIVED = {"crash": 400, "power": 400, "persistence": 400, "torn-tail": 400, "blackout": 1_000}
"""How often in a thousand all that are down restart soon: before others have changed the view."""
DECEIVED_MS = (0, 100, 500, 2_000)
"""How long detectors insist on what is not so."""
DEPOSED_MAX = 3
DEPOSED_MS = (100, 300, 1_000)
AFTERMATH_MS = 1_500
"""How long hosts outside the core go on breaking."""


@dataclass(slots=True)
class Storm:
    """A schedule on its way."""

    request: Request
    chance: Chance
    committee: Committee
    features: frozenset[str]
    actions: list[Action]
    liars: list[int]
    forgetful: list[int]
    """Who may lose its disk."""
    patience_ms: int
    """The engine's first timeout."""
    corrupted: int = 0
    """How many of the liars lie already."""
    now_ms: int = 0

    @property
    def places(self) -> range:
        """The members' addresses."""
        return range(self.committee.size)

    def do(self, command: str, after_ms: int = 0) -> None:
        """Put an action at the end, or a little later into what is to come."""
        self.actions.append((self.now_ms + after_ms, command))

    def has(self, feature: str) -> bool:
        """Is a feature on in this storm."""
        return feature in self.features

    def some_place(self) -> int:
        """Any member's address."""
        return self.chance.below(self.committee.size)

    def sides(self) -> tuple[str, str]:
        """The members in two groups, either perhaps empty."""
        left = {place for place in self.places if self.chance.happens(500)}
        right = set(self.places) - left
        return " ".join(map(str, sorted(left))), " ".join(map(str, sorted(right)))


def draw_schedule(request: Request, seed: int) -> Schedule:
    """The storm named by a request and a seed; raises `ConsensusError` for an impossible request."""
    spec = catalog.get(request.engine)
    chance = Chance(seed, "/storm")
    size = request.nodes or chance.choose(SIZES)
    faults = spec.default_faults(size) if request.f is None else request.f
    committee = Committee.of(size, faults)
    catalog.check_configuration(spec, committee, allow_beyond_bound=request.beyond_bound)
    features = draw_features(request, chance)
    parameters = {**chance.choose(spec.restless), **request.parameters}
    parsed = catalog.parse_parameters(spec, parameters)
    patience_ms = spec.patience_ms(parsed)
    storm = Storm(request, chance, committee, features, [], [], [], patience_ms)
    words = " ".join(f"{key}={value}" for key, value in parameters.items())
    line = f"cluster {request.engine} n={size} f={faults} seed={seed} delay=1..20 {words}"
    choose_faulty(storm)
    open_storm(storm)
    rage(storm)
    if spec.reads and storm.has("starvation"):
        depose_some(storm)
    if request.timing is not WorldKind.ASYNCHRONOUS:
        heal(
            storm,
            spec.model.progress_bound_ms(parsed, size, faults, bound_of(storm)),
        )
    actions = sorted(storm.actions, key=lambda action: action[0])
    return Schedule(line, tuple(actions), request.application)


def draw_features(request: Request, chance: Chance) -> frozenset[str]:
    """Half of what is allowed."""
    spec = catalog.get(request.engine)
    allowed = choose_features(
        request.faults, lies=spec.model.assumes.fault_kind is FaultKind.BYZANTINE
    )
    allowed -= list_senseless(spec)
    if request.timing is WorldKind.SYNCHRONOUS:
        allowed -= BROKEN_BY_SYNCHRONY
    if request.timing is WorldKind.UNKNOWN_BOUND:
        allowed -= UNBOUNDED
    return frozenset(name for name in sorted(allowed) if name in LIES or chance.happens(500))


def choose_faulty(storm: Storm) -> None:
    """Who lies, and who may lose its disk: together at most f, unless more are asked for."""
    chance, faults, asked = storm.chance, storm.committee.faults, storm.request.faulty
    count = chance.between(0, faults) if asked is None else asked
    if storm.features & set(LIES):
        in_a_row = chance.happens(500)
        members = list(storm.places)
        storm.liars = members[:count] if in_a_row else chance.sample(members, count)
    others = [place for place in storm.places if place not in storm.liars]
    storm.forgetful = chance.sample(others, max(faults - len(storm.liars), 0))


def open_storm(storm: Storm) -> None:
    """What holds from the start: habits, liars, links, work."""
    chance = storm.chance
    for place in storm.places:
        check, apply = (
            (chance.choose((0, 0, 5, 120)), chance.choose((0, 0, 5, 120)))
            if storm.has("slow-host")
            else (0, 0)
        )
        sync = chance.choose((0, 2, 10, 50)) if storm.has("slow-disk") else 0
        drift = chance.between(-200, 200) if storm.has("skew") else 0
        if check or apply or sync or drift:
            storm.do(f"habit {place} check={check} apply={apply} sync={sync} drift={drift}")
    if chance.happens(500):
        corrupt_rest(storm)
    if storm.request.timing is not WorldKind.PARTIAL:
        storm.do(f"quality {draw_quality(storm)}")
    storm.do(f"load {chance.choose(RATES)}")
    if catalog.get(storm.request.engine).reads:
        storm.do(f"reads {chance.fork('reads').choose(RATES)}")


def corrupt_rest(storm: Storm) -> None:
    """Whoever was chosen and is honest yet begins to lie."""
    if len(storm.liars) > storm.committee.faults and not storm.corrupted:
        conspire(storm)
    for place in storm.liars[storm.corrupted :]:
        corrupt(storm, place)
    storm.corrupted = len(storm.liars)


def conspire(storm: Storm) -> None:
    """More liars than f: in half the storms one shows two faces, and the others support both."""
    if not storm.chance.happens(500) or not (storm.has("two-faced") and storm.has("parrot")):
        return
    first, *others = storm.liars
    storm.do(f"behave {first} two-faced")
    for place in others:
        storm.do(f"behave {place} parrot")
    storm.corrupted = len(storm.liars)


def corrupt(storm: Storm, place: int) -> None:
    """A host begins to lie, in one of the ways allowed."""
    chance = storm.chance
    lies = [name for name in LIES if storm.has(name)]
    name = "attack" if storm.has("attack") and chance.happens(500) else chance.choose(lies)
    if name == "twins":
        storm.do(f"twin {place}")
    elif name == "equivocation":
        left, right = storm.sides()
        storm.do(f"split {place} {left or place} | {right or place}")
    elif name == "attack":
        storm.do(f"attack {place} {chance.choose(list_attacks(storm))}")
    elif name == "censor":
        storm.do(f"censor {place} {' '.join(f'w{3 * k + 1}' for k in range(100))}")
    else:
        kind, arguments = draw_behaviour(chance, [name])
        storm.do(" ".join([f"behave {place} {kind}", *arguments]))


def list_attacks(storm: Storm) -> tuple[str, ...]:
    """What miners may try."""
    rules = catalog.get(storm.request.engine).tree
    return rules.storms if rules is not None else ()


def bound_of(storm: Storm) -> int:
    """The greatest message delay once all is well, in milliseconds."""
    return SYNCHRONOUS_MS_MAX if storm.request.timing is not WorldKind.UNKNOWN_BOUND else 200


def draw_quality(storm: Storm) -> str:
    """Other delays, loss and duplicates, as far as the timing model and the features allow."""
    chance, timing = storm.chance, storm.request.timing
    least = chance.below(10)
    if timing is WorldKind.SYNCHRONOUS:
        most = SYNCHRONOUS_MS_MAX
    elif timing is WorldKind.UNKNOWN_BOUND:
        most = chance.choose(UNKNOWN_BOUNDS_MS)
    else:
        most = least + chance.choose((0, 20, 200, 800))
    fifo = 0
    if not storm.has("reordering"):
        least, fifo = (most, 0) if chance.happens(500) else (least, 1)
    loss = chance.choose((0, 20, 100, 300)) if storm.has("loss") else 0
    twice = chance.choose((0, 50, 200)) if storm.has("duplication") else 0
    tail = chance.choose((0, 20, 100)) if storm.has("tails") else 0
    return f"delay={least}..{most} loss={loss} twice={twice} tail={tail} fifo={fifo}"


def rage(storm: Storm) -> None:
    """Random actions at random moments until the chaos ends, at a random time."""
    chance = storm.chance
    longest_ms = storm.request.duration_ms
    if storm.has("stranding") and chance.happens(500):
        strand(storm, 0)
        storm.now_ms = max(at_ms for at_ms, _ in storm.actions)
    if storm.has("usurped-leader") and chance.happens(500):
        storm.now_ms += chance.between(SOON_MS, 10 * SOON_MS)
        usurp(storm, 0)
        storm.now_ms = max(at_ms for at_ms, _ in storm.actions)
    end_ms = storm.now_ms + chance.between(longest_ms * SHORTEST_PERMILLE // 1_000, longest_ms)
    while storm.now_ms < end_ms:
        storm.now_ms += chance.between(1, PAUSE_MS_MAX)
        act(storm, list(storm.places))


def depose_some(storm: Storm) -> None:
    """A few leaders are cut off at random moments; drawn from a stream of its own."""
    chance = storm.chance.fork("depose")
    for _ in range(chance.below(DEPOSED_MAX + 1)):
        command = f"depose {chance.choose(DEPOSED_MS)}"
        storm.actions.append((chance.below(storm.now_ms + 1), command))


def act(storm: Storm, places: list[int]) -> None:
    """A few things happen to some of these hosts, or to their links."""
    chance = storm.chance
    for feature, permille, action in ACTIONS:
        if storm.has(feature) and chance.happens(permille):
            command = action(storm, chance.choose(places))
            if command:
                storm.do(command)
            if chance.happens(REVIVED.get(feature, 0)):
                everybody = " ".join(map(str, storm.places))
                storm.do(f"restart {everybody}", chance.between(1, SOON_MS))
    if chance.happens(100):
        corrupt_rest(storm)
    if chance.happens(350):
        storm.do(f"restart {chance.choose(places)}")
    if chance.happens(350):
        storm.do(f"resume {chance.choose(places)}")
    if chance.happens(150):
        storm.do("heal")


def lose_kinds(storm: Storm, _place: int) -> str:
    """Some kinds of messages do not reach some hosts, until links are healed.

    So one replica may prepare or decide what others do not, view after view.
    """
    kinds = list_kinds(catalog.get(storm.request.engine).messages)
    lost = storm.chance.sample(kinds, storm.chance.between(1, min(3, len(kinds))))
    some = storm.sides()[0]
    receivers = some if storm.chance.happens(600) else " ".join(map(str, storm.places))
    return f"drop {' '.join(lost)} to {receivers}" if receivers else ""


def strand(storm: Storm, _place: int) -> str:
    """Half an agreement, and half of another."""
    codec = catalog.get(storm.request.engine).messages
    drawn = draw_stranding(storm.chance, storm.committee, codec, storm.patience_ms)
    for after_ms, command in drawn:
        storm.do(command, after_ms)
    return ""


def usurp(storm: Storm, _place: int) -> str:
    """A leader that was replaced comes back before it knows."""
    codec = catalog.get(storm.request.engine).messages
    drawn = draw_usurping(storm.chance, storm.committee, codec, storm.patience_ms)
    for after_ms, command in drawn:
        storm.do(command, after_ms)
    return ""


def cut(storm: Storm, _place: int) -> str:
    """Two sides that do not hear each other."""
    left, right = storm.sides()
    return f"partition {left} | {right}"


def cut_one_way(storm: Storm, _place: int) -> str:
    """One side does not hear the other."""
    left, right = storm.sides()
    return f"oneway {left} | {right}" if left and right else ""


def clog(storm: Storm, place: int) -> str:
    """A link stops, or one that stopped runs again."""
    other = storm.some_place()
    verb = "clog" if storm.chance.happens(600) else "unclog"
    return f"{verb} {place} {other}" if other != place else ""


def wipe(storm: Storm, place: int, what: str) -> str:
    """A disk is lost, of one who may lose it."""
    return f"wipe {place}{what}" if place in storm.forgetful else ""


def light_fuse(storm: Storm, place: int) -> str:
    """A crash at one of the next writes."""
    where = storm.chance.choose(("before", "after"))
    return f"fuse {place} {storm.chance.between(1, 6)} {where}"


def omit(storm: Storm, place: int, way: str) -> str:
    """A host loses some of what it says or hears."""
    return f"omit {place} {way} {storm.chance.choose((100, 500, 1_000))}"


def deceive(storm: Storm, place: int) -> str:
    """Some detectors are wrong about whoever they watch, for a moment or for long."""
    chance = storm.chance
    verb = "suspect" if chance.happens(500) else "trust"
    places = storm.sides()[0] if chance.happens(400) else f"{place}"
    for_ms = chance.choose(DECEIVED_MS)
    last = f" for {for_ms}" if for_ms else ""
    return f"{verb} {places}{last}" if places else ""


ACTIONS = (
    ("crash", 120, lambda _s, place: f"crash {place}"),
    ("power", 120, lambda _s, place: f"power {place}"),
    ("persistence", 150, light_fuse),
    ("torn-tail", 100, lambda s, place: f"fuse {place} {s.chance.between(1, 6)} torn"),
    ("wiped-disk", 60, lambda s, place: wipe(s, place, "")),
    ("wiped-journal", 60, lambda s, place: wipe(s, place, " journal")),
    ("blackout", 50, lambda s, _place: f"power {' '.join(map(str, s.places))}"),
    ("lost-kinds", 200, lose_kinds),
    ("stranding", 50, strand),
    ("pause", 120, lambda _s, place: f"pause {place}"),
    ("partition", 80, cut),
    ("one-way", 80, cut_one_way),
    ("clog", 120, clog),
    ("starvation", 100, lambda s, _place: f"starve {s.chance.choose((100, 500, 2_000))}"),
    ("send-omission", 60, lambda s, place: omit(s, place, "send")),
    ("receive-omission", 60, lambda s, place: omit(s, place, "receive")),
    ("loss", 100, lambda s, _place: f"quality {draw_quality(s)}"),
    ("duplication", 50, lambda s, _place: f"quality {draw_quality(s)}"),
    ("reordering", 100, lambda s, _place: f"quality {draw_quality(s)}"),
    ("tails", 50, lambda s, _place: f"quality {draw_quality(s)}"),
    ("lying-detector", 350, deceive),
    ("usurped-leader", 60, usurp),
)
"""(feature, chance per moment in thousandths, what it does to a host)."""


LASTING = (
    ("crash", ("crash", "restart")),
    ("pause", ("pause", "resume")),
    ("send-omission", ("omit",)),
)
"""(feature, what may go on happening to hosts outside the core)."""


def heal(storm: Storm, bound_ms: int) -> None:
    """A core recovers; the others go on for a while, then all that the core was given is due."""
    chance, faults = storm.chance, storm.committee.faults
    corrupt_rest(storm)
    if len(storm.liars) > faults:
        return
    spare = faults - len(storm.liars)
    honest = [place for place in storm.places if place not in storm.liars]
    broken = chance.sample(storm.forgetful, chance.below(spare + 1))
    core = [place for place in honest if place not in broken]
    names = " ".join(map(str, core))
    storm.actions = [action for action in storm.actions if action[0] <= storm.now_ms]
    storm.do(f"core {names} delay=1..{bound_of(storm)}")
    storm.do("load 0")
    end_ms = storm.now_ms + AFTERMATH_MS
    while broken and storm.now_ms < end_ms:
        storm.now_ms += chance.between(1, PAUSE_MS_MAX)
        break_further(storm, broken)
    storm.do(f"demand {bound_ms} {names}")


def break_further(storm: Storm, broken: list[int]) -> None:
    """Whoever is outside the core crashes, restarts, pauses; links of others stay well."""
    place = storm.chance.choose(broken)
    verbs = [verb for feature, pair in LASTING for verb in pair if storm.has(feature)]
    if not verbs:
        return
    verb = storm.chance.choose(verbs)
    storm.do(omit(storm, place, "send") if verb == "omit" else f"{verb} {place}")
