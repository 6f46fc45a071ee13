"""The laws of the engine contract, over every engine of the catalog."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consensus import catalog
from consensus.chaining.messages import Lack as ChainLack
from consensus.effects import (
    Adopt,
    Broadcast,
    Decide,
    Effect,
    Finalize,
    Ignore,
    Persist,
    Rewrite,
    Send,
    SetTimer,
    Share,
)
from consensus.engine import clone, fingerprint, step
from consensus.engine_spec import Membership
from consensus.errors import DecodeError
from consensus.events import Elapsed, Event, Received, Stored, Verdict
from consensus.message import Message, Signed
from consensus.paxos.messages import Accept, AskIndex, Canvass, Heartbeat, Lack, Prepare
from consensus.simulation.request import Request
from consensus.simulation.run import run_seed
from tests.consensus.benor.durability import is_covered as is_said
from tests.consensus.lockstep.durability import is_covered as is_bound
from tests.consensus.paxos.durability import is_covered as is_kept
from tests.consensus.pbft.durability import is_covered
from tests.consensus.pow.durability import is_stored
from tests.consensus.recording import Recorder, Step, record_run

ENGINES = catalog.names()
COVERED: dict[str, Callable[[Any, tuple[Any, ...]], bool]] = {
    "acs": is_said,
    "benor": is_said,
    "early": is_bound,
    "floodset": is_bound,
    "paxos": is_kept,
    "pbft": is_covered,
    "pow": is_stored,
}
"""For each engine: is this message, were it sent now, covered by what the disk holds: the journal,
and the headers of the blocks in the store."""
TREES = tuple(name for name in ENGINES if catalog.get(name).tree)
QUESTIONS = (Accept, AskIndex, Canvass, ChainLack, Heartbeat, Lack, Prepare)
"""Messages that want an answer each time they come."""
STRANGER = 99


class Nonsense(Message, tag="nonsense", frozen=True):
    """A message that no engine knows."""

    number: int


@cache
def recorded(engine: str) -> Recorder:
    """One recorded run per engine, shared by all tests."""
    with pytest.MonkeyPatch.context() as patch:
        return record_run(engine, patch)


@pytest.fixture(params=ENGINES)
def steps(request: pytest.FixtureRequest) -> list[Step]:
    return recorded(request.param).steps


def test_a_run_is_eventful(steps: list[Step]) -> None:
    kinds = {type(s.event).__name__ for s in steps}
    assert {"Started", "Received", "Elapsed", "Pending", "Applied"} <= kinds
    assert len(steps) > 500


def test_a_clone_equals_its_original_and_lives_its_own_life(steps: list[Step]) -> None:
    for s in steps[::7]:
        copy = clone(s.before)
        name = fingerprint(s.before)
        assert fingerprint(copy) == name
        assert step(copy, s.event) == s.effects
        assert fingerprint(s.before) == name


def test_a_step_is_a_function_of_state_and_event(steps: list[Step]) -> None:
    for s in steps[::11]:
        first, second = clone(s.before), clone(s.before)
        assert step(first, s.event) == step(second, s.event)
        assert fingerprint(first) == fingerprint(second)


def reorder(value: Any) -> Any:
    """The same value with every mapping filled the other way round."""
    if isinstance(value, dict):
        return {key: reorder(item) for key, item in reversed(value.items())}
    if hasattr(value, "__dataclass_fields__") and not value.__dataclass_params__.frozen:
        for name in value.__dataclass_fields__:
            setattr(value, name, reorder(getattr(value, name)))
    return value


def test_the_fingerprint_ignores_insertion_order(steps: list[Step]) -> None:
    for s in steps[::13]:
        assert fingerprint(reorder(clone(s.before))) == fingerprint(s.before)


def test_the_fingerprint_tells_states_apart(steps: list[Step]) -> None:
    assert len({fingerprint(s.before) for s in steps[::5]}) > len(steps) // 20


def test_a_duplicate_changes_nothing(steps: list[Step]) -> None:
    for s in steps[::2]:
        if isinstance(s.event, Elapsed):
            continue
        copy = clone(s.before)
        step(copy, s.event)
        name = fingerprint(copy)
        again = step(copy, s.event)
        assert fingerprint(copy) == name, s.event
        assert all(isinstance(effect, Ignore) or is_answer(s.event, effect) for effect in again), (
            s.event,
            again,
        )


def is_answer(event: Event, effect: Effect) -> bool:
    """A question that comes again is answered again, for the first answer may be lost."""
    if not isinstance(event, Received) or not isinstance(event.message, QUESTIONS):
        return False
    return isinstance(effect, Send) and effect.to == event.sender


def test_an_old_message_binds_nobody(steps: list[Step]) -> None:
    last = {s.replica: s for s in steps}
    for s in [s for s in steps if isinstance(s.event, Received)][::3]:
        copy = clone(last[s.replica].before)
        step(copy, last[s.replica].event)
        for effect in step(copy, s.event):
            assert not isinstance(effect, Persist | Rewrite | Decide | Adopt | Finalize), s.event
            assert not isinstance(effect, Broadcast) or is_pulse(effect), s.event


def is_pulse(effect: Broadcast) -> bool:
    """A leader that is asked again whether it leads asks the others again; it binds nobody."""
    return isinstance(effect.message, Heartbeat)


def test_unknown_messages_change_nothing(steps: list[Step]) -> None:
    for s in steps[::17]:
        for event in (
            Received(1, Nonsense(7)),
            Received(1, object()),
            Received(1, None),
            Received(1, Signed(1, Nonsense(7))),
            Received(STRANGER, Nonsense(1)),
            Elapsed(("nobody", "set", 3)),
        ):
            copy = clone(s.before)
            effects = step(copy, event)
            started = [effect for effect in effects if not isinstance(effect, Ignore)]
            assert not started, (event, started)
            assert fingerprint(copy) == fingerprint(s.before)


def test_a_stranger_is_not_heard_or_else_weighs_what_everybody_weighs(
    steps: list[Step], request: Any
) -> None:
    """In a committee only members count; in an open network nobody counts for who they are."""
    spec = catalog.get(request.node.callspec.params["steps"])
    checked = 0
    for s in steps[::3]:
        if not isinstance(s.event, Received):
            continue
        by_member, by_stranger = clone(s.before), clone(s.before)
        told = step(by_member, s.event)
        answers = step(by_stranger, Received(STRANGER, s.event.message))
        if spec.membership is Membership.COMMITTEE:
            assert all(isinstance(effect, Ignore) for effect in answers)
            assert fingerprint(by_stranger) == fingerprint(s.before)
        elif told and not isinstance(told[0], Ignore) and not isinstance(answers[0], Ignore):
            assert answers == [readdress(effect, s.event.sender, STRANGER) for effect in told]
        checked += 1
    assert checked > 50


def readdress(effect: Effect, old: int, new: int) -> Effect:
    """The same effect with another receiver."""
    match effect:
        case Send(to, message) if to == old:
            return Send(new, message)
        case Share(block_id, to) if to == old:
            return Share(block_id, new)
        case _:
            return effect


def test_a_signer_that_is_not_the_sender_changes_nothing(steps: list[Step]) -> None:
    for s in steps[::5]:
        match s.event:
            case Received(sender, Signed(signer=signer, body=body)) if signer == sender:
                if type(body).__name__ == "NewView":
                    continue  # handed on by anybody
                copy = clone(s.before)
                other = (sender + 1) % 4
                assert all(
                    isinstance(e, Ignore) for e in step(copy, Received(other, s.event.message))
                )
                assert fingerprint(copy) == fingerprint(s.before)


def test_what_is_said_was_written_before(steps: list[Step], request: Any) -> None:
    engine = request.node.callspec.params["steps"]
    checked = 0
    for s in steps:
        records = s.records
        for effect in s.effects:
            match effect:
                case Persist(record):
                    records = (*records, record)
                case Rewrite(new):
                    records = tuple(new)
                case Send(_, message) | Broadcast(message):
                    assert COVERED[engine](message, records), (message, records)
                    checked += 1
                case _:
                    continue
    assert checked > 100


@pytest.mark.parametrize("engine", TREES)
def test_blocks_are_on_disk_before_anybody_hears_or_builds_on_them(engine: str) -> None:
    identify = catalog.get(engine).tree.identify  # type: ignore[union-attr]
    checked = 0
    for s in recorded(engine).steps:
        on_disk = {identify(header) for header in s.records}
        for effect in s.effects:
            if isinstance(effect, Share | Adopt):
                assert effect.block_id in on_disk
                checked += 1
    assert checked > 100


@pytest.mark.parametrize("engine", TREES)
def test_what_is_not_stored_is_not_adopted(engine: str) -> None:
    """Whatever the host says of a block but that it is stored, the head stays where it is."""
    answers = [s for s in recorded(engine).steps if isinstance(s.event, Stored)]
    for s in answers:
        for verdict in (Verdict.LATER, Verdict.INVALID):
            effects = step(clone(s.before), Stored(s.event.block_id, verdict))  # type: ignore[union-attr]
            assert not any(isinstance(e, Share | Adopt | Finalize) for e in effects)
    assert len(answers) > 50


def test_timers_are_whole_and_positive(steps: list[Step]) -> None:
    timers = [e for s in steps for e in s.effects if isinstance(e, SetTimer)]
    assert timers
    assert all(type(t.after_ms) is int and type(t.align_ms) is int for t in timers)
    assert all(min(t.after_ms, t.align_ms) == 0 < max(t.after_ms, t.align_ms) for t in timers)


def test_decisions_come_in_height_order(steps: list[Step]) -> None:
    for replica in {s.replica for s in steps}:
        heights: list[int] = []
        for s in steps:
            if s.replica != replica:
                continue
            if type(s.event).__name__ == "Started":
                tree = s.event.tree  # type: ignore[union-attr]
                heights = [s.event.height if tree is None else tree.final]  # type: ignore[union-attr]
            heights += [e.height for e in s.effects if isinstance(e, Decide | Finalize)]
            assert heights == list(range(heights[0], heights[0] + len(heights)))


def test_messages_and_records_survive_the_codec(steps: list[Step], request: Any) -> None:
    spec = catalog.get(request.node.callspec.params["steps"])
    for s in steps:
        for effect in s.effects:
            match effect:
                case Persist(record):
                    assert spec.records.decode(spec.records.encode(record)) == record
                case Send(_, message) | Broadcast(message):
                    assert spec.messages.decode(spec.messages.encode(message)) == message
                case Decide(_, _, seal):
                    assert spec.seals.decode(spec.seals.encode(seal)) == seal
                case _:
                    continue


# Fuzzing: real messages with some of their fields replaced, at real moments.


def mutate(data: st.DataObject, value: Any, depth: int = 0) -> Any:
    """The value, or another of the same type; structs are changed field by field."""
    if isinstance(value, msgspec.Struct):
        changed = {
            name: mutate(data, getattr(value, name), depth + 1)
            for name in value.__struct_fields__
            if data.draw(st.booleans())
        }
        return msgspec.structs.replace(value, **changed)
    if isinstance(value, bool):
        return data.draw(st.booleans())
    if isinstance(value, int):
        near = st.integers(max(0, value - 2), value + 2)
        return data.draw(st.one_of(near, st.sampled_from([0, 1, 2**63, 2**64 - 1])))
    if isinstance(value, bytes):
        return data.draw(st.sampled_from([value, bytes(len(value)), value[::-1]]))
    if isinstance(value, tuple):
        items = [mutate(data, item, depth + 1) for item in value if data.draw(st.booleans())]
        return tuple(items * data.draw(st.integers(1, 2)))
    return value


@pytest.mark.parametrize("engine", ENGINES)
@settings(
    max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
@given(data=st.data())
def test_no_message_makes_an_engine_raise(engine: str, data: st.DataObject) -> None:
    steps = recorded(engine).steps
    received = [s for s in steps if isinstance(s.event, Received)]
    engine_now = clone(data.draw(st.sampled_from(steps[::5])).before)
    for _ in range(data.draw(st.integers(1, 4))):
        source = data.draw(st.sampled_from(received)).event
        assert isinstance(source, Received)
        sender = data.draw(st.integers(0, 4))
        effects = step(engine_now, Received(sender, mutate(data, source.message)))
        assert all(isinstance(effect, Effect) for effect in effects)


@pytest.mark.parametrize("engine", ENGINES)
@given(data=st.binary(max_size=200))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_no_bytes_decode_to_anything_but_themselves(engine: str, data: bytes) -> None:
    spec = catalog.get(engine)
    for codec in (spec.messages, spec.records, spec.seals, spec.certificates):
        try:
            value = codec.decode(data)
        except DecodeError:
            continue
        assert codec.encode(value) == data


# Determinism across processes.

SCRIPT = """
import sys
from consensus.simulation.request import Request
from consensus.simulation.run import run_seed
print(run_seed(Request(engine=sys.argv[1]), int(sys.argv[2])).digest)
"""


def digests(engine: str, seed: int) -> Iterator[str]:
    yield run_seed(Request(engine=engine), seed).digest
    for hash_seed in ("0", "4711"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", SCRIPT, engine, str(seed)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        yield done.stdout.strip()


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_seed_gives_the_same_trace_in_every_process(engine: str) -> None:
    assert len(set(digests(engine, 5))) == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_another_seed_gives_another_trace(engine: str) -> None:
    request = Request(engine=engine, duration_ms=1_000)
    assert run_seed(request, 5).digest != run_seed(request, 6).digest
