"""Storms with changes of the committee: hosts crash, links break and heal, disks are lost meanwhile."""

import random
from dataclasses import dataclass, field

from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.links import Quality
from consensus.simulation.stage import Stage

CHANGES = (
    "committee add 4",
    "committee remove 0",
    "committee replace 1 5",
    "committee add 6",
    "committee remove 2",
    "committee remove 3",
)
HOSTS = 7
PARAMETERS = {
    "pbft": (
        {"checkpoint_interval": 4, "window": 8},
        {
            "timeout_ms": 150,
            "timeout_max_ms": 2400,
            "idle_block_ms": 50,
            "resend_ms": 60,
            "checkpoint_interval": 3,
            "window": 8,
            "pipeline": 5,
        },
        {"timeout_ms": 600, "timeout_max_ms": 4800, "idle_block_ms": 150},
    ),
    "paxos": (
        {"checkpoint_interval": 4, "window": 8, "pipeline": 2},
        {
            "heartbeat_ms": 20,
            "silence_ms": 60,
            "election_ms": 30,
            "election_max_ms": 2400,
            "idle_block_ms": 50,
            "resend_ms": 60,
            "checkpoint_interval": 3,
            "window": 8,
            "pipeline": 5,
        },
        {"heartbeat_ms": 50, "silence_ms": 200, "election_ms": 100, "idle_block_ms": 150},
    ),
}


@dataclass
class Storm:
    """One run; at most one host is down at a time, and one disk is lost."""

    seed: int
    engine: str = "pbft"
    changes: list[str] = field(default_factory=lambda: list(CHANGES))
    has_wiped: bool = False

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.cluster: Cluster = make_cluster(
            self.engine,
            4,
            faults=1,
            followers=HOSTS - 4,
            seed=self.seed,
            is_changing=True,
            parameters=self.chance.choice(PARAMETERS[self.engine]),
            quality=Quality(1, self.chance.choice([5, 20, 60])),
        )
        for host in self.cluster.hosts.values():
            host.habits.apply_ms = self.chance.choice([0, 0, 5, 40])
            host.habits.sync_ms = self.chance.choice([0, 0, 3, 20])
        self.cluster.start()
        self.stage = Stage(self.cluster)

    @property
    def down(self) -> list[int]:
        return [place for place, host in self.cluster.hosts.items() if not host.is_up]

    def check_certificates(self) -> None:
        """None above the former committee's last height without the one of that height."""
        for place, host in self.cluster.hosts.items():
            tenure, certificates = host.application.tenure, host.application.certificates
            assert tenure is not None
            if tenure.former is not None and max(certificates, default=0) > tenure.former.height:
                assert tenure.former.height in certificates, (self.seed, place)

    def find_missing(self) -> list[tuple[int, int]]:
        """Where nobody can be led on from the genesis: a host, and the end of a committee."""
        hosts = self.cluster.hosts.items()
        return [(place, end) for place, host in hosts for end in host.list_uncertified_changes()]

    def do(self, line: str) -> None:
        self.stage.do(line)

    def blow(self) -> None:
        """One thing that happens."""
        chance, place = self.chance, self.chance.randrange(HOSTS)
        kind = chance.random()
        if kind < 0.2 and self.changes:
            self.do(self.changes.pop(0))
        elif kind < 0.4 and not self.down:
            self.do(f"{chance.choice(['crash', 'power'])} {place}")
        elif kind < 0.6 and self.down:
            self.do(f"restart {self.down[0]}")
        elif kind < 0.7:
            places = list(map(str, chance.sample(range(HOSTS), HOSTS)))
            cut = chance.randint(1, HOSTS - 1)
            self.do(f"partition {' '.join(places[:cut])} | {' '.join(places[cut:])}")
        elif kind < 0.8:
            self.do("heal")
        elif kind < 0.85:
            worst, loss = chance.choice([5, 30, 100]), chance.choice([0, 50, 200])
            self.do(f"quality delay=1..{worst} loss={loss} twice={chance.choice([0, 100])}")
        elif kind < 0.9 and not self.down:
            where = chance.choice(["before", "torn", "after"])
            self.do(f"fuse {place} {chance.randint(1, 6)} {where}")
        elif kind < 0.93 and not self.down and not self.has_wiped:
            self.has_wiped = True
            self.do(f"wipe {place}{chance.choice(['', ' journal'])}")
        for place in self.down[1:]:  # a fuse may have burnt beside a host that is down
            self.do(f"restart {place}")

    def run(self) -> str:
        """All of it, then everything is well again; how the cluster comes to rest."""
        self.do(f"load {self.chance.choice([5, 20, 60])}")
        for _ in range(self.chance.randint(15, 40)):
            self.cluster.run(self.chance.randint(5, 500))
            self.check_certificates()
            self.blow()
        self.do("heal")
        self.do("quality delay=1..5 loss=0 twice=0")
        for place, host in self.cluster.hosts.items():
            host.fuse = None
            if not host.is_up:
                self.do(f"restart {place}")
        self.cluster.run(12_000)
        self.do("load 0")
        self.do("rest 60000")
        self.check_certificates()
        self.cluster.run(2_000)
        assert self.find_missing() == []
        return self.stage.printed[-1]
