"""The files of a Prometheus that watches a testnet, in `prometheus/` of the network's home.

    prometheus.yml   what to scrape, how often, and which rules to judge by
    targets.json     the nodes with their labels; read again when it changes, so nodes may be added
    alerts.yml       the alert rules of this project at the pace of the scrapes
    url              where it answers
    data/, log       what it keeps and says

Every series of a node has the labels `network` and `node`, as in the other configurations of this
project; dashboards and rules rest on them.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from node.testnet.alert_rules import read_rules
from node.testnet.plan import Member, Plan

FOLDER = "prometheus"
CONFIG_FILE = "prometheus.yml"
TARGETS_FILE = "targets.json"
RULES_FILE = "alerts.yml"
URL_FILE = "url"
JOB = "quorate"
"""Rules and dashboards know the nodes' scrapes by this name."""


def write_files(
    home: Path, plan: Plan, members: Sequence[Member], scrape_interval_s: float
) -> Path:
    """Write everything that Prometheus reads; returns the path of its configuration."""
    folder = home / FOLDER
    folder.mkdir(exist_ok=True)
    rules = read_rules(scrape_interval_s)
    if rules is not None:
        (folder / RULES_FILE).write_text(rules, encoding="utf-8")
    config = folder / CONFIG_FILE
    config.write_text(format_config(scrape_interval_s, has_rules=rules is not None), "utf-8")
    write_targets(home, plan, members)
    return config


def format_config(scrape_interval_s: float, *, has_rules: bool) -> str:
    """The text of `prometheus.yml`."""
    interval = f"{round(scrape_interval_s * 1000)}ms"
    return f"""\
global:
  scrape_interval: {interval}
  evaluation_interval: {interval}
rule_files: [{RULES_FILE if has_rules else ""}]
scrape_configs:
  - job_name: {JOB}
    file_sd_configs:
      - files: [{TARGETS_FILE}]
        refresh_interval: 5s
"""


def write_targets(home: Path, plan: Plan, members: Sequence[Member]) -> None:
    """Tell the nodes to a Prometheus of this network; without one nothing happens."""
    folder = home / FOLDER
    if not folder.is_dir():
        return
    targets = [
        {
            "targets": [f"{member.host}:{member.api_port}"],
            "labels": {"network": plan.name, "node": member.name},
        }
        for member in members
    ]
    fresh = folder / f"{TARGETS_FILE}.new"
    fresh.write_text(json.dumps(targets, indent=2) + "\n", encoding="utf-8")
    fresh.replace(folder / TARGETS_FILE)
