"""All verbs by name."""

from collections.abc import Callable, Mapping

from consensus.simulation.verbs import detectors, hosts, liars, links, pacing, reading, seeing
from consensus.simulation.verbs.board import Board

VERBS: Mapping[str, Callable[[Board, list[str]], None]] = {
    "run": pacing.run,
    "rest": pacing.rest,
    "demand": pacing.demand,
    "submit": pacing.submit,
    "load": pacing.load,
    "read": reading.read,
    "reads": reading.reads,
    "depose": reading.depose,
    "committee": pacing.committee,
    "crash": hosts.crash,
    "power": hosts.power,
    "restart": hosts.restart,
    "wipe": hosts.wipe,
    "fuse": hosts.fuse,
    "pause": hosts.pause,
    "resume": hosts.resume,
    "habit": hosts.habit,
    "suspect": detectors.suspect,
    "trust": detectors.trust,
    "quality": links.quality,
    "partition": links.partition,
    "oneway": links.oneway,
    "clog": links.clog,
    "unclog": links.unclog,
    "starve": links.starve,
    "omit": links.omit,
    "drop": links.drop,
    "heal": links.heal,
    "topology": links.topology,
    "core": links.core,
    "behave": liars.behave,
    "twin": liars.twin,
    "split": liars.split,
    "censor": liars.censor,
    "attack": liars.attack,
    "work": liars.work,
    "show": seeing.show,
    "hide": seeing.hide,
    "heads": seeing.heads,
    "account": seeing.account,
}
