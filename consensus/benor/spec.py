"""The entry of the asynchronous engines in the catalog."""

from dataclasses import replace

from consensus.benor import acs
from consensus.benor import complexity as benor_complexity
from consensus.benor import engine as benor
from consensus.benor import parameters as benor_parameters
from consensus.benor import standing as benor_standing
from consensus.chaining import attesting as chaining_attesting
from consensus.chaining import checkpoint as chaining_checkpoint
from consensus.chaining import counting as chaining_counting
from consensus.chaining.accounting import compute_account as account_chain
from consensus.committee import (
    largest_byzantine_faults,
    largest_crash_faults,
)
from consensus.engine_spec import EngineSpec
from consensus.model.bounds import Assumptions
from consensus.model.faults import Choice, FaultKind
from consensus.model.links import Authentication, Links, Loss, Order
from consensus.model.system import SystemModel
from consensus.model.timing import Timing
from consensus.model.validity import Agreement, Finality, Validity

BENOR = EngineSpec(
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
    unites=True,
)

ACS = replace(
    BENOR,
    name="acs",
    model=replace(
        BENOR.model,
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
        backlog_delays=benor_complexity.DELAYS_OF_A_LONG_HEIGHT,
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
