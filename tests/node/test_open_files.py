"""The limit of open files."""

import resource

import pytest

from node.open_files import OTHERS, raise_open_files


@pytest.mark.parametrize(
    ("limits", "clients", "expected"),
    [
        ((1_024, 4_096), 2_000, 2_000 + OTHERS),
        ((1_024, 2_000), 2_000, 2_000),
        ((50_000, 50_000), 2_000, 50_000),
        ((1_024, resource.RLIM_INFINITY), 9_000, 9_000 + OTHERS),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), 9_000, resource.RLIM_INFINITY),
    ],
)
def test_the_limit_rises_as_far_as_it_may(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], clients: int, expected: int
) -> None:
    current = limits

    def set_limits(_which: int, wanted: tuple[int, int]) -> None:
        nonlocal current
        current = wanted

    monkeypatch.setattr(resource, "getrlimit", lambda _which: current)
    monkeypatch.setattr(resource, "setrlimit", set_limits)
    assert raise_open_files(clients) == expected
    assert current == (expected, limits[1])
