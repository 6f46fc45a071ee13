"""Every engine there is, by name."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from consensus.benor.spec import ACS, BENOR
from consensus.committee import Committee
from consensus.engine_spec import Contract, EngineSpec
from consensus.errors import BoundError, ContractError, ParameterError, UnknownEngineError
from consensus.lockstep.spec import EARLY, FLOODSET
from consensus.paxos.spec import PAXOS
from consensus.pbft.spec import PBFT
from consensus.pow.spec import POW

_ENGINES: Mapping[str, EngineSpec] = {
    spec.name: spec for spec in (ACS, BENOR, EARLY, FLOODSET, PAXOS, PBFT, POW)
}

DEFAULT = PBFT.name
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
