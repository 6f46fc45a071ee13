"""Half an agreement, and then a lie about it: where protocols that change leaders go wrong."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from consensus.committee import ReplicaId
from consensus.message import Height, Message, Signed
from consensus.simulation.byzantine.arguments import take_permille
from consensus.simulation.byzantine.behaviour import Honest, Liar, Said
from consensus.simulation.byzantine.fields import (
    Role,
    find_digest,
    find_height,
    is_flat,
    is_proposal,
    is_vote,
    walk_places,
)
from consensus.simulation.byzantine.forging import change_one, deny, sign_own
from consensus.simulation.byzantine.inventive import Inventive

SABOTAGED_PERMILLE = 500
DENIED_PERMILLE = 700
PLOTS_MAX = 64
REPEATS_MAX = 2
DENIALS = frozenset({Role.DIGEST, Role.PARTS, Role.SIGNED})


@dataclass(frozen=True, slots=True)
class Plot:
    """Who gets ahead at a height, and who is left out; `is_on` is false for an honest height."""

    is_on: bool
    favourite: ReplicaId
    outcasts: frozenset[ReplicaId]


@dataclass(slots=True)
class Saboteur(Inventive):
    """Helps a single replica to decide, and denies what was agreed when leaders change.

    Its proposals reach no more replicas than a quorum needs, its votes only the favourite; so the
    others hold evidence and cannot finish. Any doubt that it hears of becomes its own, so leaders
    change in the middle of things. What it says then is mostly altered, and those who believe it
    find support.
    """

    permille: int = SABOTAGED_PERMILLE
    plots: dict[Height, Plot] = field(default_factory=dict)

    common_permille: ClassVar[int] = 900
    usage: ClassVar[str] = "[PERMILLE of heights, 500]"
    draws: ClassVar[tuple[tuple[str, ...], ...]] = (("200",), ("500",), ("1000",))

    @classmethod
    def make(cls, liar: Liar, arguments: Sequence[str]) -> Honest:
        """The argument is how many of a thousand heights are sabotaged."""
        return cls(liar, permille=take_permille(arguments, SABOTAGED_PERMILLE))

    def tell(self, receiver: ReplicaId, message: Any) -> Iterable[Said]:
        """The truth for those who are to hear it; a lie about certificates for all."""
        if isinstance(message, Signed) and not is_flat(message.body):
            return Inventive.tell(self, receiver, message)
        plot = self.find_plot(find_height(message))
        is_kept_out = is_proposal(message) and receiver in plot.outcasts
        is_kept_back = is_vote(message) and receiver != plot.favourite
        if plot.is_on and (is_kept_out or is_kept_back):
            return ()
        return ((0, message),)

    def invent(self, message: Any) -> Iterable[Any]:
        """Nothing was agreed, or something is missing, somebody else's, or names another digest."""
        liar = self.liar
        if not liar.chance.happens(DENIED_PERMILLE):
            return (message,)
        if liar.chance.happens(500):
            return (deny(message, liar, whoever_signed=liar.chance.happens(300)),)
        lie = change_one(message, liar, self.memory, DENIALS)
        return (message if lie is None else lie,)

    def answer(self, sender: ReplicaId, message: Any) -> Iterator[tuple[ReplicaId, Said]]:
        """Unrest is spread to all; whoever votes for a lie is supported."""
        if is_unrest(message):
            own = sign_own(self.liar, message.body) if isinstance(message, Signed) else message
            for receiver in self.liar.others:
                if self.memory.may_repeat((receiver, own), REPEATS_MAX):
                    yield receiver, (0, own)
        elif is_vote(message) and self.is_lie(message.body):
            for body in self.memory.list_supports(message.body):
                if self.memory.may_repeat((sender, body), REPEATS_MAX):
                    yield sender, (0, sign_own(self.liar, body))

    def is_lie(self, body: Message) -> bool:
        """Does a vote name what its own engine, which has an opinion, did not mean."""
        meant = self.memory.find_meant(find_height(body))
        return bool(meant) and find_digest(body) not in meant

    def find_plot(self, height: Height) -> Plot:
        """What was drawn for a height; the oldest are forgotten."""
        if height not in self.plots:
            self.plots[height] = self.draw_plot()
            if len(self.plots) > PLOTS_MAX:
                del self.plots[next(iter(self.plots))]
        return self.plots[height]

    def draw_plot(self) -> Plot:
        """As many are left out as a quorum can do without."""
        liar = self.liar
        if not liar.others:
            return Plot(False, liar.name, frozenset())
        order = liar.chance.sample(liar.others, len(liar.others))
        outcasts = order[1 : 1 + liar.committee.size - liar.committee.quorum]
        return Plot(liar.chance.happens(self.permille), order[0], frozenset(outcasts))


def is_unrest(message: Any) -> bool:
    """Is this a signed message with others inside, as leaders change, or a hint that says yes."""
    if isinstance(message, Signed):
        return not is_flat(message.body)
    is_hint = isinstance(message, Message) and is_flat(message)
    return is_hint and any(p.role is Role.FLAG and p.content for p in walk_places(message))
