"""The one sentence at the top of the page: does the network move, and if not, why."""

from dataclasses import dataclass

from node.api.backend import EngineView, NodeState, NodeStatus
from node.web.words import show_count, show_duration

LATE_MS = 5_000
"""With work waiting and nothing decided for so long, a person asks why."""


@dataclass(frozen=True, slots=True)
class Headline:
    """`tone` is good, calm or bad; `title` a few words, `text` the reason in full."""

    tone: str
    title: str
    text: str


def make_headline(status: NodeStatus, engine: EngineView) -> Headline:
    """Alarms first, then what keeps the node, then what keeps the network."""
    if status.alarms:
        return Headline("bad", "Safety alarm", ", ".join(status.alarms))
    if status.state is NodeState.CATCHING_UP:
        return Headline("calm", "Catching up", "this node fetches blocks that others have already")
    if status.state is not NodeState.READY:
        return Headline("calm", f"This node is {status.state.value}", engine.why)
    if engine.in_phase_ms < LATE_MS:
        return Headline("good", "Moving", f"block {show_count(engine.height)} comes next")
    if not status.pending:
        return Headline("calm", "At rest", "nothing is pending, so no block is needed")
    return Headline("bad", f"Not moving for {show_duration(engine.in_phase_ms)}", engine.why)
