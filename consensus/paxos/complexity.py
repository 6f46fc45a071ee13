"""What Multi-Paxos costs, and how soon it moves again once the network is good: formulas only.

Progress after healing. From some moment on every message takes at most D, and a majority of correct
members is left. How long until each of them has decided a height that nobody had decided then?

looks      a leader that is of no use is noticed within two looks, each at most M, the cap.
attempts   candidates draw their moments from T to 2T. An attempt fails while T is too short for the
           chain of an election, or when a rival stands within that time; T doubles each time up to M,
           and with M a rival is that near with a chance of at most a half. ATTEMPTS_MAX failures at
           the cap are rarer than one in four thousand.
deciding   what phase 1 found, one window of it, and one repetition for those who were left out.
"""

from consensus.errors import ModelError
from consensus.model.claims import Claims
from consensus.paxos.catch_up import ANSWERED_HEIGHTS
from consensus.paxos.parameters import (
    DELAYS_OF_AN_ELECTION,
    Parameters,
    compute_largest_delay_ms,
)
from consensus.paxos.timing import RESEND_DOUBLINGS_MAX

DELAYS_OF_A_REPETITION = 4
ATTEMPTS_MAX = 12


def count_good_case_messages(size: int) -> dict[str, int]:
    """Messages by kind of one height, from rest: the news of it is told with the next, or alone."""
    others = size - 1
    return {"Accept": others, "Accepted": others, "Heartbeat": others}


def count_view_change_messages(size: int) -> dict[str, int]:
    """Messages by kind that replace a crashed leader, to the new one's first proposal.

    One candidate stands. It asks all others, also the crashed one; those who live support it, and
    promise; then it says that it leads, and they answer. That heartbeat is left out: it is no kind
    of its own, and the good case has one too.
    """
    others, living = size - 1, max(size - 2, 0)
    return {
        "Canvass": others,
        "Support": living,
        "Prepare": others,
        "Promise": living,
        "Alive": living,
    }


def count_single_messages(size: int, _faults: int) -> dict[str, int]:
    """Messages by kind of single-decree Paxos with one proposer: both phases, and the news of it."""
    kinds = ("Prepare", "Promise", "Accept", "Accepted", "Learned")
    return dict.fromkeys(kinds, size - 1)


SINGLE = Claims(count_single_messages, lambda _size, _faults: 5, "5(n − 1)", has_one_proposer=True)


def compute_progress_bound_ms(parameters: Parameters, size: int, faults: int, delay_ms: int) -> int:
    """The time from healing to the next height at every correct replica: see the module.

    `delay_ms` bounds a message with all that its host does about it (check, write, execute).
    Raises `ModelError` if the capped timeouts do not stand it.
    """
    if delay_ms > compute_largest_delay_ms(parameters):
        raise ModelError(
            f"capped timeouts of {parameters.election_max_ms} ms do not stand delays of {delay_ms} ms"
        )
    longest_ms = max(parameters.silence_ms, parameters.election_max_ms)
    pause_ms = parameters.resend_ms << RESEND_DOUBLINGS_MAX
    repetition_ms = pause_ms + DELAYS_OF_A_REPETITION * delay_ms
    if size == 1:
        return longest_ms + repetition_ms
    attempt_ms = 2 * longest_ms + DELAYS_OF_AN_ELECTION * delay_ms
    answers = -(-parameters.window // ANSWERED_HEIGHTS)
    catching_up_ms = repetition_ms + answers * (parameters.resend_ms + 4 * delay_ms)
    deciding_ms = parameters.idle_block_ms + 2 * repetition_ms
    return 2 * longest_ms + (ATTEMPTS_MAX + faults) * attempt_ms + catching_up_ms + deciding_ms
