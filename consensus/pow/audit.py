"""An auditor's reading of the header rules, for whoever checks what engines have accepted.

It reads the list of a chain, not a tree, and shares no judgement with the engine, only encodings and
hashes: so a mistake there is not repeated here.
"""

from collections.abc import Sequence

from consensus.block import Header
from consensus.pow.compact import decode_compact, encode_compact
from consensus.pow.parameters import Parameters
from consensus.pow.work import compute_id, compute_simulated_nonce, decode_claim


def audit(parameters: Parameters, root_time_ms: int, headers: Sequence[Header]) -> str | None:
    """What is wrong with the last of these headers, which follow the root; None if nothing is.

    Those below it have been audited.
    """
    header, height = headers[-1], len(headers)
    claim = decode_claim(header.claim)
    if claim is None:
        return "it claims nothing"
    if header.height != height or (height > 1 and header.parent != compute_id(headers[-2])):
        return "it does not follow"
    times = [root_time_ms, *(below.time_ms for below in headers[-12:-1])][-11:]
    if header.time_ms <= sorted(times)[len(times) // 2]:
        return f"its time {header.time_ms} is not above the median"
    if claim.bits != (bits := compute_due_bits(parameters, root_time_ms, headers[:-1])):
        return f"its target is {claim.bits:#x}, not {bits:#x}"
    if parameters.simulated_work:
        is_proved = claim.nonce == compute_simulated_nonce(header, claim)
    else:
        is_proved = int.from_bytes(compute_id(header), "big") <= decode_compact(bits).magnitude
    return None if is_proved else "it is not proved"


def compute_due_bits(parameters: Parameters, root_time_ms: int, below: Sequence[Header]) -> int:
    """The target of the block above these."""
    height = len(below) + 1
    claims = [decode_claim(header.claim) for header in below[-1:]]
    bits = claims[0].bits if claims and claims[0] else parameters.first_bits
    if height % parameters.window:
        return bits
    first = max(height - parameters.window - parameters.whole_window, 0)
    first_ms = below[first - 1].time_ms if first else root_time_ms
    expected_ms = parameters.interval_ms * parameters.window
    most_ms, least_ms = expected_ms * parameters.clamp, expected_ms // parameters.clamp
    taken_ms = sorted((least_ms, below[-1].time_ms - first_ms, most_ms))[1]
    target = decode_compact(bits).magnitude * taken_ms // expected_ms
    return encode_compact(max(min(target, parameters.limit), 1))
