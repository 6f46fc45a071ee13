"""Where a key stands in a TOML file: the parser does not tell, and people want to know."""

import re
from collections.abc import Sequence

_TABLE = re.compile(r"^\s*\[\s*([^\[\]]+?)\s*\]\s*(#.*)?$")
_ARRAY = re.compile(r"^\s*\[\[\s*([^\[\]]+?)\s*\]\]\s*(#.*)?$")
_KEY = re.compile(
    r"""^\s*(?:"([^"]+)"|'([^']+)'|([A-Za-z0-9_-]+(?:\s*\.\s*[A-Za-z0-9_-]+)*))\s*="""
)

Path = tuple[str | int, ...]


def map_lines(text: str) -> dict[Path, int]:
    """The line number of every table header and key, by its path (`("step", 2, "at")`).

    Lines within texts of several lines are not told apart from others; the paths of tables in
    arrays count from 0.
    """
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    here: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if match := _ARRAY.match(line):
            array = split_names(match[1])
            index = counts[array] = counts.get(array, -1) + 1
            here = (*array, index)
            found.setdefault(array, number)
            found[here] = number
        elif match := _TABLE.match(line):
            here = split_names(match[1])
            found.setdefault(here, number)
        elif match := _KEY.match(line):
            names = (match[1] or match[2],) if match[1] or match[2] else split_names(match[3])
            for end in range(1, len(names) + 1):
                found.setdefault((*here, *names[:end]), number)
    return found


def split_names(text: str) -> tuple[str, ...]:
    """`a.b` as its two names."""
    return tuple(name.strip().strip("\"'") for name in text.split("."))


def find_line(lines: dict[Path, int], place: Sequence[str | int]) -> int | None:
    """The line of a path, or of what encloses it."""
    for end in range(len(place), 0, -1):
        if (number := lines.get(tuple(place[:end]))) is not None:
            return number
    return None
