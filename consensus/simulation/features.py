"""What a storm may do: features with names, and groups of them by the textbook's kinds of fault.

`--faults` takes names of either sort. The kinds are those of Cristian et al. 1985: crash, omission,
timing, Byzantine; `network` is what links do, which an engine has to stand besides, and `detector`
what failure detectors do to an engine that watches.
"""

from collections.abc import Iterable, Mapping

from consensus.engine_spec import EngineSpec
from consensus.simulation.byzantine.registry import KINDS
from consensus.simulation.words import ScenarioError

LINKS = (
    "loss",
    "duplication",
    "reordering",
    "tails",
    "clog",
    "lost-kinds",
    "stranding",
    "starvation",
    "partition",
    "one-way",
)
CRASHES = ("crash", "persistence")
RECOVERIES = ("power", "blackout", "torn-tail", "wiped-disk", "wiped-journal")
OMISSIONS = ("send-omission", "receive-omission")
DELAYS = ("pause", "skew", "slow-disk", "slow-host")
SENSES = ("lying-detector", "usurped-leader")
LIES = (*(name for name in KINDS if name != "honest"), "equivocation", "twins", "censor", "attack")

GROUPS: Mapping[str, tuple[str, ...]] = {
    "network": LINKS,
    "crash": CRASHES,
    "crash-recovery": (*CRASHES, *RECOVERIES),
    "omission": OMISSIONS,
    "timing": DELAYS,
    "detector": SENSES,
    "byzantine": LIES,
}
FEATURES = (*LINKS, *CRASHES, *RECOVERIES, *OMISSIONS, *DELAYS, *SENSES, *LIES)

BROKEN_BY_SYNCHRONY = frozenset(
    {
        "loss",
        "lost-kinds",
        "stranding",
        "tails",
        "clog",
        "starvation",
        "partition",
        "one-way",
        "reordering",
        "pause",
        "skew",
        "slow-disk",
        "lying-detector",
        "usurped-leader",
    }
)
"""What a synchronous system rules out: there, a message or a step that is late is a fault."""
UNBOUNDED = frozenset(
    {
        "lost-kinds",
        "stranding",
        "tails",
        "clog",
        "starvation",
        "partition",
        "one-way",
        "pause",
        "usurped-leader",
    }
)
"""What has no bound, known or unknown."""


def list_senseless(spec: EngineSpec) -> frozenset[str]:
    """The features that mean nothing for an engine: no detector lies to one that watches nobody."""
    return spec.senseless if spec.silence_ms is not None else spec.senseless | set(SENSES)


def choose_features(names: Iterable[str], *, lies: bool) -> frozenset[str]:
    """The features behind names of features and groups, all of them for no name.

    Without `lies` the Byzantine ones are left out of the default: the engine does not stand them.
    Raises `ScenarioError` for a name that is neither.
    """
    chosen: set[str] = set()
    for name in names:
        if name not in GROUPS and name not in FEATURES:
            known = ", ".join((*GROUPS, *FEATURES))
            raise ScenarioError(f"no fault {name!r}; there are: {known}")
        chosen.update(GROUPS.get(name, (name,)))
    if not names:
        chosen = {name for name in FEATURES if lies or name not in LIES}
    return frozenset(chosen)
