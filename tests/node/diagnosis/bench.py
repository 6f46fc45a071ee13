"""A simulated cluster whose engines are brought into trouble, looked at as a node looks at its own."""

from collections.abc import Callable
from typing import Any

from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.host import Host
from node.diagnosis.dates import Dates
from node.diagnosis.diagnose import diagnose
from node.diagnosis.facts import Facts, Member, Presence, TreeFacts
from node.diagnosis.finding import Finding

LOOK_MS = 50
QUICK = {
    "pbft": {"timeout_ms": 1_500, "timeout_max_ms": 4_800, "idle_block_ms": 100, "resend_ms": 100},
    "floodset": {"delta_ms": 50, "idle_block_ms": 100},
    "paxos": {"idle_block_ms": 100, "resend_ms": 100},
    "pow": {"interval_ms": 2_000},
}


class Bench:
    """`look(place)` diagnoses one host; all are looked at every `LOOK_MS`, so that all is dated."""

    def __init__(self, engine: str, size: int, **options: Any) -> None:
        parameters = {**QUICK[engine], **options.pop("parameters", {})}
        self.cluster: Cluster = make_cluster(engine, size, parameters=parameters, **options)
        self.spec = self.cluster.spec
        self.heard: dict[tuple[int, int], int] = {}
        self.dates: dict[int, Dates] = {}
        self.cluster.links.filters.append(self._note)
        self.cluster.start()
        self.run(0)

    def _note(self, origin: int, to: int, _message: object) -> bool:
        """A message passes; the delay is a few milliseconds."""
        if self.cluster.links.is_connected(origin, to):
            self.heard[to, origin] = self.cluster.now_ms
        return True

    def run(self, for_ms: int) -> None:
        """Let time pass, and look at everybody meanwhile."""
        until_ms = self.cluster.now_ms + for_ms
        while True:
            for host in self.cluster.hosts.values():
                if host.is_up:
                    self.gather(host)
            if self.cluster.now_ms >= until_ms:
                return
            self.cluster.run(min(LOOK_MS, until_ms - self.cluster.now_ms))

    def lose(self, is_lost: Callable[[int, int, Any], bool]) -> None:
        """From here on messages (sender, receiver, message) are lost; nobody hears those."""
        self.cluster.links.filters.insert(0, lambda a, b, message: not is_lost(a, b, message))

    def work(self, count: int = 3) -> None:
        """Clients submit so much, and it is executed."""
        items = [f"item{self.cluster.now_ms}-{number}" for number in range(count)]
        for item in items:
            self.cluster.submit(item)
        self.run(1_000)
        assert self.cluster.have_executed(*items)

    def look(self, place: int, **changes: Any) -> tuple[Finding, ...]:
        """The diagnosis of one host; `changes` replace facts that a simulated host does not have."""
        return diagnose(self.gather(self.cluster.hosts[place], **changes))

    def gather(self, host: Host, **changes: Any) -> Facts:
        """The facts of one host."""
        cluster = self.cluster
        dates = self.dates.setdefault(host.place, Dates(lambda: self.cluster.now_ms / 1_000))
        assert host.engine is not None
        account = self.spec.account(host.engine)
        is_at_rest = account.waiting_for == "work"
        wait_ms = dates.age_ms("wait", (host.height, is_at_rest))
        mark = (account.phase, account.view, account.leader, account.height, account.waiting_for)
        members = tuple(
            self._describe(host, dates, replica) for replica in cluster.committee.members
        )
        fields: dict[str, Any] = {
            "account": account,
            "me": host.name if host.name in cluster.committee.members else None,
            "members": members,
            "quorum": self.spec.count_quorum(cluster.committee),
            "patience_ms": self.spec.patience_ms(cluster.parameters),
            "height": host.height,
            "head_ms": dates.age_ms("head", host.block_id),
            "wait_ms": 0 if is_at_rest else wait_ms,
            "phase_ms": dates.age_ms("phase", mark),
            "pending": int(host.application.flags()[0]) if self.spec.tree is None else 0,
            "pending_max": 1_000,
            "size_bytes_max": 1_000,
            "tree": self._describe_tree(host),
        }
        return Facts(**{**fields, **changes})

    def _describe(self, host: Host, dates: Dates, replica: int) -> Member:
        presence = self._judge(host, replica)
        heard_ms = self.heard.get((host.place, replica))
        other = self.cluster.hosts[replica]
        return Member(
            replica,
            f"validator-{replica}",
            presence,
            dates.age_ms(("member", replica), presence),
            None if heard_ms is None else self.cluster.now_ms - heard_ms,
            other.height if presence is Presence.LINKED else None,
        )

    def _judge(self, host: Host, replica: int) -> Presence:
        other = self.cluster.hosts[replica]
        if other is host:
            return Presence.SELF
        if not other.is_up or not self.cluster.links.is_connected(replica, host.place):
            return Presence.UNREACHABLE
        return Presence.SILENT if other.is_paused else Presence.LINKED

    def _describe_tree(self, host: Host) -> TreeFacts | None:
        rules = self.spec.tree
        if rules is None:
            return None
        measures = rules.measure(host.engine)
        return TreeFacts(
            interval_ms=rules.interval_ms(self.cluster.parameters),
            difficulty=measures.difficulty,
            network_rate=measures.hash_rate_per_s,
            own_rate=0.0,
            workers=0,
        )
