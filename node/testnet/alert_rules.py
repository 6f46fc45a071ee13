"""The alert rules of `docker/prometheus/alerts.yml`, at the pace of whoever scrapes.

All durations in the rules, the ranges of their queries and how long a condition has to hold, are
written for a scrape every `WRITTEN_FOR_S` seconds. A Prometheus that looks more often can judge
sooner: with a scrape each second every duration is a fifth of what is written. Nothing else changes,
so a test at a quick pace tests the rules that are deployed.
"""

import re
from pathlib import Path

WRITTEN_FOR_S = 5.0
RULES_PATH = Path(__file__).resolve().parents[2] / "docker" / "prometheus" / "alerts.yml"
_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATIONS = re.compile(
    rf"(?P<before>\[|^ +(?:- )?(?:for|keep_firing_for|interval): )(?P<number>\d+)"
    rf"(?P<unit>{'|'.join(_UNITS_MS)})(?P<after>\]|$)",
    re.MULTILINE,
)


def read_rules(scrape_interval_s: float) -> str | None:
    """The rules for a scrape at this interval; None where this is no checkout and there are none."""
    if not RULES_PATH.exists():
        return None
    return scale_durations(
        RULES_PATH.read_text(encoding="utf-8"), scrape_interval_s / WRITTEN_FOR_S
    )


def scale_durations(rules: str, factor: float) -> str:
    """The same rules with every range (`[30s]`) and every `for:` multiplied; at least one millisecond."""

    def scale(found: re.Match[str]) -> str:
        duration_ms = int(found["number"]) * _UNITS_MS[found["unit"]]
        scaled_ms = max(1, round(duration_ms * factor)) if duration_ms else 0
        return f"{found['before']}{scaled_ms}ms{found['after']}"

    return _DURATIONS.sub(scale, rules)
