"""Runs of whole engines in the simulator: a committee, a few lines of its scenario language, an outcome.

Two judges look at each run: the properties that the simulator watches while it goes on, and
`model.outcomes`, over what the hosts' ledgers hold at height 1 when it has ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from consensus.bounds.witness import Witness, make_witness
from consensus.committee import Committee, ReplicaId
from consensus.model.bounds import Assumptions, judge
from consensus.model.outcomes import AGREEMENT, TERMINATION, UNIFORM_AGREEMENT, Outcome
from consensus.model.validity import Agreement, Validity
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.history import ViolationError
from consensus.simulation.stage import Stage

PARAMETERS: Mapping[str, Mapping[str, int]] = {
    "pbft": {"timeout_ms": 500, "idle_block_ms": 100, "resend_ms": 100},
    "paxos": {"election_ms": 50, "resend_ms": 60, "idle_block_ms": 60_000},
}
"""Restless ones, so that half a minute of virtual time is many attempts."""


@dataclass(frozen=True, slots=True)
class LiveCommittee(Committee):
    """A quorum is n - f: as many as can be waited for when f are silent, and beyond the bound too few."""

    @property
    def quorum(self) -> int:
        """Where members lie."""
        return self.size - self.faults

    @property
    def majority(self) -> int:
        """Where they do not."""
        return self.size - self.faults


class Script(msgspec.Struct, frozen=True):
    """What is run: lines of the scenario language after the cluster has started.

    `failing` are those who do not keep to the protocol, `lying` those of them who lie. With
    `is_live` the quorum is n - f instead of the engine's own.
    """

    engine: str
    nodes: int
    faults: int
    lines: tuple[str, ...]
    covered: bool
    failing: tuple[ReplicaId, ...] = ()
    lying: tuple[ReplicaId, ...] = ()
    is_live: bool = False

    @property
    def quorum_words(self) -> str:
        """The rule for quorums, and what it gives here."""
        committee = self.make_committee()
        size = committee.quorum if self.engine == "pbft" else committee.majority
        return f"quorum {'n - f' if self.is_live else 'as shipped'} = {size}"

    def make_committee(self) -> Committee:
        """The members, with the rule for quorums."""
        kind = LiveCommittee if self.is_live else Committee
        return kind(tuple(range(self.nodes)), self.faults)


@dataclass(slots=True)
class Played:
    """A script that was played."""

    script: Script
    cluster: Cluster
    violated: str | None = None
    """The property that the simulator found broken."""
    story: list[str] = field(default_factory=list)
    """The lines that were played, and how it ended."""

    @property
    def outcome(self) -> Outcome:
        """What stands at height 1, and whom it binds."""
        script, members = self.script, range(self.script.nodes)
        hosts = [(me, self.cluster.hosts[me].application.blocks[:1]) for me in members]
        decisions = {me: b"|".join(blocks[0].values) for me, blocks in hosts if blocks}
        correct = frozenset(members) - set(script.failing) - set(script.lying)
        return Outcome({}, decisions, correct, frozenset(script.lying))


def play(script: Script) -> Played:
    """Do all that is said, until a promise is broken."""
    cluster = make_cluster(
        script.engine,
        script.nodes,
        committee=script.make_committee(),
        parameters=PARAMETERS[script.engine],
    )
    cluster.start()
    stage, played = Stage(cluster), Played(script, cluster)
    try:
        for line in script.lines:
            played.story.append(line)
            stage.do(line)
    except ViolationError as violation:
        played.violated = violation.property_name
        played.story.append(f"at {cluster.now_ms} ms {violation}")
    return played


def witness(script: Script, *, uniform: bool = False) -> Witness:
    """Play, and judge twice."""
    played = play(script)
    outcome = played.outcome
    agrees = outcome.agrees_uniformly() if uniform else outcome.agrees()
    watched = played.violated not in {AGREEMENT, UNIFORM_AGREEMENT}
    made = make_witness(
        f"{script.engine}, {script.quorum_words}",
        (script.nodes, script.faults),
        outcome,
        tuple(played.story),
        covered=script.covered,
        validity=Validity.EXTERNAL,
        uniform=uniform,
        confirmed=agrees == watched,
    )
    if played.violated is None:
        return made
    broken = tuple(name for name in made.broken if name != TERMINATION)  # the run was cut short
    return msgspec.structs.replace(made, broken=broken)


def judge_script(
    assumes: Assumptions,
    size: int,
    faults: int,
    lines: Sequence[str],
    *,
    failing: Sequence[ReplicaId] = (),
    is_live: bool = False,
) -> Witness:
    """Paxos by these lines; nobody lies, and with so many faults to be stood some may fail."""
    covered = judge(assumes, size, faults).is_granted
    return witness(
        Script("paxos", size, faults, tuple(lines), covered, tuple(failing), is_live=is_live),
        uniform=assumes.agreement is Agreement.UNIFORM,
    )


def show_majority_left(assumes: Assumptions) -> Witness:
    """One of three crashes once it has been heard; the others go on."""
    lines = ("submit a to 0", "run 12", "crash 0", "submit b to 1 2", "run 10000")
    return judge_script(assumes, 3, 1, lines, failing=[0])


def show_halves(assumes: Assumptions) -> Witness:
    """N = 2f: if f may be silent, half are enough, and so is the other half, which is merely late."""
    lines = (
        "clog 0 2",
        "clog 0 3",
        "clog 1 2",
        "clog 1 3",
        "clog 2 0",
        "clog 3 0",
        "clog 2 1",
        "clog 3 1",
        "submit a to 0 1",
        "submit b to 2 3",
        "run 10000",
    )
    return judge_script(assumes, 4, 2, lines, is_live=True)


def show_stuck(assumes: Assumptions) -> Witness:
    """N = 2f with quorums that meet: nothing is decided once f are silent."""
    lines = ("crash 2", "crash 3", "submit a to 0 1", "run 30000")
    return judge_script(assumes, 4, 2, lines, failing=[2, 3])


def show_omission_stood(assumes: Assumptions) -> Witness:
    """One of three omits to send and to receive; the others decide, and it decides nothing else."""
    lines = (
        "omit 0 send 1000",
        "omit 0 receive 1000",
        "submit a to 0",
        "submit b to 1 2",
        "run 10000",
    )
    return judge_script(assumes, 3, 1, lines, failing=[0])


def show_cut_off(assumes: Assumptions) -> Witness:
    """N = 2f: who omits everything decides among themselves, as the others do."""
    lines = (
        "omit 1 send 1000",
        "omit 1 receive 1000",
        "submit a to 0",
        "submit b to 1",
        "run 10000",
    )
    return judge_script(assumes, 2, 1, lines, failing=[1], is_live=True)
