"""Numbers for states, messages and moves, and a memory of every step: for networks that lose nothing.

Like `table`, for participants by place, so that twins are possible, and made for messages that stay:
what was said is a set of bits, one for each message and receiver. Moves that are no deliveries
(timers, coins, the failure detector, restarts) have negative numbers.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from consensus.committee import ReplicaId
from consensus.engine import clone, spell
from consensus.events import Elapsed, Received, Suspected, Timer
from consensus.exploration.cast import Cast, Place
from consensus.exploration.local import Local, advance, end_timer, show_coin
from consensus.exploration.table import Deliver, Fire, Show
from consensus.message import Sign

StateId: TypeAlias = int
Bits: TypeAlias = int
"""A set of deliveries."""


class Restart(msgspec.Struct, frozen=True):
    """A participant crashes and comes back with its journal."""

    to: Place


class Tell(msgspec.Struct, frozen=True):
    """The failure detector suspects somebody, perhaps wrongly; to take it back would be no news."""

    to: Place
    replica: ReplicaId


Move: TypeAlias = Deliver | Fire | Show | Tell | Restart
"""`to` is a place everywhere; `Deliver.sender` is a name."""
FACES = (0, 1)
SPARES_MAX = 1_024


def make_sign(name: ReplicaId) -> Sign:
    """A signature that only has to be the signer's own."""

    def sign(body: bytes) -> bytes:
        return hashlib.blake2b(body, digest_size=16, person=bytes([name])).digest()

    return sign


