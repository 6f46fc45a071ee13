"""What the types of a manifest do not say: does each part fit the others, and the engine."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from consensus import catalog
from consensus.committee import Committee
from consensus.engine_spec import EngineSpec
from consensus.errors import ConsensusError
from node.errors import NodeError
from node.manifests.explaining import explain_unknown
from node.manifests.faults import Fault
from node.manifests.manifest import Manifest
from node.manifests.quantities import format_duration
from node.manifests.steps import (
    AddValidator,
    AnyStep,
    Expect,
    Partition,
    RemoveValidator,
    SlowLink,
)
from node.replay.rows import read_rows
from node.serving import get_served
from node.testnet.groups import parse_groups

END_MS = 500
"""The last step begins so long before the end, or it might not begin at all."""


def find_faults(manifest: Manifest, folder: Path) -> Iterator[Fault]:
    """What each part makes of the others."""
    yield from find_engine_faults(manifest)
    if manifest.load.replay is not None:
        try:
            read_rows(folder / manifest.load.replay, manifest.load.columns)
        except NodeError as error:
            yield Fault(("load", "replay"), error.detail)
        if not manifest.load.rate:
            yield Fault(("load", "rate"), "a replay has a rate above 0")
    nodes = manifest.nodes + manifest.followers
    there, before = nodes, 0
    for number, step in enumerate(manifest.step):
        place = ("step", number)
        if step.at > manifest.duration - END_MS:
            end = format_duration(manifest.duration)
            why = f"the run ends after {end}, too soon for this; make `duration` longer"
            yield Fault((*place, "at"), why)
        if step.at < before:
            yield Fault((*place, "at"), "steps stand in the order of time; move it up")
        before = max(before, step.at)
        yield from (Fault((*place, key), what) for key, what in judge_step(step, nodes, there))
        there += isinstance(step, AddValidator) and step.node is None


def find_engine_faults(manifest: Manifest) -> Iterator[Fault]:
    """The engine is known, and stands its parameters and its committee."""
    try:
        spec = get_served(manifest.engine)
    except (ConsensusError, NodeError) as error:
        yield Fault(("engine",), f"{error}; known are {', '.join(catalog.names())}")
        return
    yield from find_parameter_faults(manifest, spec)
    faults = spec.default_faults(manifest.nodes) if manifest.faults is None else manifest.faults
    try:
        catalog.check_configuration(spec, Committee.of(manifest.nodes, faults))
    except ConsensusError as error:
        yield Fault(("nodes",), str(error))
    if not can_change(spec, manifest):
        for number, step in enumerate(manifest.step):
            if isinstance(step, AddValidator | RemoveValidator):
                yield Fault(("step", number), f"the committee of {manifest.engine} never changes")


def can_change(spec: EngineSpec, manifest: Manifest) -> bool:
    """Does the committee of such a network ever change; parameters that are none count as it may."""
    try:
        parameters = catalog.parse_parameters(spec, manifest.parameters)
    except ConsensusError:
        return spec.change is not None
    return spec.find_terms(parameters) is not None


def find_parameter_faults(manifest: Manifest, spec: EngineSpec) -> Iterator[Fault]:
    """The engine has such parameters, and they are within their ranges."""
    known = [field.name for field in msgspec.structs.fields(spec.parameters)]
    unknown = [name for name in manifest.parameters if name not in known]
    yield from (Fault(("parameters", name), explain_unknown(name, known)) for name in unknown)
    if not unknown:
        try:
            catalog.parse_parameters(spec, manifest.parameters)
        except ConsensusError as error:
            yield Fault(("parameters",), str(error))


def judge_step(step: AnyStep, nodes: int, there: int) -> Iterator[tuple[str, str]]:
    """What is wrong with the nodes that a step names: the key, and why."""
    last = f"nodes are numbered from 0 to {there - 1} then"
    named = getattr(step, "nodes", None)
    if isinstance(named, tuple) and max(named) >= there:
        yield "nodes", f"there is no node {max(named)}; {last}"
    match step:
        case AddValidator(node=int(node)) | RemoveValidator(node=node) if node >= there:
            yield "node", f"there is no node {node}; {last}"
        case Partition(groups=groups):
            try:
                parse_groups(groups, nodes)
            except NodeError as error:
                yield "groups", f'{error.detail}; name every node once, as in "0,1/2,3"'
        case SlowLink():
            yield from judge_slow_link(step, nodes)
        case Expect(expect="forked" | "agreed", nodes=tuple() | str()):
            yield "nodes", "that is expected of all nodes; leave `nodes` out"
        case Expect(at=at, over=over) if over > at:
            yield "at", f"a look {format_duration(over)} back from there begins before the start"
        case _:
            return


def judge_slow_link(step: SlowLink, nodes: int) -> Iterator[tuple[str, str]]:
    """What is wrong with a slow link."""
    if not (step.delay or step.jitter or step.rate):
        yield "do", 'a slow link has a `delay`, a `jitter` or a `rate`, as in delay = "100ms"'
    if step.nodes is not None and step.links:
        yield "links", "name either `nodes` or `links`"
    for link in step.links:
        ends = [int(end) for end in link.split("-")]
        if ends[0] == ends[1] or max(ends) >= nodes:
            yield "links", f"there is no link {link}; write two of the nodes 0 to {nodes - 1}"
