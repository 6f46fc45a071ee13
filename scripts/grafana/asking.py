"""Asking a Prometheus: the few calls of its HTTP API that dashboards make."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp

TIMEOUT_S = 30.0


class AskingError(Exception):
    """Prometheus refused a question, or gave no answer."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series of an answer: its labels, and its values by their times in seconds."""

    labels: Mapping[str, str]
    points: tuple[tuple[float, float], ...]


class Prometheus:
    """A client of one server; use it as an asynchronous context."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        self._session = aiohttp.ClientSession(timeout=timeout)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        assert self._session is not None
        await self._session.close()

    async def ask(self, path: str, **parameters: str) -> Any:
        """The data of an answer; raises `AskingError`."""
        assert self._session is not None, "it is an asynchronous context"
        try:
            async with self._session.get(f"{self._url}/api/v1/{path}", params=parameters) as reply:
                answer = await reply.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise AskingError(f"{self._url} does not answer: {error}") from error
        if answer["status"] != "success":
            raise AskingError(f"{answer['errorType']}: {answer['error']}")
        return answer["data"]

    async def query(self, expr: str, at: float | None = None) -> list[Series]:
        """The value of each series of an instant vector, now or at a time in seconds."""
        when = {} if at is None else {"time": f"{at:.3f}"}
        data = await self.ask("query", query=expr, **when)
        return [Series(one["metric"], (read_point(one["value"]),)) for one in data["result"]]

    async def query_range(self, expr: str, start: float, end: float, step_s: float) -> list[Series]:
        """The series between two times in seconds."""
        data = await self.ask(
            "query_range", query=expr, start=f"{start:.3f}", end=f"{end:.3f}", step=f"{step_s:g}"
        )
        return [
            Series(one["metric"], tuple(map(read_point, one["values"]))) for one in data["result"]
        ]

    async def label_values(self, selector: str, label: str) -> list[str]:
        """All values of a label of these series."""
        values: list[str] = await self.ask(f"label/{label}/values", **{"match[]": selector})
        return values

    async def firing(self) -> set[str]:
        """Names of the alerts that fire now."""
        data = await self.ask("alerts")
        return {
            alert["labels"]["alertname"] for alert in data["alerts"] if alert["state"] == "firing"
        }


def read_point(pair: tuple[float, str]) -> tuple[float, float]:
    """Time and value; Prometheus spells values as text, NaN and infinities too."""
    return float(pair[0]), float(pair[1])
