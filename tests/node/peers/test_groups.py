import pytest

from node.peers.groups import Crowd, compute_group


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("10.1.2.3", "10.1.0.0/16"),
        ("10.1.255.255", "10.1.0.0/16"),
        ("127.0.0.1", "127.0.0.0/16"),
        ("::ffff:10.1.2.3", "10.1.0.0/16"),
        ("2001:db8:1::1", "2001:db8::/32"),
        ("2001:db8:ffff::1", "2001:db8::/32"),
        ("fe80::1%eth0", "fe80::/32"),
        ("gone", "gone"),
    ],
)
def test_addresses_of_one_owner_are_one_group(host: str, group: str) -> None:
    assert compute_group(host) == group


def test_only_so_many_of_a_group_are_let_in() -> None:
    crowd = Crowd(2)
    assert [crowd.enter("a"), crowd.enter("a"), crowd.enter("a"), crowd.enter("b")] == [
        True, True, False, True,
    ]  # fmt: skip
    crowd.leave("a")
    assert crowd.enter("a")
    assert not crowd.enter("a")
    assert all(Crowd(None).enter("a") for _ in range(1_000))
