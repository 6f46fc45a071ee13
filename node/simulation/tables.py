"""The closing account of a campaign for people."""

from rich import box
from rich.table import Table

from node.simulation.campaign import Campaign, per_second

VIOLATIONS_SHOWN = 20
"""All of them are in the JSON."""


def make_campaign_table(campaign: Campaign, elapsed_s: float) -> Table:
    """What was run, and how fast."""
    request = campaign.request
    table = Table(
        title=f"{request.engine}, {request.nodes or 'any number of'} replicas",
        box=box.SIMPLE_HEAD,
        show_header=False,
    )
    table.add_column("what", no_wrap=True)
    table.add_column("how much", justify="right", no_wrap=True)
    found = len(campaign.violations)
    rows = {
        "seeds": f"{campaign.done:,} of {len(campaign.seeds):,}",
        "violations": f"[{'red' if found else 'green'}]{found:,}[/]",
        "decided heights": f"{campaign.decided:,}",
        "events": f"{campaign.events:,}",
        "events per second": f"{per_second(campaign.events, elapsed_s):,.0f}",
        "simulated seconds per second": f"{per_second(campaign.sim_ms / 1_000, elapsed_s):,.1f}",
        "seconds": f"{elapsed_s:,.1f}",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def make_probes_table(campaign: Campaign) -> Table:
    """Rare situations and how often they were met, the rarest first.

    One run cannot meet them all, so there only those it met are shown.
    """
    table = Table(title="situations met", box=box.SIMPLE_HEAD)
    table.add_column("situation", no_wrap=True)
    table.add_column("times", justify="right")
    for name, count in sorted(campaign.probes.items(), key=lambda item: (item[1], item[0])):
        if count or len(campaign.seeds) > 1:
            table.add_row(name, f"{count:,}", style=None if count else "yellow")
    return table


def tell_violations(campaign: Campaign) -> list[str]:
    """Two lines for each: what broke, and the command that shows it."""
    lines = []
    found = campaign.list_violations()
    for seed, violation, replay in found[:VIOLATIONS_SHOWN]:
        where = f"at {violation.at_ms:,} ms"
        lines.append(f"seed {seed} breaks {violation.property} {where}: {violation.detail}")
        lines.append(f"  {replay}")
    if len(found) > VIOLATIONS_SHOWN:
        lines.append(f"… and {len(found) - VIOLATIONS_SHOWN:,} more; --json lists all of them")
    return lines


def tell_rare_probes(campaign: Campaign, count_min: int) -> str | None:
    """A warning that names what this campaign has not tried, if there is anything."""
    rare = campaign.list_rare_probes(count_min)
    if not rare:
        return None
    how = "never met" if count_min <= 1 else f"met fewer than {count_min} times"
    return f"warning: {len(rare)} situations were {how}: {', '.join(rare)}"
