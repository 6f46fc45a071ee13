"""What shows that synchrony, or the number of crashes, was assumed wrongly: stable names."""

from enum import StrEnum


class Alarm(StrEnum):
    """A breach of the assumption, by its sign."""

    LATE_MESSAGE = "late-message"
    """A message of a round that is over: slower than the round, or the sender is."""
    EARLY_MESSAGE = "early-message"
    """A message of a round that is far ahead: this clock is slow, or the sender's fast."""
    LATE_TIMER = "late-timer"
    """The own timer skipped a step: this host stood still."""
    TOO_FEW = "too-few-heard"
    """Fewer than n - f in a round: more crashes than assumed, or late messages."""
    RETURNED = "returned-from-silence"
    """A member unheard in a round and heard in the next: it did not crash, its message is missing."""
    UNCONFIRMED = "unconfirmed"
    """Fewer than n - f came to the same value."""


DETAILS = {
    Alarm.LATE_MESSAGE: "a message came after its round; the network or its sender is slower than a round",
    Alarm.EARLY_MESSAGE: "a message came rounds too early; clocks differ by more than a round",
    Alarm.LATE_TIMER: "this process stood still for longer than a round",
    Alarm.TOO_FEW: "fewer than n - f validators were heard in a round; this one abstains in the slot",
    Alarm.RETURNED: "a validator was not heard in one round and heard in the next",
    Alarm.UNCONFIRMED: "fewer than n - f validators confirmed the same value",
}
"""What each means, for people."""
GRAVE = frozenset({Alarm.LATE_TIMER, Alarm.TOO_FEW})
"""Not one of f faulty members, but this one, or too many of them."""
