"""Scenario files, and the flag that rewrites them."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--rewrite` replaces the traces of scenario files by what really happens."""
    parser.addoption("--rewrite", action="store_true", help="rewrite scenario files")


@pytest.fixture
def rewrite(request: pytest.FixtureRequest) -> bool:
    """Shall scenario files be rewritten instead of compared."""
    return bool(request.config.getoption("--rewrite"))
