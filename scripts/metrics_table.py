#!/usr/bin/env python3
"""Write the table of all metrics into a README, between its two marks; see `--help`."""

import argparse
from pathlib import Path

from node.measures.catalogue import make_table

README = Path(__file__).resolve().parent.parent / "node" / "README.md"
BEGIN, END = "<!-- metrics: made by scripts/metrics_table -->\n", "<!-- end of metrics -->\n"


def insert(text: str, table: str) -> str:
    """The text with the table in the place of what stands between the marks.

    Raises `SystemExit` where the marks are missing.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"the file needs a line {BEGIN.strip()!r} and a line {END.strip()!r}")
    return f"{before}{begin}\n{table}\n{end}{after}"


def main() -> int:
    """Do it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("readme", nargs="?", type=Path, default=README)
    readme = parser.parse_args().readme
    readme.write_text(insert(readme.read_text(encoding="utf-8"), make_table()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
