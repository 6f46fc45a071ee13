"""Every metric is documented, and everything documented exists."""

import ast
import re
from pathlib import Path

import node
from consensus import catalog
from node.admission import BadBodiesError
from node.api.backend import Freshness
from node.measures import labels
from node.measures.catalogue import list_families, make_table
from node.sync import BadBlocksError

SOURCE = Path(node.__file__).parent
README = SOURCE / "README.md"
UNITS = ("_seconds", "_bytes", "_total", "_blocks", "_heights", "_transactions", "_hashes", "_info")


def test_the_readme_has_the_table_as_the_code_makes_it() -> None:
    assert make_table() in README.read_text(), "run scripts/metrics_table"


def test_every_family_says_what_it_means_in_a_sentence() -> None:
    for family in list_families():
        assert re.fullmatch(r"[A-Z1].*\.", family.text), family.name
        assert family.engines


def test_counters_and_only_counters_are_totals() -> None:
    for family in list_families():
        assert family.name.endswith("_total") == (family.kind == "counter"), family.name


def test_times_and_sizes_are_in_base_units() -> None:
    for family in list_families():
        assert not re.search(r"_(ms|milliseconds|kb|mb)\b", family.name), family.name


def test_a_family_of_one_engine_is_documented_for_that_one_alone() -> None:
    engines = {family.name: family.engines for family in list_families()}
    assert engines["quorate_fork_rate"] == ("pow",)
    assert engines["quorate_reads_total"] == ("paxos",)
    assert engines["quorate_engine_view_changes_total"] == ("paxos", "pbft")
    assert engines["quorate_peers"] == catalog.names()


def list_literals(method: str, place: int) -> set[str]:
    """Every literal that the node hands to a method of that name, at that place."""
    calls = [
        one
        for path in SOURCE.rglob("*.py")
        for one in ast.walk(ast.parse(path.read_text()))
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute)
        if one.func.attr == method and len(one.args) > place
    ]
    leaves = [one.args[place] for one in calls]
    return {
        leaf.value
        for leaf in leaves
        if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)
    }


def test_every_reason_against_a_peer_is_one_of_the_set() -> None:
    said = list_literals("refused", 0) | list_literals("penalise", 1)
    assert {"accept-failed", "consensus-malformed"} <= said
    assert said <= set(labels.PEER_REFUSALS)
    assert {BadBodiesError.reason, BadBlocksError.reason} <= set(labels.PEER_REFUSALS)


def test_outcomes_of_reads_are_those_that_an_engine_with_reads_can_have() -> None:
    assert set(labels.READS) == {one.value for one in Freshness} - {Freshness.UNSUPPORTED.value}
