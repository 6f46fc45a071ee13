"""The entry of the synchronous engines in the catalog."""

from dataclasses import replace

from consensus.chaining import attesting as chaining_attesting
from consensus.chaining import checkpoint as chaining_checkpoint
from consensus.committee import (
    largest_crash_faults,
)
from consensus.engine_spec import EngineSpec
from consensus.lockstep import complexity as lockstep_complexity
from consensus.lockstep import family as lockstep
from consensus.lockstep import parameters as lockstep_parameters
from consensus.model.bounds import Assumptions
from consensus.model.faults import Choice, FaultKind
from consensus.model.links import Authentication, Links, Loss, Order
from consensus.model.system import SystemModel
from consensus.model.timing import Timing
from consensus.model.validity import Agreement, Finality, Validity

FLOODSET = EngineSpec(
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

EARLY = replace(
    FLOODSET,
    name="early",
    model=replace(
        FLOODSET.model,
        delays=lockstep_complexity.count_early_delays,
        good_case_messages=lockstep_complexity.count_early_messages,
    ),
    create=lockstep.create_early,
)
