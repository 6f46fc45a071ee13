"""What happened in a run, entry by entry, for people and for files."""

from dataclasses import dataclass, field
from typing import Any

from consensus.committee import ReplicaId
from consensus.effects import Broadcast, Effect, Send
from consensus.simulation.entry import Entry
from consensus.simulation.parcel import Parcel
from consensus.simulation.telling import Teller, name_message

TRACE_ENTRIES_MAX = 1_000_000
"""A run that says more is not for reading; entries beyond are counted, not kept."""


@dataclass(slots=True)
class Trace:
    """The entries of one run."""

    entries: list[Entry] = field(default_factory=list)
    teller: Teller = field(default_factory=Teller)
    left_out: int = 0

    def add(self, entry: Entry) -> None:
        """Keep an entry."""
        if len(self.entries) < TRACE_ENTRIES_MAX:
            self.entries.append(entry)
        else:
            self.left_out += 1

    def note_effect(self, now_ms: int, place: int, effect: Effect) -> None:
        """What an engine asks for; messages are noted when they are sent."""
        if isinstance(effect, Broadcast | Send):
            return
        self.add(Entry(now_ms, place, *self._fields(effect)))

    def _fields(self, effect: Effect) -> tuple[str, None, str, str]:
        kind, name, detail = self.teller.tell(effect)
        return kind, None, name, detail

    def note_sent(
        self, now_ms: int, place: int, to: ReplicaId | None, message: Any, number: int
    ) -> None:
        """A message is put on the links."""
        detail = self.teller.tell_message(message)
        self.add(Entry(now_ms, place, "send", to, name_message(message), detail, number, place))

    def note_copy(self, kind: str, now_ms: int, place: int, peer: int, parcel: Parcel) -> None:
        """A copy arrives (`receive`, from `peer`) or does not (`lose`, on its way to `peer`)."""
        name = name_message(parcel.message)
        self.add(Entry(now_ms, place, kind, peer, name, "", parcel.number, parcel.origin))

    def note(self, now_ms: int, place: int, kind: str, name: str = "", detail: str = "") -> None:
        """Something else that happened to a host."""
        self.add(Entry(now_ms, place, kind, None, name, detail))
