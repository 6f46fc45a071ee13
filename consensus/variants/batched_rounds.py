"""Many synchronous agreements at once: one envelope a round, whatever the size of the batch.

As `batch`, for agreements that move in rounds. What an index has decided stands in `decided` at once,
and who has nothing more to say in any index is silent.

Cost: the messages of one instance; bits grow by the size of the batch; rounds are those of the slowest.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from consensus.committee import Committee, ReplicaId
from consensus.variants.batch import Envelope, Part, decode_batch, encode_batch, pad


@dataclass(slots=True)
class BatchedRounds:
    """One participant in all instances; make one with `open_rounds`."""

    me: ReplicaId
    committee: Committee
    rounds: int
    """Those of the slowest instance."""
    instances: list[Any]
    decided: dict[int, bytes] = field(default_factory=dict)
    decision: bytes | None = None
    """All decisions, as a batch, once there are all."""
    has_halted: bool = False

    def send(self, in_round: int) -> Envelope[Any] | None:
        """What the instances say, under one cover."""
        parts = []
        for index, instance in enumerate(self.instances):
            message = None if self.is_over(index) else instance.send(in_round)
            if message is not None:
                parts.append(Part(index, message))
        self.has_halted = all(instance.has_halted for instance in self.instances)
        return Envelope(tuple(parts)) if parts else None

    def receive(self, in_round: int, mail: Mapping[ReplicaId, Any]) -> None:
        """Each instance gets what was said in its index."""
        sorted_out: list[dict[ReplicaId, Any]] = [{} for _ in self.instances]
        for sender, envelope in mail.items():
            for part in envelope.parts if isinstance(envelope, Envelope) else ():
                if part.index < len(sorted_out):
                    sorted_out[part.index].setdefault(sender, part.body)
        for index, instance in enumerate(self.instances):
            if self.is_over(index):
                continue
            instance.receive(in_round, sorted_out[index])
            if instance.decision is not None:
                self.decided.setdefault(index, instance.decision)
        if len(self.decided) == len(self.instances):
            self.decision = encode_batch([self.decided[index] for index in sorted(self.decided)])

    def is_over(self, index: int) -> bool:
        """Has an instance decided, and said its last."""
        return index in self.decided and self.instances[index].has_halted


def open_rounds(
    me: ReplicaId,
    committee: Committee,
    value: bytes,
    size: int,
    create: Callable[[ReplicaId, Committee, bytes], Any],
) -> BatchedRounds:
    """A participant in `size` instances, at least one, with its batch of inputs (`encode_batch`).

    Raises `DecodeError` for what is no batch, or one that holds more than `size` values.
    """
    instances = [create(me, committee, one) for one in pad(decode_batch(value), size)]
    rounds = max(instance.rounds for instance in instances)
    return BatchedRounds(me, committee, rounds, instances)
