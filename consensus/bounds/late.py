"""Asynchronous runs in which some are late: no bound says when they are waited for in vain.

Whoever is silent may have crashed, so n - f members have to decide without the rest; and may merely be
late, so what they decide has to fit what the rest holds. With n <= 2f two such groups have nobody in
common, with n <= 3f the groups that count for validity have not (see `model.bounds`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from consensus import agreements
from consensus.agreement import Opened, Propose
from consensus.bounds.liars import Wiring
from consensus.bounds.rounds import Place
from consensus.bounds.witness import Witness, make_witness
from consensus.committee import Committee, ReplicaId
from consensus.events import Received, Tag
from consensus.exploration.local import Local, advance
from consensus.exploration.table import Deliver
from consensus.exploration.telling import tell_move
from consensus.message import compute_digest
from consensus.model.bounds import Assumptions, judge
from consensus.model.outcomes import Outcome
from consensus.model.validity import Agreement

EVENTS_MAX = 600
BENOR_MULTIPLE = 5
"""Ben-Or's protocol B takes n > 5f; others get by with n > 3f."""


TOLD_MAX = 60
"""Deliveries that are told; the rest is more of the same."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its way."""

    sender: Place
    to: Place
    message: Any


def toss(_me: ReplicaId, tag: Tag) -> int:
    """Coins as good as fair, and the same in every process; everybody's shows the same, as it may."""
    return compute_digest(f"late/{tag}".encode())[0] & 1


@dataclass(slots=True)
class Late:
    """Members of one agreement; everything arrives in the order in which it was said, but for the late.

    Members stand at places; a liar has two of them, one for each of its faces (see `liars`).
    """

    name: str
    size: int
    faults: int
    wiring: Wiring
    story: list[str] = field(default_factory=list)
    events: int = 0
    locals: dict[Place, Local] = field(default_factory=dict)
    mail: list[Letter] = field(default_factory=list)

    @property
    def committee(self) -> Committee:
        """The members."""
        return Committee.of(self.size, self.faults)

    def begin(self, inputs: Mapping[Place, int]) -> None:
        """Everybody proposes."""
        told = [f"{self.wiring.names[at]} proposes {bit}" for at, bit in inputs.items()]
        self.story.append(", ".join(told))
        create = agreements.get(self.name).create
        for place, bit in inputs.items():
            me = self.wiring.names[place]
            self.locals[place] = Local(me, create(me, self.committee))
            for event in (Opened(), Propose(bytes([bit]))):
                self.step(place, event)

    def step(self, place: Place, event: Any) -> None:
        """One event; what is said lies in the mail."""
        self.events += 1
        local = self.locals[place]
        for name, message in advance(local, event, self.committee, toss):
            to = self.wiring.route(place, name)
            if self.wiring.route(to, local.me) == place:
                self.mail.append(Letter(place, to, message))

    def crash(self, members: Iterable[ReplicaId]) -> None:
        """These stop for good."""
        for me in members:
            self.story.append(f"{me} crashes")
            self.locals[me].is_down = True

    def settle(
        self, among: Iterable[Place], last: frozenset[tuple[Place, Place]] = frozenset()
    ) -> None:
        """What these say to each other arrives, oldest first, until all of them have decided.

        Links in `last` are slower than all others, so what they carry comes when nothing else does.
        """
        places = frozenset(among)
        names = sorted({self.wiring.names[place] for place in places})
        self.story.append(f"only {' '.join(map(str, names))} hear each other")
        until = self.events + EVENTS_MAX
        while self.events < until and not places <= self.words().keys():
            mail = [letter for letter in self.mail if {letter.sender, letter.to} <= places]
            if not mail:
                break
            found = min(mail, key=lambda letter: (letter.sender, letter.to) in last)
            self.mail.remove(found)
            sender = self.wiring.names[found.sender]
            if len(self.story) < TOLD_MAX:
                to = self.wiring.names[found.to]
                self.story.append(tell_move(Deliver(sender, to, found.message)))
            self.step(found.to, Received(sender, found.message))

    def words(self) -> dict[Place, bytes]:
        """Who has decided what."""
        return {place: one.words[0][1][0] for place, one in self.locals.items() if one.words}

    def make_witness(
        self, assumptions: Assumptions, inputs: Mapping[Place, int], correct: Iterable[ReplicaId]
    ) -> Witness:
        """What it came to."""
        liars = frozenset(self.wiring.second)
        outcome = Outcome(
            {me: bytes([inputs[me]]) for me in range(self.size) if me not in liars},
            {me: word for me, word in self.words().items() if me < self.size},
            frozenset(correct),
            liars,
        )
        return make_witness(
            self.name,
            (self.size, self.faults),
            outcome,
            tuple(self.story),
            covered=judge(assumptions, self.size, self.faults).is_granted,
            validity=assumptions.validity,
            uniform=assumptions.agreement is Agreement.UNIFORM,
        )


