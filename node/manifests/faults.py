"""One thing that is wrong with a manifest."""

from typing import NamedTuple


class Fault(NamedTuple):
    """What is wrong, where it stands, and what to write instead."""

    place: tuple[str | int, ...]
    what: str
