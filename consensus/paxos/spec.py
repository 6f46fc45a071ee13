"""The entry of Multi-Paxos in the catalog."""

from consensus.committee import (
    largest_crash_faults,
)
from consensus.engine_spec import ChangeTerms, EngineSpec
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

PAXOS = EngineSpec(
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
