"""The test engine is in the catalog while these tests run."""

import pytest

from consensus import catalog
from tests.consensus.chaining.single_chain import NAME, SPEC


@pytest.fixture(autouse=True)
def single_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "_ENGINES", {**catalog._ENGINES, NAME: SPEC})
