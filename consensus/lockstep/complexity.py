"""What a height of a synchronous engine costs, and how soon one comes: formulas only.

Progress after healing. From some moment on every message arrives within its round, and n - f or more
correct members are left. A slot may be running, in which some were seen to be late; in the next one
everybody hears who is there and asks for what it misses; catching up takes one slot for so many
heights as are answered at once. Then slots decide, one height each, unless a member that came to
the height late brings another bond: the first slot in which all are up to date settles that.
"""

from consensus.chaining.catch_up import ANSWERED_HEIGHTS
from consensus.committee import largest_crash_faults
from consensus.errors import ModelError
from consensus.lockstep.parameters import CONFIRMING_ROUNDS, Parameters, compute_largest_delay_ms

SLOTS_TO_MEET = 4
"""The one that was running, one to hear each other, one to ask, and one for who came back meanwhile."""
SLOTS_TO_SETTLE, BEFORE_A_SLOT_MS = 3, 8
SLOTS_TO_DECIDE = 8
"""With an empty height to the next checkpoint, and one after a slot that outsiders spoilt."""


def count_good_case_messages(size: int) -> dict[str, int]:
    """Messages by kind of one slot with the largest f: f + 1 rounds, reports, confirmations."""
    links = size * (size - 1)
    return {"Flood": (largest_crash_faults(size) + 1) * links, "Report": links, "Confirm": links}


def count_early_messages(size: int) -> dict[str, int]:
    """The same with early stopping: two rounds of it where nobody fails."""
    links = size * (size - 1)
    return {
        "Flood": min(2, largest_crash_faults(size) + 1) * links,
        "Report": links,
        "Confirm": links,
    }


def count_delays(faults: int) -> int:
    """Rounds until a height is decided: f + 1, reports, confirmations."""
    return faults + 1 + CONFIRMING_ROUNDS


def count_early_delays(faults: int) -> int:
    """The same where nobody fails: two at most of the algorithm."""
    return min(2, faults + 1) + CONFIRMING_ROUNDS


def count_view_change_messages(_size: int) -> dict[str, int]:
    """Nobody leads, so nobody is replaced."""
    return {}


def compute_slot_ms(parameters: Parameters, faults: int) -> int:
    """How long a slot lasts."""
    return (faults + 1 + CONFIRMING_ROUNDS * parameters.confirms) * parameters.delta_ms


def compute_settling_ms(parameters: Parameters, faults: int) -> int:
    """Shortly before the third slot: in the first nobody is up to date, in the second all are."""
    return SLOTS_TO_SETTLE * compute_slot_ms(parameters, faults) - BEFORE_A_SLOT_MS


def compute_progress_bound_ms(
    parameters: Parameters, _size: int, faults: int, delay_ms: int
) -> int:
    """The time from healing to the next height at every correct replica: see the module.

    `delay_ms` bounds a message with all that its host does about it (check, write, execute).
    Raises `ModelError` if a round does not stand it.
    """
    if delay_ms > compute_largest_delay_ms(parameters):
        raise ModelError(f"rounds of {parameters.delta_ms} ms do not stand delays of {delay_ms} ms")
    answers = -(-parameters.window // ANSWERED_HEIGHTS)
    slots = SLOTS_TO_MEET + answers + SLOTS_TO_DECIDE
    return parameters.idle_block_ms + slots * compute_slot_ms(parameters, faults)
