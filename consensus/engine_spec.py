"""What a host, a simulator or a test needs to run an engine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import Any

import msgspec

from consensus.block import Header, TreeBlock
from consensus.committee import (
    Committee,
    ReplicaId,
)
from consensus.engine import Account, Engine
from consensus.fork_measures import ForkMeasures
from consensus.message import Codec, Height
from consensus.model.faults import FaultKind
from consensus.model.system import SystemModel
from consensus.testimony import Testimony


class Contract(Enum):
    """Which part of the contract a host has to serve."""

    CHAIN = "chain of decisions"
    """`Request`, `Check`, `Decide`, `Certify`: what is decided is executed, and stays."""
    TREE = "tree of blocks"
    """`Mine`, `Store`, `Share`, `Adopt`, `Finalize`: the head may move to another branch."""


class Membership(Enum):
    """Whose words an engine listens to."""

    COMMITTEE = "committee"
    OPEN = "open"
    """Anybody's: nothing is believed for the sake of who says it."""


@dataclass(frozen=True, slots=True)
class TreeRules:
    """What a host has to know of an engine of block trees.

    `identify` names a header. `count_hashes` is what a claim takes on average, `count_first_hashes`
    what the first block does. `find_proof(header, first, tries)` searches nonces, as many as that
    from the first on; `prove` gives a block the simulated proof, for the virtual miner alone.
    `adversaries` are engines that break the rules, made of an honest one and words. What they
    achieve, in closed form: `compute_reversal(confirmations, share)` is the chance of a private
    chain, `compute_selfish(share, gamma)` the part of the blocks that selfishness earns.
    `audit(parameters, root_time_ms, headers)` tells what is wrong with the last header of a chain, by
    a reading of the rules that the engine does not use. `storms` are adversaries with their words as
    storms draw them. `drift_ms` is how far ahead of a clock a block may lie.
    `measure(engine)` tells of branches, work and finality as a started engine sees them; a block is
    final under `depth` others, itself counted.
    """

    identify: Callable[[Header], bytes]
    count_hashes: Callable[[bytes], int]
    count_first_hashes: Callable[[Any], int]
    interval_ms: Callable[[Any], int]
    find_proof: Callable[[Header, int, int], Header | None]
    prove: Callable[[TreeBlock], TreeBlock]
    adversaries: Mapping[str, Callable[[Any, tuple[str, ...]], Engine]]
    compute_reversal: Callable[[int, Fraction], Fraction]
    compute_selfish: Callable[[Fraction, Fraction], Fraction]
    measure: Callable[[Any], ForkMeasures]
    audit: Callable[[Any, int, Sequence[Header]], str | None]
    storms: tuple[str, ...]
    drift_ms: Callable[[Any], int]
    depth: Callable[[Any], int]


@dataclass(frozen=True, slots=True)
class ChangeTerms:
    """When another committee takes office, in heights, and how many members have to want it.

    A change that is carried at height h concerns the heights above E, the first multiple of
    `interval` from h + `delay` on.
    """

    delay: int
    interval: int
    compute_quorum: Callable[[Committee], int]


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """One engine of the catalog.

    `create(me, committee, parameters)` makes a replica, a follower if `me` is None. The judges
    apply quorum logic only: the caller has verified all signatures, and that signers are members.
    `judge_certificate` returns the height and block id that it proves, or None.
    """

    name: str
    model: SystemModel
    parameters: type[msgspec.Struct]
    messages: Codec
    records: Codec
    seals: Codec
    certificates: Codec
    create: Callable[[ReplicaId | None, Committee, Any], Engine]
    account: Callable[[Any], Account]
    default_faults: Callable[[int], int]
    patience_ms: Callable[[Any], int]
    """From parameters: how long a replica waits before it suspects somebody for the first time."""
    probes: tuple[str, ...]
    """Counters of rare situations: a campaign with every fault inside the bound meets all."""
    restless: tuple[Mapping[str, int], ...]
    """Parameters under which much happens in little time: what storms draw from."""
    judge_seal: Callable[[Any, Height, tuple[bytes, ...], Committee], bool]
    judge_certificate: Callable[[Any, Committee], tuple[Height, bytes] | None]
    read_seal: Callable[[Any], Testimony] | None = None
    """Whom a decoded seal names; None where blocks have none."""
    list_signers: Callable[[Any], tuple[ReplicaId, ...]] | None = None
    """Who signed a decoded certificate; None where blocks have none."""
    change: Callable[[Any], ChangeTerms] | None = None
    """From parameters: how the committee changes; None where it is fixed."""
    tree: TreeRules | None = None
    """For engines of block trees."""
    membership: Membership = Membership.COMMITTEE
    simulated: Mapping[str, int] = field(default_factory=dict)
    """Parameters that a simulated network always has."""
    senseless: frozenset[str] = frozenset()
    """Faults of storms that mean nothing here, such as to starve a leader where nobody leads."""
    silence_ms: Callable[[Any], int] | None = None
    """From parameters, for engines that `Watch`: the silence at which a detector starts to suspect."""
    unites: bool = False
    """Do the values of many members count at one height: then each may fill its part of a block."""
    reads: bool = False
    """Does the engine answer `Read`."""
    needs_coin: Callable[[Any], bool] | None = None
    """From parameters: does it toss common coins; None for an engine that never does."""
    phases: tuple[str, ...] = ()
    """All that `account` may name as phase."""
    causes: tuple[str, ...] = ()
    """Why a replica may leave a view or ballot; empty for engines that have none."""
    counters: tuple[str, ...] = ()
    """All that a replica counts besides."""
    refusals: tuple[str, ...] = ()
    """Why a message may be ignored."""
    exploring: Callable[[int], Any] | None = None
    """From the last view or round looked at: what can still matter (see `exploration.cast`)."""

    def compute_silence_ms(self, parameters: Any) -> int:
        """The silence at which a detector starts to suspect; 0 for an engine that never watches."""
        return 0 if self.silence_ms is None else self.silence_ms(parameters)

    def tosses_common(self, parameters: Any) -> bool:
        """Does a replica with these parameters toss common coins."""
        return self.needs_coin is not None and self.needs_coin(parameters)

    def find_terms(self, parameters: Any) -> ChangeTerms | None:
        """How the committee changes; None where it is fixed.

        Who tosses common coins is: their shares are dealt to the members of the genesis.
        """
        if self.change is None or self.tosses_common(parameters):
            return None
        return self.change(parameters)

    @property
    def stands_liars(self) -> bool:
        """May members say what is not so."""
        return self.model.fault_kind.includes(FaultKind.BYZANTINE)

    def count_quorum(self, committee: Committee) -> int:
        """How many members have to take part for anything to be decided."""
        return committee.quorum if self.stands_liars else committee.majority

    def count_believed(self, committee: Committee) -> int:
        """What so many members say, a correct one says; one is enough where nobody lies."""
        return committee.weak_quorum if self.stands_liars else 1

    @property
    def contract(self) -> Contract:
        """Which part of the contract a host has to serve."""
        return Contract.CHAIN if self.tree is None else Contract.TREE
