"""The arguments as a page that stands alone."""

from collections.abc import Sequence

from consensus.bounds.reports import Finding
from consensus.bounds.telling import tell
from consensus.simulation.drawing.markup import tag, text
from consensus.simulation.drawing.page import draw_document


def draw_page(arguments: Sequence[tuple[str, Sequence[Finding]]]) -> str:
    """The whole page."""
    parts = []
    for name, findings in arguments:
        parts.append(tag("h2", text(name)))
        parts += [tag("p", text(line)) for finding in findings for line in tell(finding)]
    return draw_document("The bounds of agreement", "", *parts)
