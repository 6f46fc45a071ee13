"""A simulated ledger's committee changes by items, in the engine's own time."""

import pytest

from consensus import catalog
from consensus.committee import Committee, Former
from consensus.simulation.application import BareApplication, make_value
from consensus.simulation.cluster import make_cluster
from consensus.simulation.membership import Assembly, Tenure
from consensus.simulation.scenario import open_cluster
from consensus.simulation.stage import Stage
from consensus.simulation.words import ScenarioError

SPEC = catalog.get("pbft")
FIRST = Committee.of(4, 1)
FIVE = Committee.of(5, 1)


@pytest.fixture
def assembly() -> Assembly:
    """Changes take effect at the first multiple of 2, at least 4 heights on."""
    parameters = catalog.parse_parameters(SPEC, {"checkpoint_interval": 2, "window": 4})
    return Assembly.make(SPEC, parameters, FIRST)


def test_a_change_takes_office_at_its_height(assembly: Assembly) -> None:
    assert assembly.tenure == Tenure(FIRST, 6)
    assembly.execute(1, ["a", "add:4"])
    assert assembly.tenure == Tenure(FIRST, 6, is_changing=True)
    for height in range(2, 6):
        assembly.execute(height, ["remove:0"])
    assert assembly.tenure == Tenure(FIRST, 6, is_changing=True)
    assembly.execute(6, [])
    assert assembly.tenure == Tenure(FIVE, 12, Former(6, FIRST), ends=(6,))
    assert assembly.renew().tenure == Tenure(FIRST, 6)


@pytest.mark.parametrize(
    "item",
    ["add:3", "remove:4", "remove:0", "replace:9:4", "replace:0:1", "add", "add:x", "add:4:5"],
)
def test_what_cannot_be_is_passed_over(assembly: Assembly, item: str) -> None:
    assembly.execute(1, [item])
    assert not assembly.tenure.is_changing


def test_a_name_is_an_id_and_is_not_used_again(assembly: Assembly) -> None:
    assembly.execute(1, ["replace:0:4"])
    for height in range(2, 8):
        assembly.execute(height, [])
    assert assembly.tenure.committee.members == (1, 2, 3, 4)
    assembly.execute(8, ["add:0"])
    assert not assembly.tenure.is_changing


def test_a_power_failure_takes_it_back(assembly: Assembly) -> None:
    application = BareApplication(assembly=assembly)
    application.execute(1, (make_value(0, 1, ["add:4"]),), None)
    assert application.flags() == (True, False)
    application.crash(loses_unsynced=True)
    assert application.tenure == Tenure(FIRST, 6)
    assert application.flags() == (False, False)


def test_the_verb() -> None:
    stage = Stage(
        open_cluster("cluster pbft n=4 followers=1 changing=1 checkpoint_interval=2 window=4")
    )
    stage.do("committee replace 2 4")
    stage.do("rest 20000")
    hosts = stage.cluster.hosts.values()
    assert {host.committee.members for host in hosts} == {(0, 1, 3, 4)}
    for words in ("committee", "committee add", "committee crown 1", "committee remove 1 2"):
        with pytest.raises(ScenarioError):
            stage.do(words)


def test_only_where_the_committee_may_change() -> None:
    with pytest.raises(ScenarioError, match="changing=1"):
        Stage(open_cluster("cluster pbft n=4")).do("committee remove 0")
    with pytest.raises(ScenarioError, match="fixed"):
        make_cluster("pow", 4, is_changing=True)
