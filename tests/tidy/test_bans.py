"""Each ban is shown to catch what it is for, and to leave its neighbours alone."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tidy import bans
from tests.tidy.conftest import Write
from tests.tidy.sources import Breach

HANDLERS = """
from collections.abc import Iterator

class Replica:
    def advance(self) -> Iterator[Effect]:
        yield Send(0)

    def note(self) -> None:
        self.count += 1

    def on_vote(self) -> Iterator[Effect]:
        {call}

def on_prepare(replica: Replica) -> "Iterator[effects.Effect]":
    {function_call}
"""


@pytest.mark.parametrize(
    ("call", "function_call", "lines"),
    [
        ("self.advance()", "yield from replica.advance()", [11]),
        ("yield from self.advance()", "replica.advance()", [14]),
        ("on_prepare(self)", "on_prepare(replica)", [11, 14]),
        ("yield from self.advance()", "self.note()", []),
        ("effects = list(self.advance())", "return replica.advance()", []),
    ],
)
def test_dropped_effects(write: Write, call: str, function_call: str, lines: list[int]) -> None:
    text = HANDLERS.format(call=call, function_call=function_call)
    breaches = bans.find_dropped_effects(write("consensus/pbft/replica.py", text))
    assert sorted(breach.line for breach in breaches) == lines


def test_dropped_effects_of_a_handler_in_another_file(write: Write) -> None:
    write("consensus/pbft/handlers.py", "def enter() -> Iterator[Effect]:\n    yield 1\n")
    root = write("consensus/pbft/replica.py", "from .handlers import enter\nenter()\n")
    assert [str(breach) for breach in bans.find_dropped_effects(root)] == [
        "consensus/pbft/replica.py:2: effects of enter() are dropped: write `yield from`"
    ]


@pytest.mark.parametrize("path", ["consensus/pbft/replica.py", "node/node.py", "ledger/light.py"])
@pytest.mark.parametrize(
    "expression",
    [
        "2 * f + 1",
        "2 * self.committee.faults + 1",
        "committee.faults * 3",
        "size > 5 * faults",
        "(n - 1) // 3",
        "(n + f) // 2 + 1",
        "len(votes) // 2 + 1",
    ],
)
def test_quorum_arithmetic(write: Write, path: str, expression: str) -> None:
    assert len(bans.find_quorum_arithmetic(write(path, f"x = {expression}\n"))) == 1


@pytest.mark.parametrize(
    ("path", "expression"),
    [
        ("consensus/committee.py", "(n + f) // 2 + 1"),
        ("consensus/model/bounds.py", "size > self.multiple * faults"),
        ("consensus/pbft/replica.py", "committee.quorum + 1"),
        ("ledger/merkle.py", "2 * index + 1"),
        ("ledger/merkle.py", "size // 2"),
        ("tests/test_committee.py", "2 * f + 1"),
    ],
)
def test_other_arithmetic_is_free(write: Write, path: str, expression: str) -> None:
    assert bans.find_quorum_arithmetic(write(path, f"x = {expression}\n")) == []


@pytest.mark.parametrize(
    ("decorators", "found"),
    [
        ("@app.command()", 1),
        ("@app.command", 1),
        ("@keys.app.callback(invoke_without_command=True)", 1),
        ("@app.command()\n@run_to_end", 0),
        ("@run_to_end", 0),
    ],
)
def test_unawaited_commands(write: Write, decorators: str, found: int) -> None:
    root = write("node/cli/main.py", f"{decorators}\nasync def status() -> None:\n    ...\n")
    assert len(bans.find_unawaited_commands(root)) == found


def test_plain_commands_are_free(write: Write) -> None:
    root = write("node/cli/main.py", "@app.command()\ndef status() -> None:\n    ...\n")
    assert bans.find_unawaited_commands(root) == []


@pytest.mark.parametrize(
    ("case", "found"),
    [
        ("case _:\n        pass", 1),
        ("case _:\n        ...", 1),
        ("case _:\n        assert_never(event)", 0),
        ("case _ if late:\n        pass", 0),
        ("case Started():\n        pass", 0),
    ],
)
def test_swallowed_cases(write: Write, case: str, found: int) -> None:
    root = write("consensus/pbft/replica.py", f"match event:\n    {case}\n")
    assert len(bans.find_swallowed_cases(root)) == found


@pytest.mark.parametrize(
    ("handler", "found"),
    [
        ("except Exception:\n    pass", 1),
        ("except:\n    pass", 1),
        ("except BaseException as error:\n    ...", 1),
        ("except (ValueError, Exception):\n    'never mind'", 1),
        ("except ValueError:\n    pass", 0),
        ("except Exception:\n    close()\n    raise", 0),
    ],
)
def test_swallowed_errors(write: Write, handler: str, found: int) -> None:
    root = write("node/peers/link.py", f"try:\n    read()\n{handler}\n")
    assert len(bans.find_swallowed_errors(root)) == found


def test_suppressing_every_error(write: Write) -> None:
    root = write("node/a.py", "with contextlib.suppress(Exception):\n    read()\n")
    assert len(bans.find_swallowed_errors(root)) == 1
    root = write("node/a.py", "with contextlib.suppress(KeyError):\n    read()\n")
    assert bans.find_swallowed_errors(root) == []


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("node/node.py", 'if engine == "pbft":\n    pass\n', 1),
        ("ledger/chain.py", 'x = engine in ("pow", "pbft")\n', 1),
        ("node/node.py", 'match engine:\n    case "pbft":\n        go()\n', 1),
        ("node/config.py", 'engine: str = "pbft"\n', 0),
        ("consensus/catalog.py", 'x = engine == "pbft"\n', 0),
    ],
)
def test_engine_questions(write: Write, path: str, text: str, found: int) -> None:
    write("consensus/pbft/__init__.py", "")
    assert len(bans.find_engine_questions(write(path, text))) == found


RULES_AND_BREACHES: list[tuple[Callable[[Path], list[Breach]], str]] = [
    (bans.find_swallowed_cases, "match x:\n    case _:\n        pass\n"),
    (bans.find_swallowed_errors, "try:\n    x()\nexcept Exception:\n    pass\n"),
]


@pytest.mark.parametrize(("rule", "text"), RULES_AND_BREACHES)
@pytest.mark.parametrize("package", ["consensus", "ledger", "node"])
def test_every_package_is_watched(
    write: Write, rule: Callable[[Path], list[Breach]], text: str, package: str
) -> None:
    assert [breach.path for breach in rule(write(f"{package}/a/b.py", text))] == [
        f"{package}/a/b.py"
    ]
