"""What must hold in every state of a run; engines do not check themselves."""

from typing import TYPE_CHECKING, Any

from consensus.message import Signed

if TYPE_CHECKING:
    from consensus.simulation.cluster import Cluster


class ViolationError(AssertionError):
    """A promise was broken; the message says which, and by whom."""


def check_agreement(cluster: "Cluster") -> None:
    """Uniform agreement among hosts without masks: one block id per height.

    Ids chain, so equal ids at the lower of two heads mean equal prefixes. Also each certificate
    that a host holds is over its own block.
    """
    longest = max(cluster.correct, key=lambda host: host.disk.height)
    for host in cluster.correct:
        height = host.disk.height
        if height and host.disk.block_id != longest.disk.blocks[height - 1].block_id:
            raise ViolationError(
                f"hosts {host.name} and {longest.name} disagree by height {height}"
            )
        if host.diverged:
            raise ViolationError(f"host {host.name} diverged: {host.diverged}")


def check_vote(said: dict[tuple[Any, ...], Any], vote: Signed[Any]) -> None:
    """A correct replica signs one body per kind, view and height, also across restarts.

    `said` remembers what was signed; bodies without a height (view changes) count once per view.
    """
    body = vote.body
    where = getattr(body, "view", None), getattr(body, "height", None)
    key = (vote.signer, type(body).__name__, *where)
    if said.setdefault(key, body) != body:
        raise ViolationError(f"replica {vote.signer} signed two bodies: {said[key]} and {body}")
