"""What an engine may count and name stands in the catalog, so that hosts know every label."""

import ast
from collections.abc import Iterable
from pathlib import Path

import pytest

import consensus
from consensus import catalog
from consensus.lockstep.paced import ALARM_COUNTERS
from consensus.message import list_kinds

ENGINES = catalog.names()
CHAINS = frozenset({"acs", "benor"})
"""Engines that `consensus.chaining` makes of agreements."""
CLOCKED = frozenset({"early", "floodset"})
"""Engines of `consensus.lockstep`, which share with chains how heights are taken and handed out."""
SHARED_WITH_CHAINS = ("catch_up.py", "delivering.py", "standing_up.py")
SOURCE = Path(consensus.__file__).parent


def list_counted(engine: str) -> set[str]:
    """Every literal that a module of the engine hands to `replica.count`, adversaries left out.

    In a chain of agreements nobody but the chain counts.
    """
    if engine in CLOCKED:
        shared = [SOURCE / "chaining" / name for name in SHARED_WITH_CHAINS]
        files = [*(SOURCE / "lockstep").glob("*.py"), *shared]
        return {*ALARM_COUNTERS.values(), *list_literals(files, "keeper.count")}
    is_chain = engine in CHAINS
    counter, home = ("keeper.count", "chaining") if is_chain else ("replica.count", engine)
    return list_literals((SOURCE / home).glob("*.py"), counter)


def list_literals(files: Iterable[Path], counter: str) -> set[str]:
    """Every literal that is handed to a function of this name, or to somebody's."""
    calls = [
        one
        for path in files
        for one in ast.walk(ast.parse(path.read_text()))
        if isinstance(one, ast.Call) and f".{ast.unparse(one.func)}".endswith(f".{counter}")
    ]
    leaves = [leaf for call in calls for leaf in ast.walk(call.args[0])]
    return {
        leaf.value
        for leaf in leaves
        if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)
    }


@pytest.mark.parametrize("engine", ENGINES)
def test_all_that_is_counted_is_declared_and_the_other_way_round(engine: str) -> None:
    assert list_counted(engine) == set(catalog.get(engine).counters)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_name_is_declared_once(engine: str) -> None:
    spec = catalog.get(engine)
    for names in (spec.counters, spec.causes, spec.phases, spec.refusals):
        assert len(set(names)) == len(names)


def test_kinds_are_named_as_they_are_counted() -> None:
    kinds = list_kinds(catalog.get("pbft").messages)
    assert {"Prepare", "Commit", "PrePrepare", "ViewChange", "Standing"} <= set(kinds)
    assert "Signed" not in kinds
    assert list_kinds(catalog.get("pow").messages) == ("TreeBlock", "Locate", "Headers", "Want")
