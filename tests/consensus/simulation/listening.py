"""A tiny engine for tests of detectors: everybody beats, and watches whoever it was told to."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest

from consensus import catalog
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Effect, SetTimer, Watch
from consensus.engine import Account
from consensus.events import Elapsed, Event, Started, Suspected, Trusted
from consensus.message import Codec, Message

NAME = "listener"
PERIOD_MS = 50
BEAT = ("beat",)


class Beat(Message, tag="listener-beat", frozen=True):
    """I am alive."""

    number: int


class Parameters(msgspec.Struct, frozen=True):
    """`watched`: by everybody but itself, nobody if -1. `moves`: the next one after a suspicion."""

    silence_ms: int = 200
    watched: int = 0
    moves: bool = False
    spread_ms: int = 0


@dataclass(slots=True)
class Listener:
    """Counts what it hears of whom it watches."""

    me: ReplicaId
    size: int
    parameters: Parameters
    beats: int = 0
    watched: ReplicaId | None = None
    words: list[Event] = field(default_factory=list)

    def react(self, event: Event) -> Iterator[Effect]:
        """Beat, watch, and write down each word."""
        match event:
            case Started():
                if self.parameters.watched not in (-1, self.me):
                    yield from self.choose(self.parameters.watched)
                yield SetTimer(BEAT, PERIOD_MS, self.parameters.spread_ms)
            case Elapsed():
                self.beats += 1
                yield Broadcast(Beat(self.beats))
                yield SetTimer(BEAT, PERIOD_MS, self.parameters.spread_ms)
            case Suspected(replica):
                self.words.append(event)
                if self.parameters.moves:
                    yield from self.choose((replica + 1) % self.size)
            case Trusted():
                self.words.append(event)

    def choose(self, replica: ReplicaId | None) -> Iterator[Effect]:
        """Watch somebody else."""
        self.watched = replica
        yield Watch(replica)


def create(me: ReplicaId | None, committee: Committee, parameters: Any) -> Listener:
    """A replica; there are no followers."""
    assert me is not None
    return Listener(me, committee.size, parameters)


def account(engine: Any) -> Account:
    """It waits for nothing."""
    return Account("listening", 0, None, 1, "nothing", 0, (), {"beats": engine.beats})


def compute_silence_ms(parameters: Parameters) -> int:
    """What `EngineSpec.silence_ms` asks for."""
    return parameters.silence_ms


def compute_progress_bound_ms(_parameters: Any, _size: int, _faults: int, _delay_ms: int) -> int:
    """Nothing is promised, and nothing is ever decided."""
    return 1


_PBFT = catalog.get("pbft")
SPEC = replace(
    _PBFT,
    name=NAME,
    model=replace(_PBFT.model, progress_bound_ms=compute_progress_bound_ms),
    parameters=Parameters,
    messages=Codec(Beat),
    create=create,
    account=account,
    patience_ms=compute_silence_ms,
    probes=(),
    restless=({"silence_ms": 150},),
    silence_ms=compute_silence_ms,
)


def enter_catalog(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine stands in the catalog until the test ends."""
    monkeypatch.setitem(catalog._ENGINES, NAME, SPEC)
