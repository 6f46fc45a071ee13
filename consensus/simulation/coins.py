"""Coins: a host's own are tossed at once, a common one is hidden until f + 1 hosts have asked for it.

The common coin stands for a threshold scheme (Cachin, Kursawe and Shoup 2000): its face is fixed by
the run's seed and the tag, nobody knows it before a correct host asked, and whoever asks learns the
same.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consensus.committee import ReplicaId
from consensus.effects import Toss
from consensus.events import Tag, Tossed
from consensus.simulation.chance import Chance

if TYPE_CHECKING:
    from consensus.simulation.host import Host

FACES = 2


def toss(host: "Host", effect: Toss) -> None:
    """Answer at once, or let the cluster count who asks."""
    if effect.common:
        host.around.toss_common(host, effect.tag)
    else:
        host.feed(Tossed(effect.tag, host.tosses.below(FACES)))


@dataclass(slots=True)
class CommonCoins:
    """The common coins of one run; `needed` is how many hosts have to ask."""

    chance: Chance
    needed: int
    asked: dict[Tag, set[ReplicaId]] = field(default_factory=dict)

    def ask(self, tag: Tag, who: ReplicaId, tell: Callable[[ReplicaId, Tossed], None]) -> None:
        """Count who asks; from the last one needed on, tell everybody who did."""
        asked = self.asked.setdefault(tag, set())
        was_open = len(asked) >= self.needed
        asked.add(who)
        if len(asked) < self.needed:
            return
        answer = Tossed(tag, self.face(tag))
        for asker in [who] if was_open else sorted(asked):
            tell(asker, answer)

    def face(self, tag: Tag) -> int:
        """What the coin shows; for tests and adversaries that may know it early."""
        return self.chance.fork(f"coin/{tag}").below(FACES)
