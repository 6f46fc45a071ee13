"""The entry of proof of work in the catalog."""

from consensus.committee import (
    largest_minority,
)
from consensus.engine_spec import EngineSpec, Membership, TreeRules
from consensus.model.bounds import Assumptions
from consensus.model.faults import Choice, FaultKind
from consensus.model.links import Authentication, Links, Loss, Order
from consensus.model.system import SystemModel
from consensus.model.timing import Timing
from consensus.model.validity import Agreement, Finality, Validity
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

POW = EngineSpec(
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
