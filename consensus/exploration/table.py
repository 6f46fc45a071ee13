"""Numbers for states, messages and moves, and a memory of every step that was ever taken.

A step depends on nothing but a participant's state and the event, and the same local state comes
back in very many configurations, so each step is taken once and looked up ever after. A configuration
is then a tuple of small integers.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from consensus.committee import Committee, ReplicaId
from consensus.engine import clone, spell
from consensus.events import Received, Tag, Timer
from consensus.exploration.local import Local, Tape, advance, end_timer, show_coin
from consensus.message import sign_message

StateId: TypeAlias = int
MoveId: TypeAlias = int
Faces: TypeAlias = Callable[[ReplicaId, Tag], tuple[int, ...]]
"""What a participant's coin may show: both faces, or the one on a tape."""


class Deliver(msgspec.Struct, frozen=True):
    """A message arrives."""

    sender: ReplicaId
    to: ReplicaId
    message: Any


class Fire(msgspec.Struct, frozen=True):
    """A timer runs out."""

    to: ReplicaId
    timer: Timer


class Show(msgspec.Struct, frozen=True):
    """A coin shows its face."""

    to: ReplicaId
    tag: Tag
    face: int


class Stop(msgspec.Struct, frozen=True):
    """A participant crashes."""

    to: ReplicaId


Move: TypeAlias = Deliver | Fire | Show | Stop


@dataclass(slots=True)
class Table:
    """States and moves by number."""

    committee: Committee
    faces: Faces = lambda _me, _tag: (0, 1)
    tape: Tape | None = None
    """With one, no coin is ever waited for."""
    tidy: Callable[[Any], None] = lambda _participant: None
    """Takes away from a participant's state what can matter no more; must be exact."""
    states: list[Local] = field(default_factory=list)
    names: list[bytes] = field(default_factory=list)
    """A fingerprint of each state, the same under every hash seed."""
    moves: list[Move] = field(default_factory=list)
    steps: int = 0
    """Steps really taken."""
    _state_ids: dict[bytes, StateId] = field(default_factory=dict)
    _move_ids: dict[Move, MoveId] = field(default_factory=dict)
    _taken: dict[tuple[StateId, MoveId], tuple[StateId, tuple[MoveId, ...]]] = field(
        default_factory=dict
    )
    _own: dict[StateId, tuple[MoveId, ...]] = field(default_factory=dict)

    def enter(self, local: Local) -> StateId:
        """The number of a state; the table keeps the object."""
        self.tidy(local.participant)
        name = hashlib.blake2b(spell(local).encode(), digest_size=16).digest()
        number = self._state_ids.get(name)
        if number is None:
            number = self._state_ids[name] = len(self.states)
            self.states.append(local)
            self.names.append(name)
        return number

    def number(self, move: Move) -> MoveId:
        """The number of a move."""
        found = self._move_ids.get(move)
        if found is None:
            found = self._move_ids[move] = len(self.moves)
            self.moves.append(move)
        return found

    def take(self, state: StateId, move: MoveId) -> tuple[StateId, tuple[MoveId, ...]]:
        """The state after a move, and the deliveries that it made possible."""
        key = (state, move)
        found = self._taken.get(key)
        if found is None:
            found = self._taken[key] = self._take(state, self.moves[move])
        return found

    def _take(self, state: StateId, move: Move) -> tuple[StateId, tuple[MoveId, ...]]:
        self.steps += 1
        local = clone(self.states[state])
        said: tuple[tuple[ReplicaId, Any], ...] = ()
        match move:
            case Deliver(sender, _, message):
                said = self.advance(local, Received(sender, message))
            case Fire(_, timer):
                said = self.advance(local, end_timer(local, timer))
            case Show(_, tag, face):
                said = self.advance(local, show_coin(local, tag, face))
            case Stop():
                local.is_down, local.timers, local.tosses = True, set(), {}
        return self.enter(local), self.post(local.me, said)

    def advance(self, local: Local, event: Any) -> tuple[tuple[ReplicaId, Any], ...]:
        """A step of a participant that is nobody's yet."""
        return advance(local, event, self.committee, self.tape)

    def post(
        self, sender: ReplicaId, said: tuple[tuple[ReplicaId, Any], ...]
    ) -> tuple[MoveId, ...]:
        """The deliveries of what somebody said."""

        def sign(body: bytes) -> bytes:
            return hashlib.blake2b(body, digest_size=16, person=bytes([sender])).digest()

        return tuple(
            self.number(Deliver(sender, to, sign_message(message, sign))) for to, message in said
        )

    def own_moves(self, state: StateId) -> tuple[MoveId, ...]:
        """What a participant may do without mail: timers and coins, in order."""
        found = self._own.get(state)
        if found is None:
            local = self.states[state]
            moves: list[Move] = [Fire(local.me, t) for t in sorted(local.timers, key=repr)]
            for tag in sorted(local.tosses):
                moves += [Show(local.me, tag, face) for face in self.faces(local.me, tag)]
            found = self._own[state] = tuple(map(self.number, moves))
        return found
