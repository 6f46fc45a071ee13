"""Every engine there is, with all that a host, a simulator or a test needs to run it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from consensus.committee import Committee, ReplicaId, largest_byzantine_faults
from consensus.engine import Account, Engine
from consensus.errors import BoundError, ParameterError, UnknownEngineError
from consensus.message import Codec, Height
from consensus.model.bounds import Assumptions
from consensus.model.faults import Choice, FaultKind
from consensus.model.links import Authentication, Links, Loss, Order
from consensus.model.system import SystemModel
from consensus.model.timing import Timing
from consensus.model.validity import Agreement, Finality, Validity
from consensus.pbft import complexity as pbft_complexity
from consensus.pbft import engine as pbft
from consensus.pbft import messages as pbft_messages
from consensus.pbft import parameters as pbft_parameters
from consensus.pbft import probes as pbft_probes
from consensus.pbft import quorums as pbft_quorums


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
    judge_seal=pbft_quorums.judge_seal,
    judge_certificate=pbft_quorums.judge_certificate,
)

_ENGINES: Mapping[str, EngineSpec] = {spec.name: spec for spec in (_PBFT,)}


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
