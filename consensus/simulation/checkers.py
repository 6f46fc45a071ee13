"""What must hold in every state of a run; engines do not check themselves."""

from typing import Any

from consensus.committee import ReplicaId
from consensus.effects import Diverge, Effect
from consensus.message import Height, Signed
from consensus.simulation.disk import Block


class ViolationError(AssertionError):
    """A promise was broken; the message says which, and by whom."""


def check_agreement(decided: dict[Height, Block], name: ReplicaId, block: Block) -> None:
    """Uniform agreement among hosts without masks: one block per height, for ever.

    `decided` remembers the first block that anybody executed at each height. What a host lost with
    a power failure, or executed just before it died, counts too: it may have answered a client.
    """
    first = decided.setdefault(block.height, block)
    if first.block_id != block.block_id:
        raise ViolationError(
            f"host {name} disagrees by height {block.height}: {block.values}, not {first.values}"
        )


def check_divergence(name: ReplicaId, effect: Effect) -> None:
    """No correct host's ledger differs from a certified one."""
    if isinstance(effect, Diverge):
        raise ViolationError(f"host {name} diverged at height {effect.height}")


def check_vote(said: dict[tuple[Any, ...], Any], vote: Signed[Any]) -> None:
    """A correct replica signs one body per kind, view and height, also across restarts.

    `said` remembers what was signed; bodies without a height (view changes) count once per view.
    """
    body = vote.body
    where = getattr(body, "view", None), getattr(body, "height", None)
    key = (vote.signer, type(body).__name__, *where)
    if said.setdefault(key, body) != body:
        raise ViolationError(f"replica {vote.signer} signed two bodies: {said[key]} and {body}")
