import pytest

from node.testnet.errors import ClusterError
from node.testnet.groups import are_parted, format_groups, parse_groups


def test_groups_are_read_and_written() -> None:
    assert parse_groups("0,1/2,3", 4) == ((0, 1), (2, 3))
    assert parse_groups(" 3 , 0/2/1", 4) == ((0, 3), (2,), (1,))
    assert format_groups(((0, 3), (2,), (1,))) == "0,3/2/1"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("0,1/2,3,4", "there is no node 4"),
        ("0,1/1,2,3", "named twice: node 1"),
        ("0,0,1/2,3", "named twice: node 0"),
        ("0,1/2", "in no group: node 3"),
        ("0", "in no group: node 1, 2, 3"),
        ("0,1,2,3", "one group alone is not a partition"),
        ("", "'' is not the number of a node"),
        ("0,1/2,3/", "'' is not the number of a node"),
        ("0,1/2,-3", "'-3' is not the number of a node"),
        ("0,1/2,²", "'²' is not the number of a node"),
        ("0,1/2,1000", "'1000' is not the number of a node"),
        ("0,1|2,3", "'1|2' is not the number of a node"),
    ],
)
def test_bad_groups_are_told(text: str, complaint: str) -> None:
    with pytest.raises(ClusterError) as failure:
        parse_groups(text, 4)
    assert (failure.value.reason, failure.value.detail) == ("bad-groups", complaint)


def test_nodes_are_parted_by_groups_alone() -> None:
    groups = ((0, 1), (2,), (3,))
    parted = [(i, j) for i in range(4) for j in range(i) if are_parted(groups, i, j)]
    assert parted == [(2, 0), (2, 1), (3, 0), (3, 1), (3, 2)]
    assert not are_parted((), 0, 3)
