"""Many agreements at once, bundled: the chapter's 8.1, mended.

Form (a): `size` instances of one agreement side by side. Whatever they say in one step goes out as one
envelope, so k instances that move together cost as many envelopes as one, bits grow by k, and rounds
are those of the slowest. Each index keeps the promises of its own agreement and none of another's; what
an index decides is told at once (`Settled`), so a slow one holds nobody back.
(Form (b), one agreement on a digest of an ordered batch, is what blocks are.)

The chapter runs the instances one after the other and calls that parallel, takes the length of the
batch from node 0 alone, and fails where another node brought fewer. Here all know the size, and
whoever brings fewer values proposes `EMPTY` for the rest, in so many words. More are refused. An
agreement on bits has no word for it, so there batches have to be full.

Durability: what the instances write in one step is one record, before the envelope. Timers that keep
step with the clock are shared, others are each instance's own.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import msgspec

from consensus.agreement import AgreementEffect, Decided, Event, Opened, Propose, Settled
from consensus.committee import ReplicaId
from consensus.effects import Broadcast, CancelTimer, Check, Ignore, Persist, Send, SetTimer, Toss
from consensus.errors import DecodeError
from consensus.events import Checked, Elapsed, Received, Tag, Timer, Tossed
from consensus.message import Codec, Digest, Message, encode

EMPTY = b""
"""What is proposed where nobody has anything to propose."""
SHARED = "shared"
UNFIT, BEYOND_BATCH, UNKNOWN = "unfit-batch", "beyond-batch", "unknown-message"

Body = TypeVar("Body")


class Part(Message, Generic[Body], tag="batch-part", frozen=True):
    """What one instance says."""

    index: int
    body: Body


class Envelope(Message, Generic[Body], tag="batch-envelope", frozen=True):
    """What instances said in one step, in order of their indices."""

    parts: tuple[Part[Body], ...]


class Bundle(Message, Generic[Body], tag="batch-bundle", frozen=True):
    """In the journal: what instances wrote in one step."""

    parts: tuple[Part[Body], ...]


class Batch(msgspec.Struct, frozen=True, array_like=True):
    """The values that a member brings in."""

    values: tuple[bytes, ...]


_BATCHES = Codec(Batch)


def encode_batch(values: Sequence[bytes]) -> bytes:
    """What is proposed: one value for each index, the first ones if there are fewer than indices."""
    return encode(Batch(tuple(values)))


def decode_batch(value: bytes) -> tuple[bytes, ...]:
    """The values of a batch; raises `DecodeError`."""
    values: tuple[bytes, ...] = _BATCHES.decode(value).values
    return values


def pad(values: Sequence[bytes], size: int) -> tuple[bytes, ...]:
    """`EMPTY` for each index that has no value; raises `DecodeError` for more values than indices."""
    if len(values) > size:
        raise DecodeError(f"a batch of {len(values)} values, and room for {size}")
    return (*values, *(EMPTY for _ in range(size - len(values))))


@dataclass(slots=True)
class Spoken:
    """What the instances want in one step, gathered."""

    records: list[Part[Any]] = field(default_factory=list)
    said: dict[ReplicaId | None, list[Part[Any]]] = field(default_factory=dict)
    """By receiver; None stands for everybody."""
    others: list[Any] = field(default_factory=list)


@dataclass(slots=True)
class Batched:
    """One participant in all instances; make one with `open_batch`."""

    instances: list[Any]
    decided: dict[int, tuple[bytes, ...]] = field(default_factory=dict)
    waiting: dict[Timer, set[int]] = field(default_factory=dict)
    """Shared timers that are set, and by whom."""
    asking: dict[Digest, set[int]] = field(default_factory=dict)

    def react(self, event: Event) -> Iterator[AgreementEffect]:
        """One step of as many instances as the event concerns."""
        spoken = Spoken()
        refusal = route(self, event, spoken)
        if refusal is not None:
            yield Ignore(event.message if isinstance(event, Received) else event, refusal)
        if spoken.records:
            yield Persist(Bundle(tuple(spoken.records)))
        for to, parts in spoken.said.items():
            envelope = Envelope(tuple(parts))
            yield Broadcast(envelope) if to is None else Send(to, envelope)
        yield from spoken.others
        if len(self.decided) == len(self.instances) and any(
            isinstance(effect, Settled) for effect in spoken.others
        ):
            yield Decided(tuple(v for index in sorted(self.decided) for v in self.decided[index]))


def open_batch(size: int, create: Callable[[int], Any]) -> Batched:
    """A participant in `size` instances; `create(index)` makes this member's part of one."""
    return Batched([create(index) for index in range(size)])


