"""What a height of the common subset costs, and how soon one comes: formulas only.

Progress after healing. From some moment on every message takes at most D, and a majority of correct
members is left. What was lost is said again within the longest pause; then values are carried, which
takes two delays, and the agreements run side by side, two delays a round. A round fails with a chance
of at most 1 - 2^(1-n), whatever the order of the messages; FAILURES_MAX times 2^(n-1) rounds without
an end are rarer than one in eight thousand for each agreement.

Where members lie the outcome is signed, and the head has to be certified too: up to a checkpoint's
interval of heights more, each of them long if a liar's value is kept out.
"""

from consensus.benor.parameters import ChainParameters, Parameters
from consensus.benor.subset import GIVEN
from consensus.chaining.repeating import RESEND_DOUBLINGS_MAX

FAILURES_MAX = 9
DELAYS_OF_A_ROUND = 2
DELAYS_OF_A_BROADCAST = 2
DELAYS_OF_A_PROVEN_HEIGHT = 7
DELAYS_OF_A_LONG_HEIGHT = 17
"""Where a liar's value is kept out: its agreement has no input before the others end, then two rounds."""
DELAYS_OF_A_REPETITION = 4
COMMON_FAILURES_MAX = 24
"""A round with a common coin fails with a chance of one half: so many, one agreement in 16 million."""
DELAYS_OF_A_LYING_ROUND = 5
"""Three steps, one more where a value has to be backed by others first, and the coin."""
LARGEST_DELAY_MS = 600_000
"""The engine has no timeout that a delay could outlast; this is where simulations stop."""
EXPONENT_MAX = 20
"""Committees beyond this size are bounded like those of it: against networks, not adversaries."""


def count_good_case_messages(size: int) -> dict[str, int]:
    """Messages by kind of one height from rest, all having work at the same time.

    Every member says every value on, and in each of n agreements all say both phases of rounds 1 and 2.
    """
    spoken = size * size * (size - 1)
    return {"Carried": spoken, "Vote": 4 * spoken}


def count_lying_messages(size: int) -> dict[str, int]:
    """The same where members lie: each agreement decides in round 1, and all say that they have.

    They begin round 2 before they hear it from each other. Then each signs what the height came to.
    """
    links = size * (size - 1)
    told = {"Shown": links, "Echo": size * links, "Ready": size * links}
    return {**told, "Vote": 5 * size * links, "Outcome": links}


def count_lying_delays(_faults: int) -> int:
    """Three for the broadcasts, three for the agreements, one for the signatures."""
    return DELAYS_OF_A_PROVEN_HEIGHT


def count_view_change_messages(_size: int) -> dict[str, int]:
    """Nobody leads, so nobody is replaced."""
    return {}


def count_delays(faults: int) -> int:
    """The good case: a value is delivered with f + 1 holders, then come a report and a ballot."""
    return min(faults, DELAYS_OF_A_BROADCAST) + DELAYS_OF_A_ROUND


def compute_largest_delay_ms(_parameters: ChainParameters) -> int:
    """Any delay is stood; a number is wanted."""
    return LARGEST_DELAY_MS


def compute_progress_bound_ms(
    parameters: Parameters, size: int, _faults: int, delay_ms: int
) -> int:
    """The time from healing to the next height at every correct replica: see the module.

    `delay_ms` bounds a message with all that its host does about it (check, write, execute).
    """
    pause_ms = parameters.resend_ms << RESEND_DOUBLINGS_MAX
    repetition_ms = pause_ms + DELAYS_OF_A_REPETITION * delay_ms
    rounds = FAILURES_MAX << min(size - 1, EXPONENT_MAX)
    deciding_ms = (DELAYS_OF_A_BROADCAST + rounds * DELAYS_OF_A_ROUND) * delay_ms
    return parameters.idle_block_ms + 3 * repetition_ms + 2 * deciding_ms


def compute_lying_bound_ms(
    parameters: ChainParameters, _size: int, _faults: int, delay_ms: int
) -> int:
    """The same where members lie and the coin is common: half of the rounds end, whatever happens."""
    pause_ms = parameters.resend_ms << RESEND_DOUBLINGS_MAX
    repetition_ms = pause_ms + DELAYS_OF_A_REPETITION * delay_ms
    rounds = len(GIVEN) + COMMON_FAILURES_MAX
    deciding_ms = (DELAYS_OF_A_PROVEN_HEIGHT + rounds * DELAYS_OF_A_LYING_ROUND) * delay_ms
    certifying_ms = parameters.checkpoint_interval * (
        parameters.idle_block_ms + DELAYS_OF_A_LONG_HEIGHT * delay_ms
    )
    return parameters.idle_block_ms + 3 * repetition_ms + 2 * deciding_ms + certifying_ms
