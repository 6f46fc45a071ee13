"""Pieces of PromQL that all dashboards share.

Every query names its network and its nodes by the dashboard's variables; `$__rate_interval` is
Grafana's: wide enough for the scrape interval, and no wider than a pixel needs.
"""

CHOSEN = 'network="$network", node=~"$node"'
WINDOW = "[$__rate_interval]"


def pick(name: str, **labels: str) -> str:
    """The chosen nodes' series of a family; a label's value may be a regular expression."""
    matchers = "".join(f', {label}=~"{value}"' for label, value in labels.items())
    return f"{name}{{{CHOSEN}{matchers}}}"


def rate(name: str, **labels: str) -> str:
    """Growth of a counter a second."""
    return f"rate({pick(name, **labels)}{WINDOW})"


def increase(name: str, **labels: str) -> str:
    """Growth of a counter over the window that Grafana draws a point for."""
    return f"increase({pick(name, **labels)}{WINDOW})"


def total(expr: str, *labels: str) -> str:
    """The sum over everything but these labels."""
    by = f" by ({', '.join(labels)})" if labels else ""
    return f"sum{by} ({expr})"


def greatest(expr: str, *labels: str) -> str:
    """The greatest value over everything but these labels."""
    by = f" by ({', '.join(labels)})" if labels else ""
    return f"max{by} ({expr})"


def quantile(share: float, name: str, *by: str, **labels: str) -> str:
    """A quantile of a histogram over the chosen nodes; NaN while nothing is observed."""
    buckets = total(rate(f"{name}_bucket", **labels), "le", *by)
    return f"histogram_quantile({share:g}, {buckets})"


def mean(name: str, *by: str) -> str:
    """The mean of what a histogram has observed; NaN while it observes nothing."""
    return f"{total(rate(f'{name}_sum'), *by)} / {total(rate(f'{name}_count'), *by)}"


def or_zero(expr: str) -> str:
    """0 in place of nothing, for what may rightly not happen for long."""
    return f"({expr}) >= 0 or vector(0)"


def engine_is(engine: str, expr: str) -> str:
    """Only series of nodes that run this engine, so that each row shows its own networks."""
    return f'({expr}) and on (network, node) quorate_build_info{{engine="{engine}"}}'


def occurring(expr: str, label: str) -> str:
    """Only what happens, of a counter's many labels; one series named "none" where nothing does."""
    nothing = f'label_replace(vector(0), "{label}", "none", "", "")'
    return f"({expr}) > 0 or {nothing}"
