"""Numbers, times, sizes and bytes as people read them; pure, and the filters of all templates."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

HEX_SHOWN = 8
BYTES_SHOWN_MAX = 512
"""A record may hold far more; whoever wants all of it asks the API."""
_MS = {"d": 86_400_000, "h": 3_600_000, "min": 60_000}


def show_count(value: float | None) -> str:
    """12,345; a dash where there is no number."""
    return "–" if value is None else f"{value:,.0f}"


def show_rate(value: float | None) -> str:
    """One decimal below a hundred, none above."""
    if value is None:
        return "–"
    return f"{value:,.1f}" if abs(value) < 100 else f"{value:,.0f}"


def show_share(value: float | None) -> str:
    """A part of one as per cent: `12.5 %`."""
    return "–" if value is None else f"{value * 100:.1f} %"


def show_chance(value: float) -> str:
    """A probability: per cent, or a power of ten where that would read as nothing."""
    return f"{value * 100:.2f} %" if value >= 0.0001 else f"{value:.1e}"


def show_duration(ms: float | None) -> str:
    """Milliseconds in the two largest units that matter: `350 ms`, `1.2 s`, `3 min 4 s`, `2 d 5 h`."""
    if ms is None:
        return "–"
    if ms < 1_000:
        return f"{ms:.0f} ms"
    if ms < 60_000:
        return f"{ms / 1000:.1f} s"
    days, rest = divmod(int(ms), _MS["d"])
    hours, rest = divmod(rest, _MS["h"])
    minutes, rest = divmod(rest, _MS["min"])
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest // 1000} s"


def show_size(size_bytes: float | None) -> str:
    """Bytes in thousands: `512 B`, `1.2 kB`, `3.4 MB`."""
    if size_bytes is None:
        return "–"
    if size_bytes < 1_000:
        return f"{size_bytes:.0f} B"
    value = size_bytes / 1_000
    for unit in ("kB", "MB", "GB"):
        if value < 1_000:
            return f"{value:.1f} {unit}"
        value /= 1_000
    return f"{value:.1f} TB"


def show_time(ms: int) -> str:
    """Unix milliseconds as a time of UTC; a number no calendar holds stays one."""
    if (moment := _read_moment(ms)) is None:
        return f"{ms} ms"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{ms % 1000:03d} UTC"


def show_clock(ms: int) -> str:
    """The time of day alone."""
    moment = _read_moment(ms)
    return f"{ms} ms" if moment is None else f"{moment:%H:%M:%S}"


def show_iso(ms: int) -> str:
    """The same for machines: the value of a `datetime` attribute."""
    moment = _read_moment(ms)
    return "" if moment is None else moment.isoformat(timespec="milliseconds")


def _read_moment(ms: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def shorten(text: str) -> str:
    """The two ends of something long; enough to tell two apart by eye."""
    if len(text) <= 2 * HEX_SHOWN + 1:
        return text
    return f"{text[:HEX_SHOWN]}…{text[-HEX_SHOWN:]}"


def show_bytes(data: bytes) -> str:
    """What a stranger wrote: in quotes where it is printable text, else hex; cut where it is long."""
    cut = data[:BYTES_SHOWN_MAX]
    more = f" … ({len(data):,} bytes)" if len(data) > len(cut) else ""
    try:
        text = cut.decode()
    except UnicodeDecodeError:
        return cut.hex() + more
    return f"“{text}”{more}" if text.isprintable() and text else cut.hex() + more


FILTERS: dict[str, Callable[..., Any]] = {
    "count": show_count,
    "rate": show_rate,
    "share": show_share,
    "chance": show_chance,
    "duration": show_duration,
    "size": show_size,
    "time": show_time,
    "clock": show_clock,
    "iso": show_iso,
    "shorten": shorten,
}
"""By the names that templates know."""
