"""The entry of PBFT in the catalog."""

from consensus.committee import (
    largest_byzantine_faults,
)
from consensus.engine_spec import ChangeTerms, EngineSpec
from consensus.model.bounds import Assumptions
from consensus.model.faults import Choice, FaultKind
from consensus.model.links import Authentication, Links, Loss, Order
from consensus.model.system import SystemModel
from consensus.model.timing import Timing
from consensus.model.validity import Agreement, Finality, Validity
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

PBFT = EngineSpec(
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
