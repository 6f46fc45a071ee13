"""The API's own test server also serves the pages; here it is looked at as a browser does."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

import pytest

from tests.node.api.conftest import Call, Reply, backend, call, server

__all__ = ["backend", "call", "server"]

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"
Look: TypeAlias = Callable[..., Coroutine[Any, Any, Reply]]


@pytest.fixture
def look(call: Call) -> Look:
    """`await look("/blocks")`: what a browser would be given."""

    async def request(path: str, **headers: str) -> Reply:
        return await call("GET", path, headers={"Accept": HTML, **headers}, allow_redirects=False)

    return request
