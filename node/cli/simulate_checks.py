"""What the options of `quorate simulate` mean, and what they may not say together."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from consensus.simulation.request import WorldKind
from node.cli.remote import RequestError
from node.simulation.errors import PoolError

DURATION_S_MAX = 86_400
WORKERS_MAX = 1_024
NEVER_MS = 10**12
_PARAMETER = re.compile(r"([a-z][a-z0-9_]*)=([0-9]{1,15})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """What is asked of a single run; a campaign if nothing is."""

    seed: int | None
    schedule: Path | None
    read_trace: Path | None
    scenario: Path | None
    rewrite: bool
    trace: bool
    trace_file: Path | None
    diagram: Path | None
    from_ms: int | None
    to_ms: int | None
    shrink: bool
    out: Path | None

    @property
    def is_wanted(self) -> bool:
        """Not a campaign."""
        return bool(self.sources)

    @property
    def sources(self) -> list[str]:
        """Where the run comes from: one, or it is a contradiction."""
        sources = {
            "--seed": self.seed,
            "--schedule": self.schedule,
            "--read-trace": self.read_trace,
            "--scenario": self.scenario,
        }
        return [name for name, value in sources.items() if value is not None]

    @property
    def prints_trace(self) -> bool:
        """Standard output is the trace's."""
        return self.trace and self.trace_file is None

    @property
    def window(self) -> tuple[int, int] | None:
        """What the diagram shows, if not everything."""
        if self.from_ms is None and self.to_ms is None:
            return None
        return self.from_ms or 0, NEVER_MS if self.to_ms is None else self.to_ms


def check_flags(one: Single, *, seeds: object, workers: object, dask: object, json: bool) -> None:
    """Raise `RequestError` for options that contradict each other."""
    many = {"--seeds": seeds, "--workers": workers, "--dask": dask}
    given = [name for name, value in many.items() if value is not None]
    runs = one.seed is not None or one.schedule is not None
    told = one.trace or one.trace_file is not None
    refused = {
        " and ".join(one.sources) + " are different runs": len(one.sources) > 1,
        f"{' and '.join([*given, *one.sources])} do not go together": given and one.is_wanted,
        "--workers and --dask do not go together": "--workers" in given and "--dask" in given,
        "--trace and --trace-file need a --seed or a --schedule": told and not runs,
        "--diagram needs a --seed, a --schedule or a --read-trace": one.diagram
        and not (runs or one.read_trace),
        "--read-trace needs a --diagram": one.read_trace and not one.diagram,
        "--rewrite needs a --scenario": one.rewrite and not one.scenario,
        "--shrink needs a --seed or a --schedule": one.shrink and not runs,
        "--shrink and --out FOLDER need each other": one.shrink != (one.out is not None),
        "--from-ms and --to-ms are of a --diagram": one.window and not one.diagram,
        "--from-ms lies after --to-ms": one.window and one.window[0] > one.window[1],
        "--trace would mix with --json on standard output: use --trace-file": json
        and one.prints_trace,
    }
    for detail, is_so in refused.items():
        if is_so:
            raise RequestError(detail, reason="bad-options", advice="see quorate simulate --help")


def parse_timing(name: str) -> WorldKind:
    """A timing by its name; raises `RequestError`."""
    try:
        return WorldKind(name)
    except ValueError:
        known = ", ".join(timing.value for timing in WorldKind)
        raise RequestError(
            f"no timing {name!r}; there are: {known}", reason="unknown-timing"
        ) from None


def parse_faults(text: str) -> tuple[str, ...]:
    """Names between commas."""
    return tuple(name.strip() for name in text.split(",")) if text.strip() else ()


def parse_duration_ms(seconds: float) -> int:
    """Milliseconds of virtual time; raises `RequestError` for none and for days."""
    if not 0.001 <= seconds <= DURATION_S_MAX:
        raise RequestError(
            f"{seconds:g} seconds of chaos cannot be played",
            reason="bad-duration",
            advice=f"give a --duration from 0.001 to {DURATION_S_MAX}",
        )
    return round(seconds * 1_000)


def parse_parameters(pairs: list[str]) -> dict[str, int]:
    """Engine parameters as `name=number`; raises `RequestError`."""
    parameters: dict[str, int] = {}
    for pair in pairs:
        found = _PARAMETER.fullmatch(pair)
        if found is None or found[1] in parameters:
            raise RequestError(
                f"{pair[:80]!r} is not a parameter, or is one twice",
                reason="bad-engine-parameter",
                advice="write NAME=NUMBER, as in timeout_ms=600",
            )
        parameters[found[1]] = int(found[2])
    return parameters


def choose_workers(workers: int | None) -> int:
    """How many processes; raises `PoolError` below one and far beyond the cores."""
    if workers is None:
        return len(os.sched_getaffinity(0))
    if not 1 <= workers <= WORKERS_MAX:
        raise PoolError(
            f"{workers} workers cannot be had", advice=f"give --workers from 1 to {WORKERS_MAX}"
        )
    return workers


def check_output(path: Path | None) -> None:
    """Raise `RequestError` for a file that cannot be written, before anything has run."""
    if path is None:
        return
    folder = path.parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise RequestError(f"{path} cannot be written", reason="output-unwritable")


def check_folder(path: Path | None) -> None:
    """Raise `RequestError` for a folder that can neither be written into nor be made."""
    if path is None:
        return
    place = path if path.exists() else path.parent
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise RequestError(f"{path} cannot be written", reason="output-unwritable")


def read_text(path: Path) -> str:
    """A file's text; raises `RequestError` for what is missing or is no text."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"{path} cannot be read: {error}", reason="input-unreadable") from error
