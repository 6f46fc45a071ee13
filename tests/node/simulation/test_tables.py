import io

from rich.console import Console
from rich.table import Table

from consensus.simulation.request import Request
from consensus.simulation.run import expected_probes
from node.simulation.campaign import Campaign
from node.simulation.tables import (
    VIOLATIONS_SHOWN,
    make_campaign_table,
    make_probes_table,
    tell_rare_probes,
    tell_violations,
)
from tests.node.simulation.outcomes import make_outcome


def play(count: int) -> Campaign:
    campaign = Campaign(Request(), range(count))
    for seed in range(count):
        campaign.add(make_outcome(seed))
    return campaign


def draw(table: Table) -> list[list[str]]:
    """The words of each line."""
    text = io.StringIO()
    Console(file=text, width=100).print(table)
    return [line.split() for line in text.getvalue().splitlines() if line.strip()]


def test_what_was_run_and_how_fast() -> None:
    lines = draw(make_campaign_table(play(11), 2.0))
    assert ["pbft,", "4", "replicas"] in lines
    assert ["seeds", "11", "of", "11"] in lines
    assert ["violations", "2"] in lines
    assert ["events", "per", "second", "550"] in lines
    assert ["simulated", "seconds", "per", "second", "110.0"] in lines


def test_a_size_that_is_drawn_is_no_number() -> None:
    lines = draw(make_campaign_table(Campaign(Request(nodes=0), range(1)), 1.0))
    assert ["pbft,", "any", "number", "of", "replicas"] in lines


def test_the_rarest_situations_come_first() -> None:
    lines = draw(make_probes_table(play(11)))
    assert lines[-1] == ["nulls", "5"]
    counts = [int(line[-1]) for line in lines[3:]]
    assert counts == sorted(counts)


def test_violations_are_told_with_their_replay() -> None:
    first, second, *_ = tell_violations(play(11))
    assert first == "seed 3 breaks agreement at 12 ms: two values for 3"
    assert second == "  quorate simulate --engine pbft --nodes 4 --seed 3 --trace"
    assert tell_violations(play(3)) == []


def test_of_many_violations_the_first_are_told() -> None:
    lines = tell_violations(play(7 * (VIOLATIONS_SHOWN + 5)))
    assert len(lines) == 2 * VIOLATIONS_SHOWN + 1
    assert lines[-1].startswith("… and 5 more")


def test_what_was_never_met_is_named() -> None:
    told = tell_rare_probes(play(11), 1)
    assert told is not None
    missing = set(expected_probes(Request())) - {"nulls"}
    assert told == (
        f"warning: {len(missing)} situations were never met: {', '.join(sorted(missing))}"
    )
    assert tell_rare_probes(play(11), 0) is None
    assert "met fewer than 10 times" in str(tell_rare_probes(play(11), 10))
