"""How long a file and a function may be."""

import ast
from pathlib import Path

from tests.tidy.bans import Function
from tests.tidy.sources import PACKAGES, Breach, walk_sources

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
FOLDERS = (*PACKAGES, "scripts", "tests")


def find_long_files(root: Path) -> list[Breach]:
    """A file above the limit holds more than one concept."""
    return [
        source.breach(lines, f"{lines} lines, at most {FILE_LINES_MAX}")
        for source in walk_sources(root, *FOLDERS)
        if (lines := len(source.text.splitlines())) > FILE_LINES_MAX
    ]


def find_long_functions(root: Path) -> list[Breach]:
    """A function above the limit does more than one thing."""
    return [
        source.breach(node.lineno, f"{node.name}() has {lines} lines, at most {FUNCTION_LINES_MAX}")
        for source in walk_sources(root, *FOLDERS)
        for node in ast.walk(source.tree)
        if isinstance(node, Function) and (lines := count_lines(node)) > FUNCTION_LINES_MAX
    ]


def count_lines(node: Function) -> int:
    """Count from `def` to the last line of the body."""
    return (node.end_lineno or node.lineno) - node.lineno + 1
