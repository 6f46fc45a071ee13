"""What PBFT costs, and how soon it moves again once the network is good: formulas, no code runs here.

Progress after healing. From some moment on every message takes at most D, and at most f replicas
fail; work waits. How long until every correct replica has decided a height that nobody had decided
at that moment? The bound adds, one after the other, what may in part overlap:

settling   who lacks heights takes them from the others, ANSWERED_HEIGHTS with each repetition, and
           a height at the high water mark waits for its checkpoint, one repetition more. A replica
           that knows itself behind suspects nobody, so this comes first.
timers     of before run out: at most the capped timeout M. Then suspicions bring all correct
           replicas together within a repetition: nobody enters a view beyond v before a quorum asks
           for v, so when the furthest correct one is in view v, at least f + 1 correct ones are in
           v - 1 or later, and these pull the others along.
views      from v - 1 on. That one may be spoilt by those who have left it; f more may have faulty
           primaries; and while the timeout is below what a decision takes (6 D, see
           `compute_largest_delay_ms`) each view fails and doubles it. A view lasts at most twice M:
           a faulty primary opens it just in time, and is then silent for as long again.
deciding   one chain of messages in the view of a correct primary, and one repetition for those whom
           faulty replicas left out.

A primary that decides heights but passes work over makes progress in this sense; when that convicts
it is for the host to say (`Pending`). Replicas further behind than the window, whose host has to
fetch blocks, and those without a journal are not counted as correct until they have caught up.
"""

from consensus.errors import ModelError
from consensus.pbft.catch_up import ANSWERED_HEIGHTS
from consensus.pbft.parameters import DELAYS_OF_A_NEW_VIEW, Parameters, compute_largest_delay_ms
from consensus.pbft.timing import RESEND_DOUBLINGS_MAX

DELAYS_OF_A_REPETITION = 4
"""Say what one stands for, be answered, ask for a value, be told."""


def count_good_case_messages(size: int) -> dict[str, int]:
    """Messages by kind of one height: 2n(n-1). The primary's prepare is its proposal."""
    backups = size - 1
    return {"PrePrepare": backups, "Prepare": backups * backups, "Commit": size * backups}


def count_view_change_messages(size: int) -> dict[str, int]:
    """Messages by kind that replace a crashed primary, all else quiet, delays equal.

    Counted is what n-1 backups put on links, also to the crashed primary, from their timeouts to
    the new primary's first proposal, which is not counted: each backup says that it suspects, and
    asks where the others stand, which the n-2 others answer; each asks for the next view; its
    primary opens it. Nothing was proposed before, so the new view imposes nothing, and no
    repetition falls due, so delays are below a third of `resend_ms`.
    """
    backups = size - 1
    return {
        "Standing": backups * backups + backups * (backups - 1),
        "ViewChange": backups * backups,
        "NewView": backups,
    }


def compute_progress_bound_ms(parameters: Parameters, size: int, faults: int, delay_ms: int) -> int:
    """The time from healing to the next height at every correct replica: see the module.

    `delay_ms` bounds a message with all that its host does about it (check, write, execute).
    Raises `ModelError` if the capped timeouts do not stand it.
    """
    if delay_ms > compute_largest_delay_ms(parameters):
        raise ModelError(
            f"capped timeouts of {parameters.timeout_max_ms} ms do not stand delays of {delay_ms} ms"
        )
    timeout_ms = parameters.timeout_max_ms
    pause_ms = parameters.resend_ms << RESEND_DOUBLINGS_MAX
    repetition_ms = pause_ms + DELAYS_OF_A_REPETITION * delay_ms
    if size == 1:
        return timeout_ms + repetition_ms
    answers = -(-parameters.window // ANSWERED_HEIGHTS)
    settling_ms = 2 * repetition_ms + answers * compute_answer_ms(parameters, delay_ms)
    timers_ms = timeout_ms + repetition_ms
    short = compute_short_timeouts_ms(parameters, delay_ms)
    patient = [timeout_ms] * (1 + faults)
    views_ms = sum(2 * view_ms + repetition_ms for view_ms in [*short, *patient])
    deciding_ms = DELAYS_OF_A_NEW_VIEW * delay_ms + parameters.idle_block_ms + repetition_ms
    return settling_ms + timers_ms + views_ms + deciding_ms


def compute_answer_ms(parameters: Parameters, delay_ms: int) -> int:
    """Between two answers to one who catches up: each decided height makes pauses short again."""
    return 2 * parameters.resend_ms + DELAYS_OF_A_REPETITION * delay_ms


def compute_short_timeouts_ms(parameters: Parameters, delay_ms: int) -> list[int]:
    """The timeouts, each twice the one before, that are still too short for a decision."""
    needed_ms = DELAYS_OF_A_NEW_VIEW * delay_ms
    timeouts_ms = []
    timeout_ms = parameters.timeout_ms
    while min(timeout_ms, parameters.timeout_max_ms) < needed_ms:
        timeouts_ms.append(timeout_ms)
        timeout_ms *= 2
    return timeouts_ms
