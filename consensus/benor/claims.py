"""What single agreements of this family cost where all inputs are equal and coins show them: formulas."""

from consensus.model.claims import Claims


def count_votes(size: int, _faults: int) -> dict[str, int]:
    """Both phases of round 1, and the deciders' last two votes, of round 2."""
    links = size * (size - 1)
    return {"Report": 2 * links, "Ballot": 2 * links}


def count_binding(size: int, _faults: int) -> dict[str, int]:
    """Both phases of round 1; whoever has decided says so."""
    links = size * (size - 1)
    return {"Report": links, "Ballot": links, "Settled": links}


def count_lying(size: int, _faults: int) -> dict[str, int]:
    """Three steps, the first step of round 2, and the word that it is settled."""
    links = size * (size - 1)
    return {"Backed": 2 * links, "Seen": links, "Confirmed": links, "Settled": links}


def count_lying_rounds(_size: int, faults: int) -> int:
    """Three steps; alone with itself, a member accepts its value without hearing anybody."""
    return 3 if faults else 2


VOTES = Claims(count_votes, lambda _size, _faults: 2, "4n(n − 1)")
BINDING = Claims(count_binding, lambda _size, _faults: 2, "3n(n − 1)")
LYING = Claims(count_lying, count_lying_rounds, "5n(n − 1)")
