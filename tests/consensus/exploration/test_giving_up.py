"""What can be had although one may crash: everybody decides, if two values may be decided."""

import pytest

from consensus.exploration.giving_up import find_ends


def test_two_values_are_decided_in_every_run() -> None:
    ends = find_ends("k-set")
    assert ends.always_decides
    assert (ends.values_max, ends.undecided) == (2, 0)
    assert ends.ends > 100


@pytest.mark.parametrize(
    ("name", "decides", "values"),
    [("wait-for-all", False, 1), ("first-heard", True, 2), ("always-0", True, 1)],
)
def test_straw_men_wait_or_disagree(name: str, decides: bool, values: int) -> None:
    ends = find_ends(name)
    assert (ends.always_decides, ends.values_max) == (decides, values)
