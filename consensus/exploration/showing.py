"""One victim from search to picture: what a worker process does, as values that can be handed over."""

from consensus.exploration.drawing.victim import Shown
from consensus.exploration.figures import make_figures
from consensus.exploration.films import film_lasso
from consensus.exploration.flp import VICTIMS, examine
from consensus.exploration.flp_report import make_report


def show_all(name: str, loops: int) -> Shown:
    """Report, figures and film; raises `ReplayError` if anything cannot be replayed."""
    victim = VICTIMS[name]
    finding = examine(victim)
    film = film_lasso(victim, finding) if finding.lasso is not None else []
    return Shown(make_report(victim, finding, loops), make_figures(finding), film)
