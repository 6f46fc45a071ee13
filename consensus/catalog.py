"""Every engine there is, with all that a host, a simulator or a test needs to run it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from fractions import Fraction
from typing import Any

import msgspec

from consensus.benor import acs
from consensus.benor import complexity as benor_complexity
from consensus.benor import engine as benor
from consensus.benor import parameters as benor_parameters
from consensus.benor import standing as benor_standing
from consensus.block import Header, TreeBlock
from consensus.chaining import attesting as chaining_attesting
from consensus.chaining import checkpoint as chaining_checkpoint
from consensus.chaining import counting as chaining_counting
from consensus.chaining.accounting import compute_account as account_chain
from consensus.committee import (
    Committee,
    ReplicaId,
    largest_byzantine_faults,
    largest_crash_faults,
    largest_minority,
)
from consensus.engine import Account, Engine
from consensus.errors import BoundError, ContractError, ParameterError, UnknownEngineError
from consensus.fork_measures import ForkMeasures
from consensus.lockstep import complexity as lockstep_complexity
from consensus.lockstep import family as lockstep
from consensus.lockstep import parameters as lockstep_parameters
from consensus.message import Codec, Height
from consensus.model.bounds import Assumptions
from consensus.model.faults import Choice, FaultKind
from consensus.model.links import Authentication, Links, Loss, Order
from consensus.model.system import SystemModel
from consensus.model.timing import Timing
from consensus.model.validity import Agreement, Finality, Validity
from consensus.paxos import accounting as paxos_accounting
from consensus.paxos import causes as paxos_causes
from consensus.paxos import complexity as paxos_complexity
from consensus.paxos import engine as paxos
from consensus.paxos import exploring as paxos_exploring
from consensus.paxos import messages as paxos_messages
from consensus.paxos import parameters as paxos_parameters
from consensus.paxos import probes as paxos_probes
from consensus.paxos import quorums as paxos_quorums
from consensus.paxos import refusals as paxos_refusals
from consensus.pbft import accounting as pbft_accounting
from consensus.pbft import causes as pbft_causes
from consensus.pbft import complexity as pbft_complexity
from consensus.pbft import engine as pbft
from consensus.pbft import exploring as pbft_exploring
from consensus.pbft import messages as pbft_messages
from consensus.pbft import parameters as pbft_parameters
from consensus.pbft import probes as pbft_probes
from consensus.pbft import quorums as pbft_quorums
from consensus.pbft import refusals as pbft_refusals
from consensus.pow import accounting as pow_accounting
from consensus.pow import audit as pow_audit
from consensus.pow import engine as pow_engine
from consensus.pow import finality as pow_finality
from consensus.pow import messages as pow_messages
from consensus.pow import parameters as pow_parameters
from consensus.pow import probes as pow_probes
from consensus.pow import progress as pow_progress
from consensus.pow import refusals as pow_refusals
from consensus.pow import rules as pow_rules
from consensus.pow import selfish as pow_selfish
from consensus.pow.adversaries import registry as pow_adversaries
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


_PBFT = EngineSpec(
    name="pbft",
    model=SystemModel(
        assumes=Assumptions(
            links=Links(
                Loss.FAIR_LOSSY,
                Order.NONE,
                Timing.PARTIALLY_SYNCHRONOUS,
                Authentication.SIGNATURES,
            ),
            fault_kind=FaultKind.BYZANTINE,
            validity=Validity.EXTERNAL,
            agreement=Agreement.CORRECT,
        ),
        choice=Choice.DYNAMIC,
        finality=Finality.IMMEDIATE,
        delays=3,
        good_case_messages=pbft_complexity.count_good_case_messages,
        view_change_messages=pbft_complexity.count_view_change_messages,
        largest_delay_ms=pbft_parameters.compute_largest_delay_ms,
        progress_bound_ms=pbft_complexity.compute_progress_bound_ms,
    ),
    parameters=pbft_parameters.Parameters,
    messages=pbft_messages.MESSAGES,
    records=pbft_messages.RECORDS,
    seals=pbft_messages.SEALS,
    certificates=pbft_messages.CERTIFICATES,
    create=pbft.create,
    account=pbft.account,
    default_faults=largest_byzantine_faults,
    patience_ms=pbft_parameters.compute_patience_ms,
    probes=pbft_probes.PROBES,
    restless=pbft_parameters.RESTLESS,
    phases=pbft_accounting.PHASES,
    causes=tuple(pbft_causes.Cause),
    counters=pbft_probes.COUNTERS,
    refusals=tuple(pbft_refusals.Refusal),
    judge_seal=pbft_quorums.judge_seal,
    judge_certificate=pbft_quorums.judge_certificate,
    read_seal=pbft_quorums.read_seal,
    list_signers=pbft_quorums.list_signers,
    change=lambda parameters: ChangeTerms(
        int(parameters.window),
        int(parameters.checkpoint_interval),
        lambda committee: committee.quorum,
    ),
    senseless=frozenset({"attack"}),
    exploring=pbft_exploring.UpTo,
)

_PAXOS = EngineSpec(
    name="paxos",
    model=SystemModel(
        assumes=Assumptions(
            links=Links(
                Loss.FAIR_LOSSY,
                Order.NONE,
                Timing.PARTIALLY_SYNCHRONOUS,
                Authentication.CHANNELS,
            ),
            fault_kind=FaultKind.GENERAL_OMISSION,
            validity=Validity.PROPOSED,
            agreement=Agreement.UNIFORM,
        ),
        choice=Choice.DYNAMIC,
        finality=Finality.IMMEDIATE,
        delays=3,
        good_case_messages=paxos_complexity.count_good_case_messages,
        view_change_messages=paxos_complexity.count_view_change_messages,
        largest_delay_ms=paxos_parameters.compute_largest_delay_ms,
        progress_bound_ms=paxos_complexity.compute_progress_bound_ms,
    ),
    parameters=paxos_parameters.Parameters,
    messages=paxos_messages.MESSAGES,
    records=paxos_messages.RECORDS,
    seals=paxos_messages.SEALS,
    certificates=paxos_messages.CERTIFICATES,
    create=paxos.create,
    account=paxos.account,
    default_faults=largest_crash_faults,
    patience_ms=paxos_parameters.compute_patience_ms,
    probes=paxos_probes.PROBES,
    restless=paxos_parameters.RESTLESS,
    phases=paxos_accounting.PHASES,
    causes=tuple(paxos_causes.Cause),
    counters=paxos_probes.COUNTERS,
    refusals=tuple(paxos_refusals.Refusal),
    judge_seal=paxos_quorums.judge_seal,
    judge_certificate=paxos_quorums.judge_certificate,
    read_seal=paxos_quorums.read_seal,
    list_signers=paxos_quorums.list_signers,
    senseless=frozenset({"attack"}),
    change=lambda parameters: ChangeTerms(
        2 * int(parameters.pipeline),
        int(parameters.checkpoint_interval),
        lambda committee: committee.majority,
    ),
    exploring=paxos_exploring.UpTo,
    silence_ms=paxos_parameters.compute_silence_ms,
    reads=True,
)

_POW = EngineSpec(
    name="pow",
    model=SystemModel(
        assumes=Assumptions(
            links=Links(
                Loss.FAIR_LOSSY,
                Order.NONE,
                Timing.PARTIALLY_SYNCHRONOUS,
                Authentication.NONE,
            ),
            fault_kind=FaultKind.BYZANTINE,
            validity=Validity.EXTERNAL,
            agreement=Agreement.CORRECT,
            is_randomised=True,
            counts_work=True,
        ),
        choice=Choice.DYNAMIC,
        finality=Finality.PROBABILISTIC,
        delays=1,
        good_case_messages=pow_progress.count_good_case_messages,
        view_change_messages=pow_progress.count_view_change_messages,
        largest_delay_ms=pow_progress.compute_largest_delay_ms,
        progress_bound_ms=pow_progress.compute_progress_bound_ms,
    ),
    parameters=pow_parameters.Parameters,
    messages=pow_messages.MESSAGES,
    records=pow_messages.NOTHING,
    seals=pow_messages.NOTHING,
    certificates=pow_messages.NOTHING,
    create=pow_engine.create,
    account=pow_engine.account,
    default_faults=largest_minority,
    patience_ms=lambda parameters: int(parameters.interval_ms),
    probes=pow_probes.PROBES,
    restless=pow_parameters.RESTLESS,
    phases=pow_accounting.PHASES,
    counters=pow_probes.COUNTERS,
    refusals=tuple(pow_refusals.Refusal),
    judge_seal=lambda _seal, _height, _values, _committee: False,
    judge_certificate=lambda _certificate, _committee: None,
    tree=TreeRules(
        identify=pow_rules.identify,
        count_hashes=pow_rules.count_hashes,
        count_first_hashes=pow_parameters.compute_first_hashes,
        interval_ms=lambda parameters: int(parameters.interval_ms),
        find_proof=pow_rules.find_proof,
        prove=pow_rules.prove,
        adversaries=pow_adversaries.ADVERSARIES,
        compute_reversal=pow_finality.compute_reversal,
        compute_selfish=pow_selfish.compute_revenue,
        measure=pow_engine.measure,
        audit=pow_audit.audit,
        storms=pow_adversaries.STORMS,
        drift_ms=lambda parameters: int(parameters.drift_ms),
        depth=lambda parameters: int(parameters.depth),
    ),
    membership=Membership.OPEN,
    simulated=pow_parameters.SIMULATED,
    senseless=frozenset({"starvation", "forger", "wiped-journal", "torn-tail"}),
)

_BENOR = EngineSpec(
    name="benor",
    model=SystemModel(
        assumes=Assumptions(
            links=Links(
                Loss.FAIR_LOSSY,
                Order.NONE,
                Timing.ASYNCHRONOUS,
                Authentication.CHANNELS,
            ),
            fault_kind=FaultKind.GENERAL_OMISSION,
            validity=Validity.PROPOSED,
            agreement=Agreement.UNIFORM,
            is_randomised=True,
        ),
        choice=Choice.DYNAMIC,
        finality=Finality.IMMEDIATE,
        delays=benor_complexity.count_delays,
        good_case_messages=benor_complexity.count_good_case_messages,
        view_change_messages=benor_complexity.count_view_change_messages,
        largest_delay_ms=benor_complexity.compute_largest_delay_ms,
        progress_bound_ms=benor_complexity.compute_progress_bound_ms,
    ),
    parameters=benor_parameters.Parameters,
    messages=benor.MESSAGES,
    records=benor.RECORDS,
    seals=benor.SEALS,
    certificates=benor.CERTIFICATES,
    create=benor.create,
    account=account_chain,
    default_faults=largest_crash_faults,
    patience_ms=lambda parameters: int(parameters.resend_ms),
    probes=(*chaining_counting.PROBES, "tossed"),
    restless=benor_parameters.RESTLESS,
    phases=(*benor_standing.PHASES, *chaining_counting.ROLES),
    counters=chaining_counting.COUNTERS,
    refusals=benor.REFUSALS,
    judge_seal=chaining_attesting.judge_word,
    judge_certificate=benor.judge_certificate,
    read_seal=chaining_attesting.read_seal,
    list_signers=chaining_checkpoint.list_signers,
    senseless=frozenset({"attack", "starvation"}),
    needs_coin=lambda parameters: bool(parameters.common_coin),
)

_ACS = replace(
    _BENOR,
    name="acs",
    model=replace(
        _BENOR.model,
        assumes=Assumptions(
            links=Links(
                Loss.FAIR_LOSSY,
                Order.NONE,
                Timing.ASYNCHRONOUS,
                Authentication.SIGNATURES,
            ),
            fault_kind=FaultKind.BYZANTINE,
            validity=Validity.EXTERNAL,
            agreement=Agreement.CORRECT,
            is_randomised=True,
        ),
        delays=benor_complexity.count_lying_delays,
        good_case_messages=benor_complexity.count_lying_messages,
        progress_bound_ms=benor_complexity.compute_lying_bound_ms,
    ),
    parameters=benor_parameters.ChainParameters,
    messages=acs.MESSAGES,
    records=acs.RECORDS,
    seals=acs.SEALS,
    certificates=acs.CERTIFICATES,
    create=acs.create,
    default_faults=largest_byzantine_faults,
    refusals=acs.REFUSALS,
    judge_seal=chaining_attesting.judge_attestation,
    judge_certificate=acs.judge_certificate,
    needs_coin=lambda _parameters: True,
)

_FLOODSET = EngineSpec(
    name="floodset",
    model=SystemModel(
        assumes=Assumptions(
            links=Links(
                Loss.RELIABLE,
                Order.NONE,
                Timing.SYNCHRONOUS,
                Authentication.CHANNELS,
            ),
            fault_kind=FaultKind.CRASH,
            validity=Validity.UNANIMOUS_CORRECT,
            agreement=Agreement.UNIFORM,
        ),
        choice=Choice.DYNAMIC,
        finality=Finality.IMMEDIATE,
        delays=lockstep_complexity.count_delays,
        good_case_messages=lockstep_complexity.count_good_case_messages,
        view_change_messages=lockstep_complexity.count_view_change_messages,
        largest_delay_ms=lockstep_parameters.compute_largest_delay_ms,
        progress_bound_ms=lockstep_complexity.compute_progress_bound_ms,
        settling_ms=lockstep_complexity.compute_settling_ms,
    ),
    parameters=lockstep_parameters.Parameters,
    messages=lockstep.MESSAGES,
    records=lockstep.RECORDS,
    seals=lockstep.SEALS,
    certificates=lockstep.CERTIFICATES,
    create=lockstep.create_floodset,
    account=lockstep.compute_account,
    default_faults=largest_crash_faults,
    patience_ms=lambda parameters: int(parameters.delta_ms),
    probes=lockstep.PROBES,
    restless=lockstep_parameters.RESTLESS,
    phases=lockstep.PHASES,
    counters=lockstep.COUNTERS,
    refusals=lockstep.REFUSALS,
    judge_seal=chaining_attesting.judge_word,
    judge_certificate=lockstep.judge_certificate,
    read_seal=chaining_attesting.read_seal,
    list_signers=chaining_checkpoint.list_signers,
    senseless=frozenset({"attack", "starvation", "send-omission", "receive-omission"}),
)

_EARLY = replace(
    _FLOODSET,
    name="early",
    model=replace(
        _FLOODSET.model,
        delays=lockstep_complexity.count_early_delays,
        good_case_messages=lockstep_complexity.count_early_messages,
    ),
    create=lockstep.create_early,
)

_ENGINES: Mapping[str, EngineSpec] = {
    spec.name: spec for spec in (_ACS, _BENOR, _EARLY, _FLOODSET, _PAXOS, _PBFT, _POW)
}

DEFAULT = _PBFT.name
"""For whoever names no engine: the one with immediate finality that stands the worst faults."""


def names() -> tuple[str, ...]:
    """The engines, by name, in order."""
    return tuple(sorted(_ENGINES))


def get(name: str) -> EngineSpec:
    """The engine called `name`; raises `UnknownEngineError`."""
    if name not in _ENGINES:
        raise UnknownEngineError(f"no engine {name!r}; there are: {', '.join(names())}")
    return _ENGINES[name]


def parse_parameters(spec: EngineSpec, mapping: Mapping[str, Any]) -> Any:
    """The engine's parameters from plain values, defaults filled in; raises `ParameterError`.

    Unknown names, wrong types (a boolean is no integer) and values out of range are errors.
    """
    try:
        return msgspec.convert(dict(mapping), spec.parameters, strict=True)
    except msgspec.ValidationError as error:
        raise ParameterError(f"{spec.name}: {error}") from error


def check_configuration(
    spec: EngineSpec, committee: Committee, *, allow_beyond_bound: bool = False
) -> None:
    """Refuse a committee that the engine's theorem does not cover; raises `BoundError`.

    `allow_beyond_bound` is for demonstrations of what then breaks.
    """
    size, faults = committee.size, committee.faults
    if size < 1 or faults < 0 or len(set(committee.members)) != size:
        raise BoundError("a committee has distinct members, at least one, and no negative faults")
    verdict = spec.model.judge(size, faults)
    if not allow_beyond_bound and not verdict.is_granted:
        raise BoundError(f"{spec.name}: {verdict.reason}")


def check_contract(spec: EngineSpec, served: Collection[Contract], advice: str) -> None:
    """Refuse an engine whose contract a host does not serve; raises `ContractError` with advice."""
    if spec.contract not in served:
        raise ContractError(f"{spec.name} orders a {spec.contract.value}: {advice}")