def open_plain(name: str, size: int, faults: int, bits: Sequence[int]) -> Late:
    """Members of whom nobody lies, with their inputs."""
    run = Late(name, size, faults, Wiring(size, {}, frozenset()))
    run.begin(dict(enumerate(bits)))
    return run


def find_first_word(name: str, groups: Sequence[Sequence[ReplicaId]], faults: int) -> int:
    """What X, with input 0, and Y, with input 1, decide while Z is late."""
    first, second, third = groups
    size = len(first) + len(second) + len(third)
    run = open_plain(name, size, faults, [int(me in second) for me in range(size)])
    run.settle([*first, *second])
    return max((word[0] for word in run.words().values()), default=0)


def show_late_third(name: str, size: int, faults: int, assumptions: Assumptions) -> Witness:
    """X and Y decide without Z; then those crash who had proposed what was decided.

    With n <= 3f that can leave only members who all proposed the other value. Inside the bound the
    same is tried: X has f members, Z has f, and Y is the rest.
    """
    everybody = list(range(size))
    groups = everybody[:faults], everybody[faults : size - faults], everybody[size - faults :]
    word = find_first_word(name, groups, faults)
    failing = groups[0] if word == 0 or len(groups[1]) > faults else groups[1]
    lone = int(failing is groups[1])
    inputs = [lone if me in failing else 1 - lone for me in everybody]
    run = open_plain(name, size, faults, inputs)
    run.settle([*groups[0], *groups[1]])
    run.crash(failing)
    correct = [me for me in everybody if me not in failing]
    run.settle(correct)
    return run.make_witness(assumptions, dict(enumerate(inputs)), correct)


def show_silence(name: str, size: int, faults: int, assumptions: Assumptions) -> Witness:
    """The last f members never take a step; everything else arrives."""
    inputs = [me % 2 for me in range(size)]
    run = open_plain(name, size, faults, inputs)
    silent = range(size - faults, size)
    run.crash(silent)
    correct = [me for me in range(size) if me not in silent]
    run.settle(correct)
    return run.make_witness(assumptions, dict(enumerate(inputs)), correct)


def show_two_faces(name: str, size: int, faults: int, assumptions: Assumptions) -> Witness:
    """Liars, f of them, are 0 to A, which holds 0, and 1 to B, which holds 1; A and B are late for each other.

    A and B get as far as they can without each other; then what they said arrives after all.
    """
    liars = range(size - faults, size)
    half = (size - faults) // 2
    second = {liar: liar + faults for liar in liars}
    shown = {(me, liar) for me in range(half, size - faults) for liar in liars}
    league = {(at, liar) for at in second.values() for liar in liars}
    run = Late(name, size, faults, Wiring(size, second, frozenset(shown | league)))
    inputs = {me: int(me >= half) for me in range(size - faults)}
    inputs |= dict.fromkeys(liars, 0) | dict.fromkeys(second.values(), 1)
    run.story.append(f"{' '.join(map(str, liars))} are 0 to those below {half}, and 1 to the rest")
    run.begin(inputs)
    run.settle([*range(half), *liars])
    run.settle([*range(half, size - faults), *second.values()])
    run.settle(inputs)
    return run.make_witness(assumptions, inputs, range(size - faults))


def show_diluted(name: str, size: int, assumptions: Assumptions) -> Witness:
    """All who are correct hold 1, one liar holds 0, and everybody hears it before one of the others.

    So of n - f words n - 2f are ones: enough for Ben-Or's protocol B where n > 5f, and else too few.
    """
    liar = size - 1
    run = Late(name, size, 1, Wiring(size, {liar: size}, frozenset()))
    run.story.append(f"{liar} lies, and is heard before one of the others, everywhere")
    inputs = {me: int(me != liar) for me in range(size)} | {size: 0}
    run.begin(inputs)
    last = frozenset(((me + 1) % liar, me) for me in range(liar))
    run.settle(range(size), last)
    found = run.make_witness(assumptions, inputs, range(liar))
    return replace(found, covered=size > BENOR_MULTIPLE * found.faults)
