"""What synchronous agreements cost where nobody fails: formulas, by the names in `algorithms`."""

from collections.abc import Callable, Mapping

from consensus.model.claims import Claims

GATHERING_SIZE_MAX = 8
"""EIG says everything that anybody said of anybody: beyond this its messages are megabytes."""
SIGNED_SIZE_MAX = 16
PAIR = 2
"""The k of FloodMin for two values."""
COUNT = Callable[[int, int], int]


def claim(
    kind: str,
    rounds: COUNT,
    words: str,
    *,
    speaking: COUNT | None = None,
    is_mixed: bool = False,
    size_max: int = 64,
) -> Claims:
    """Everybody says one message to all in each of the rounds in which anything is said."""
    said = speaking or rounds

    def count_messages(size: int, faults: int) -> dict[str, int]:
        return {kind: said(size, faults) * size * (size - 1)}

    return Claims(count_messages, rounds, words, is_mixed, size_max=size_max)


def count_king_messages(size: int, faults: int) -> dict[str, int]:
    """F + 1 phases: all vote, all propose what they agree on, and the king speaks."""
    links, phases = size * (size - 1), faults + 1
    return {"Estimate": phases * (links + size - 1), "Proposal": phases * links}


def flood(_size: int, faults: int) -> int:
    """One round more than can fail."""
    return faults + 1


def flood_pairs(_size: int, faults: int) -> int:
    """For k = 2."""
    return faults // PAIR + 1


def stop_early(_size: int, faults: int) -> int:
    """Where nobody fails."""
    return min(2, faults + 1)


CLAIMS: Mapping[str, Claims] = {
    "flood-set": claim("Flood", flood, "(f + 1) n(n − 1)"),
    "flood-set-min": claim("Flood", flood, "(f + 1) n(n − 1)"),
    "opt-flood-set": claim(
        "Flood", flood, "min(2, f + 1) n(n − 1)", speaking=stop_early, is_mixed=True
    ),
    "early": claim("Flood", stop_early, "min(2, f + 1) n(n − 1)"),
    "early-fast": claim("Flood", lambda _n, _f: 1, "min(2, f + 1) n(n − 1)", speaking=stop_early),
    "flood-min": claim("Estimate", flood, "(f + 1) n(n − 1)"),
    "flood-min-2": claim("Estimate", flood_pairs, "(⌊f/2⌋ + 1) n(n − 1)"),
    "phase-king": Claims(count_king_messages, lambda _n, f: 3 * (f + 1), "(f + 1)(2n + 1)(n − 1)"),
    "gathering": claim("Gathered", flood, "(f + 1) n(n − 1)", size_max=GATHERING_SIZE_MAX),
    "dolev-strong": claim(
        "Relay", flood, "min(2, f + 1) n(n − 1)", speaking=stop_early, size_max=SIGNED_SIZE_MAX
    ),
    "signed-broadcast": Claims(
        lambda n, f: {"Relay": n - 1 + (n - 1) ** 2 * bool(f)},
        flood,
        "n(n − 1)",
        size_max=SIGNED_SIZE_MAX,
    ),
}
