import io

from rich.console import Console

from consensus.simulation.request import Request
from node.simulation.campaign import Campaign
from node.simulation.progress import Bar
from tests.node.simulation.outcomes import make_outcome


def play(*, is_shown: bool) -> str:
    """What a terminal gets while eleven of twenty seeds are run."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=120)
    campaign = Campaign(Request(), range(20))
    with Bar(console, 20, is_shown=is_shown) as bar:
        for seed in range(11):
            campaign.add(make_outcome(seed))
            bar.show(campaign)
    return screen.getvalue()


def test_the_bar_tells_seeds_violations_and_pace() -> None:
    shown = play(is_shown=True)
    assert "11/20" in shown
    assert "2 violations" in shown
    assert "events/s" in shown


def test_a_bar_that_is_not_wanted_says_nothing() -> None:
    assert play(is_shown=False) == ""