def route(batch: Batched, event: Event, spoken: Spoken) -> str | None:
    """Let the instances that an event concerns take their steps; why it was refused, if it was."""
    match event:
        case Received(sender, Envelope(parts)):
            known = [part for part in parts if part.index < len(batch.instances)]
            for part in known:
                drive(batch, part.index, Received(sender, part.body), spoken)
            return None if len(known) == len(parts) else BEYOND_BATCH
        case Received():
            return UNKNOWN
        case Propose(value):
            return propose(batch, value, spoken)
        case Opened(records):
            open_instances(batch, records, spoken)
        case Elapsed((first, *name), tick) if first == SHARED:
            for index in sorted(batch.waiting.pop(tuple(name), ())):
                drive(batch, index, Elapsed(tuple(name), tick), spoken)
        case Elapsed((index, *name), tick):
            drive(batch, int(index), Elapsed(tuple(name), tick), spoken)
        case Tossed((index, *name), face):
            drive(batch, index, Tossed(tuple(name), face), spoken)
        case Checked(digest):
            for index in sorted(batch.asking.get(digest, ())):
                drive(batch, index, event, spoken)
        case _:
            return UNKNOWN
    return None


def propose(batch: Batched, value: bytes, spoken: Spoken) -> str | None:
    """One value for each instance, `EMPTY` for those that are left."""
    try:
        values = pad(decode_batch(value), len(batch.instances))
    except DecodeError:
        return UNFIT
    for index, one in enumerate(values):
        drive(batch, index, Propose(one), spoken)
    return None


def open_instances(batch: Batched, records: tuple[Any, ...], spoken: Spoken) -> None:
    """Each begins with what it wrote."""
    kept: list[list[Any]] = [[] for _ in batch.instances]
    for record in records:
        for part in record.parts:
            kept[part.index].append(part.body)
    for index, own in enumerate(kept):
        drive(batch, index, Opened(tuple(own)), spoken)


def drive(batch: Batched, index: int, event: Any, spoken: Spoken) -> None:
    """One step of an instance, in the words of the batch."""
    for effect in batch.instances[index].react(event):
        match effect:
            case Persist(record):
                spoken.records.append(Part(index, record))
            case Broadcast(message):
                spoken.said.setdefault(None, []).append(Part(index, message))
            case Send(to, message):
                spoken.said.setdefault(to, []).append(Part(index, message))
            case Decided(values):
                batch.decided[index] = values
                spoken.others.append(Settled(index, values))
            case Check(_, digest):
                batch.asking.setdefault(digest, set()).add(index)
                spoken.others.append(effect)
            case SetTimer() | CancelTimer():
                keep_time(batch, index, effect, spoken)
            case Toss(tag, common):
                spoken.others.append(Toss(name_coin(index, tag), common))
            case _:
                spoken.others.append(effect)


def name_coin(index: int, tag: Tag) -> Tag:
    """Coins of different instances are different coins."""
    return (index, *tag)


def keep_time(batch: Batched, index: int, effect: SetTimer | CancelTimer, spoken: Spoken) -> None:
    """Timers in step with the clock run out for all who set them, in one step; the last cancels."""
    name = effect.timer
    if isinstance(effect, SetTimer) and effect.align_ms:
        waiting = batch.waiting.setdefault(name, set())
        if not waiting:
            spoken.others.append(msgspec.structs.replace(effect, timer=(SHARED, *name)))
        waiting.add(index)
    elif name in batch.waiting and index in batch.waiting[name]:
        batch.waiting[name].discard(index)
        if not batch.waiting[name]:
            del batch.waiting[name]
            spoken.others.append(CancelTimer((SHARED, *name)))
    else:
        spoken.others.append(msgspec.structs.replace(effect, timer=(index, *name)))
