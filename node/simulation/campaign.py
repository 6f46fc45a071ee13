"""The account of many seeds. Nothing here depends on who ran them or in which order they ended."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from consensus.simulation.request import Outcome, Request
from consensus.simulation.run import expected_probes
from consensus.simulation.schedule import Violation
from node.simulation.replay import tell_replay


@dataclass(slots=True)
class OrderedDigest:
    """SHA-256 over the digests of the seeds, in order of seed, whatever the order of their arrival.

    Those whose turn has not come wait: few, because workers take the seeds in order.
    """

    due: int
    waiting: dict[int, str] = field(default_factory=dict)
    sha: Any = field(default_factory=hashlib.sha256)

    def add(self, seed: int, digest: str) -> None:
        """Take the digest of a seed, each once."""
        self.waiting[seed] = digest
        while self.due in self.waiting:
            self.sha.update(self.waiting.pop(self.due).encode())
            self.due += 1

    def hexdigest(self) -> str:
        """64 hex digits over what there is, gaps left out."""
        sha = self.sha.copy()
        for seed in sorted(self.waiting):
            sha.update(self.waiting[seed].encode())
        return str(sha.hexdigest())


@dataclass(slots=True)
class Campaign:
    """What is known so far of the seeds of one request.

    `replay` is the command that shows a run again, if it is not that of request and seed.
    """

    request: Request
    seeds: range
    replay: str = ""
    done: int = 0
    decided: int = 0
    events: int = 0
    sim_ms: int = 0
    probes: Counter[str] = field(default_factory=Counter)
    violations: dict[int, Violation] = field(default_factory=dict)
    digest: OrderedDigest = field(init=False)

    def __post_init__(self) -> None:
        self.digest = OrderedDigest(self.seeds.start)
        self.probes.update(dict.fromkeys(expected_probes(self.request), 0))

    def add(self, outcome: Outcome) -> None:
        """Take what became of one seed."""
        self.done += 1
        self.decided += outcome.decided
        self.events += outcome.events
        self.sim_ms += outcome.sim_ms
        self.probes.update(outcome.probes)
        if outcome.violation is not None:
            self.violations[outcome.seed] = outcome.violation
        self.digest.add(outcome.seed, outcome.digest)

    def list_violations(self) -> list[tuple[int, Violation, str]]:
        """Seed, violation and the command that shows it again, in order of seed."""
        return [
            (seed, violation, self.replay or tell_replay(self.request, seed))
            for seed, violation in sorted(self.violations.items())
        ]

    def list_rare_probes(self, count_min: int = 1) -> list[str]:
        """The situations that this campaign should have seen so often and has not, by name."""
        expected = expected_probes(self.request)
        return sorted(name for name in expected if self.probes[name] < count_min)

    def to_plain(self, elapsed_s: float) -> dict[str, Any]:
        """The account for machines; `elapsed_s` is real time."""
        return {
            "engine": self.request.engine,
            "nodes": self.request.nodes,
            "seeds": self.done,
            "violations": [
                {"seed": seed, "property": violation.property, "replay": replay}
                for seed, violation, replay in self.list_violations()
            ],
            "decided": self.decided,
            "events": self.events,
            "events_per_second": per_second(self.events, elapsed_s),
            "sim_seconds_per_second": per_second(self.sim_ms / 1_000, elapsed_s),
            "probes": dict(sorted(self.probes.items())),
            "digest": self.digest.hexdigest(),
        }


def per_second(amount: float, elapsed_s: float) -> float:
    """A rate with one decimal; nothing in no time is none."""
    return round(amount / elapsed_s, 1) if elapsed_s > 0 else 0.0