@dataclass(slots=True)
class Steps:
    """States and moves by number."""

    cast: Cast
    states: list[Local] = field(default_factory=list)
    names: list[bytes] = field(default_factory=list)
    """A fingerprint of each state, the same under every hash seed."""
    places: list[Place] = field(default_factory=list)
    """Whose state it is."""
    origins: list[tuple[StateId, int] | None] = field(default_factory=list)
    """From which state, and by which move, each was reached first; None for a start."""
    said: list[tuple[int, ...]] = field(default_factory=list)
    """What was said at a start, in order."""
    mail: list[Deliver] = field(default_factory=list)
    sources: list[tuple[StateId, int]] = field(default_factory=list)
    """Which step said each message first; the move is 0 for a start, and 1 more than a delivery."""
    own: list[Move] = field(default_factory=list)
    heard_by: list[Bits] = field(default_factory=list)
    """The deliveries to each place."""
    said_by: dict[ReplicaId, Bits] = field(default_factory=dict)
    honest: Bits = 0
    """The deliveries of what no liar said."""
    steps: int = 0
    """Steps really taken."""
    is_bounded: bool = False
    """Was a step left out because it led beyond the greatest round."""
    _spares: dict[StateId, Local] = field(default_factory=dict)
    """Copies of states that were asked and did not change: most moves change nothing."""
    _liars: set[ReplicaId] = field(default_factory=set)
    _signs: list[Sign] = field(default_factory=list)
    _state_ids: dict[bytes, StateId] = field(default_factory=dict)
    _mail_ids: dict[Any, int] = field(default_factory=dict)
    _own_ids: dict[Move, int] = field(default_factory=dict)
    taken: list[dict[int, tuple[StateId, tuple[int, ...], Bits]]] = field(default_factory=list)
    """For each state and move: the next state, what was said in order, and the same as bits."""
    _own_moves: dict[StateId, tuple[int, ...]] = field(default_factory=dict)
    _is_beyond: dict[StateId, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.heard_by = [0] * self.cast.size
        self.said_by = {seat.name: 0 for seat in self.cast.seats}
        self._liars = {seat.name for seat in self.cast.seats if seat.is_liar}
        self._signs = [make_sign(seat.name) for seat in self.cast.seats]

    def begin(self) -> tuple[int, ...]:
        """A state for each place, after their first events, and what they said, as one configuration."""
        starts, bits = [], 0
        for place, seat in enumerate(self.cast.seats):
            local = Local(seat.name, self.cast.create(seat.name), values=seat.values)
            local.heights_max = self.cast.heights_max
            local.journal = () if self.cast.restarts_max else None
            state, posted = self.open(local, place, seat.openings)
            starts.append(state)
            bits |= make_bits(posted)
        return (*starts, bits)

    def open(
        self, local: Local, place: Place, openings: tuple[Any, ...]
    ) -> tuple[StateId, tuple[int, ...]]:
        """The first events of somebody new."""
        said: list[tuple[ReplicaId, Any]] = []
        for event in openings:
            if isinstance(event, Elapsed):
                local.timers.discard(event.timer)
            said += self.advance(local, place, event)
        self.cast.knowledge.tidy(local.participant)
        state = self.enter(local, place, None)
        posted = self.post(local.me, said, (state, 0))
        self.said[state] = posted
        return state, posted

    def advance(self, local: Local, place: Place, event: Any) -> tuple[tuple[ReplicaId, Any], ...]:
        """A step of a participant that is nobody's yet."""
        return advance(local, event, self.cast.committee, None, self._signs[place])

    def enter(self, local: Local, place: Place, origin: tuple[StateId, int] | None) -> StateId:
        """The number of a tidy state; of those with one description the first is kept."""
        described = self.cast.knowledge.describe(local.participant)
        around = (self.list_timers(local), local.tosses, local.words, local.values, local.watched)
        kept = (place, described, *around, local.journal, local.restarts)
        name = hashlib.blake2b(spell(kept).encode(), digest_size=16).digest()
        number = self._state_ids.get(name)
        if number is None:
            number = self._state_ids[name] = len(self.states)
            self.states.append(local)
            self.names.append(name)
            self.places.append(place)
            self.origins.append(origin)
            self.said.append(())
            self.taken.append({})
        return number

    def post(self, sender: ReplicaId, said: Any, source: tuple[StateId, int]) -> tuple[int, ...]:
        """The deliveries of what somebody said, in order."""
        posted: list[int] = []
        for name, message in said:
            if self.cast.knowledge.is_heard(sender, message):
                alike = self.cast.knowledge.resemble(message)
                for place, seat in enumerate(self.cast.seats):
                    if seat.name == name:
                        posted.append(self.number(sender, place, message, alike, source))
        return tuple(posted)

    def number(
        self, sender: ReplicaId, place: Place, message: Any, alike: Any, source: tuple[StateId, int]
    ) -> int:
        """The number of a delivery."""
        key = (sender, place, alike)
        found = self._mail_ids.get(key)
        if found is None:
            found = self._mail_ids[key] = len(self.mail)
            self.mail.append(Deliver(sender, place, message))
            self.sources.append(source)
            self.heard_by[place] |= 1 << found
            self.said_by[sender] |= 1 << found
            if sender not in self._liars:
                self.honest |= 1 << found
        return found

    def move(self, number: int) -> Move:
        """The move that a number stands for."""
        return self.mail[number] if number >= 0 else self.own[-1 - number]

    def take(self, state: StateId, move: int) -> tuple[StateId, tuple[int, ...], Bits]:
        """The state after a move, and what was said."""
        found = self.taken[state].get(move)
        if found is None:
            found = self.taken[state][move] = self._take(state, move)
        return found

    def _take(self, state: StateId, move: int) -> tuple[StateId, tuple[int, ...], Bits]:
        self.steps += 1
        before, place = self.states[state], self.places[state]
        local = self._spares.pop(state, None) or clone(before)
        said: Any = ()
        match self.move(move):
            case Deliver(sender, _, message):
                said = self.advance(local, place, Received(sender, message))
            case Fire(_, timer):
                said = self.advance(local, place, end_timer(local, timer))
            case Show(_, tag, face):
                said = self.advance(local, place, show_coin(local, tag, face))
            case Tell(_, replica):
                said = self.advance(local, place, Suspected(replica))
            case Restart():
                local, said = self.restart(local, place)
        self.cast.knowledge.tidy(local.participant)
        if local == before:
            following = state
            self.spare(state, local)
        else:
            following = self.enter(local, place, (state, move))
        posted = self.post(local.me, said, (state, move + 1 if move >= 0 else move))
        return following, posted, make_bits(posted)

    def spare(self, state: StateId, local: Local) -> None:
        """Keep a copy for the next move."""
        if len(self._spares) >= SPARES_MAX:
            del self._spares[next(iter(self._spares))]
        self._spares[state] = local

    def restart(self, old: Local, place: Place) -> tuple[Local, Any]:
        """The next incarnation, with what the last one wrote and decided."""
        assert self.cast.restart is not None
        new = Local(old.me, self.cast.create(old.me), values=old.values, journal=old.journal)
        new.words, new.heights_max, new.restarts = old.words, old.heights_max, old.restarts + 1
        said: list[tuple[ReplicaId, Any]] = []
        for event in self.cast.restart(old.journal):
            said += self.advance(new, place, event)
        return new, said

    def own_moves(self, state: StateId) -> tuple[int, ...]:
        """What a participant may do without mail, in order."""
        found = self._own_moves.get(state)
        if found is None:
            moves = self.list_own_moves(self.states[state], self.places[state])
            found = self._own_moves[state] = tuple(map(self.number_own, moves))
        return found

    def list_own_moves(self, local: Local, place: Place) -> list[Move]:
        """Timers that may run out, coins, the detector's words, and a restart."""
        cast = self.cast
        moves: list[Move] = [Fire(place, timer) for timer in self.list_timers(local)]
        moves += [Show(place, tag, face) for tag in sorted(local.tosses) for face in FACES]
        if local.watched is not None:
            moves.append(Tell(place, local.watched))
        if local.restarts < cast.restarts_max and cast.restart is not None:
            moves.append(Restart(place))
        return moves

    def list_timers(self, local: Local) -> list[Timer]:
        """Those that may run out, in order."""
        may_fire = self.cast.knowledge.may_fire
        timers = sorted(local.timers, key=repr)
        return [timer for timer in timers if may_fire(local.participant, timer)]

    def number_own(self, move: Move) -> int:
        """The number of a move without mail."""
        found = self._own_ids.get(move)
        if found is None:
            found = self._own_ids[move] = -1 - len(self.own)
            self.own.append(move)
        return found

    def is_beyond(self, state: StateId) -> bool:
        """Has this participant come beyond the greatest round."""
        if self.cast.rounds_max is None:
            return False
        found = self._is_beyond.get(state)
        if found is None:
            participant = self.states[state].participant
            found = self.cast.find_round(participant) > self.cast.rounds_max
            self._is_beyond[state] = found
        self.is_bounded = self.is_bounded or found
        return found


def make_bits(numbers: tuple[int, ...]) -> Bits:
    """A set of deliveries."""
    bits = 0
    for number in numbers:
        bits |= 1 << number
    return bits
