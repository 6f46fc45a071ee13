"""The limits of size, at the limit and one line above it."""

import pytest

from tests.tidy import sizes
from tests.tidy.conftest import Write


@pytest.mark.parametrize("folder", ["consensus/pbft", "ledger", "node/api", "tests", "scripts"])
def test_a_long_file(write: Write, folder: str) -> None:
    root = write(f"{folder}/a.py", "x = 1\n" * sizes.FILE_LINES_MAX)
    assert sizes.find_long_files(root) == []
    write(f"{folder}/a.py", "x = 1\n" * (sizes.FILE_LINES_MAX + 1))
    assert [str(breach) for breach in sizes.find_long_files(root)] == [
        f"{folder}/a.py:601: 601 lines, at most 600"
    ]


@pytest.mark.parametrize("keyword", ["def", "async def"])
def test_a_long_function(write: Write, keyword: str) -> None:
    body = "        x = 1\n"
    head = f"class A:\n    @decorated\n    {keyword} act(self):\n"
    root = write("node/a.py", head + body * (sizes.FUNCTION_LINES_MAX - 1))
    assert sizes.find_long_functions(root) == []
    write("node/a.py", head + body * sizes.FUNCTION_LINES_MAX)
    assert [str(breach) for breach in sizes.find_long_functions(root)] == [
        "node/a.py:3: act() has 71 lines, at most 70"
    ]
