"""Whole histories: registers are judged one by one, and the report counts what it rests on."""

import msgspec

from node.histories.check import check_history, describe_key
from node.histories.operation import Operation
from node.histories.search import Verdict
from tests.node.histories.build import failed, r, w


def at(key: str, *operations: Operation) -> list[Operation]:
    return [msgspec.structs.replace(one, key=key) for one in operations]


def test_registers_are_judged_one_by_one() -> None:
    good = at("a", w(0, 1, "x"), r(2, 3, "x"), w(4, None, "y"), failed(4, 5, "z"))
    bad = at("b", w(0, 1, "x"), r(2, 3, None))
    looked: list[int] = []
    report = check_history([*good, *bad], on_register=lambda: looked.append(1))
    assert (report.verdict, report.registers, len(looked)) == (Verdict.VIOLATED, 2, 2)
    assert (report.operations, report.reads, report.writes) == (6, 2, 2)
    assert (report.indefinite, report.failed) == (1, 1)
    (key,) = report.keys
    assert (key.key, key.operations) == ("b", 2)
    assert key.witness is not None
    assert describe_key(key) == [
        f"b: {bad[1].describe()}: {key.witness.why}",
        '    client 0 wrote "x" in 0.000000 … 0.000001 s',
        "    client 1 read nothing in 0.000002 … 0.000003 s",
    ]


def test_a_good_history_and_an_empty_one() -> None:
    assert check_history(at("a", w(0, 1, "x"), r(2, 3, "x"))).verdict is Verdict.LINEARIZABLE
    empty = check_history([])
    assert (empty.verdict, empty.registers, empty.keys) == (Verdict.LINEARIZABLE, 0, ())


def test_what_is_given_up_is_not_called_good() -> None:
    writes = [w(0, 100, f"v{number}", number) for number in range(9)]
    history = at("a", *writes, r(101, 102, "v0"), r(103, 104, "v1"))
    report = check_history(history, states_max=10)
    assert report.verdict is Verdict.UNDECIDED
    assert "undecided" in describe_key(report.keys[0])[0]
