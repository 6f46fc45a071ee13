"""Links on four independent axes: loss, order, delay and authentication.

What a link is on one axis says nothing about the others: a TCP connection that is opened anew
after each failure is fair-lossy and FIFO; a datagram in a data centre is lossy, unordered and,
while nothing goes wrong, synchronous. Stronger links imply weaker ones, axis by axis.
"""

from dataclasses import dataclass, replace
from enum import Enum

from consensus.model.timing import Timing


class Loss(Enum):
    """What becomes of a message between correct replicas, strongest first."""

    RELIABLE = "reliable"
    """It arrives exactly once, unaltered."""
    FAIR_LOSSY = "fair-lossy"
    """Any copy may be lost or doubled, but what is sent again and again arrives again and again."""
    LOSSY = "lossy"
    """It may be lost however often it is sent."""


class Order(Enum):
    """In which order messages of one channel arrive, strongest first."""

    FIFO = "fifo"
    """In the order in which they were sent, per channel."""
    NONE = "none"
    """Any."""


class Authentication(Enum):
    """How sure a receiver is of who spoke, strongest first."""

    SIGNATURES = "signatures"
    """Sure, and it can convince others."""
    CHANNELS = "authenticated channels"
    """Sure, but its word is all that others get."""
    NONE = "none"
    """Anybody may have written the sender's name."""


@dataclass(frozen=True, slots=True)
class Links:
    """What all links of a network promise, or what an engine asks of them."""

    loss: Loss = Loss.RELIABLE
    order: Order = Order.NONE
    delay: Timing = Timing.ASYNCHRONOUS
    authentication: Authentication = Authentication.CHANNELS

    def implies(self, wanted: "Links") -> bool:
        """Do these links keep every promise of `wanted`."""
        return (
            is_at_least(self.loss, wanted.loss)
            and is_at_least(self.order, wanted.order)
            and wanted.delay.includes(self.delay)
            and is_at_least(self.authentication, wanted.authentication)
        )

    @property
    def delivers_once_sent(self) -> bool:
        """Is one sending enough."""
        return self.loss is Loss.RELIABLE

    @property
    def delivers_if_repeated(self) -> bool:
        """Does a message arrive in the end if it is sent again and again."""
        return self.loss is not Loss.LOSSY

    @property
    def may_double(self) -> bool:
        """May one message arrive more than once, so that receivers must not count messages."""
        return self.loss is not Loss.RELIABLE

    @property
    def may_reorder(self) -> bool:
        """May a later message overtake an earlier one of its channel."""
        return self.order is Order.NONE

    @property
    def has_bound(self) -> bool:
        """Is silence for a known time a proof that nothing was sent."""
        return self.delay is Timing.SYNCHRONOUS and self.loss is Loss.RELIABLE

    @property
    def knows_sender(self) -> bool:
        """Does a receiver know who spoke."""
        return self.authentication is not Authentication.NONE

    @property
    def is_signed(self) -> bool:
        """Can a receiver show to others what it was told: certificates, and proofs of lies."""
        return self.authentication is Authentication.SIGNATURES

    def with_repetition(self) -> "Links":
        """What repeating until acknowledged and dropping copies by number makes of these links.

        Fair-lossy links become reliable and FIFO (Lynch 1996, chapter 22), but lose their bound:
        the number of copies that are lost has none. Lossy links stay what they are.
        """
        if self.loss is not Loss.FAIR_LOSSY:
            return self
        delay = Timing.ASYNCHRONOUS if self.delay is Timing.SYNCHRONOUS else self.delay
        return replace(self, loss=Loss.RELIABLE, order=Order.FIFO, delay=delay)


def is_at_least(offered: Enum, wanted: Enum) -> bool:
    """Is a value of one axis at least as strong as another of the same axis."""
    order = tuple(type(offered))
    return order.index(offered) <= order.index(wanted)
