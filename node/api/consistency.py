"""How fresh an answer about the ledger's state is: as this node has it, or linearizable."""

from aiohttp import web

from node.api.backend import Freshness
from node.api.problems import Problem
from node.api.queries import read_choice, read_flag, read_seconds
from node.api.routing import Api, Parameter

LOCAL, LINEARIZABLE = "local", "linearizable"
LEVELS = (LOCAL, LINEARIZABLE)
RETRY_AFTER_S = 1

DETAILS = {
    Freshness.UNCONFIRMED: "the engine has not confirmed in time that this node knows what was "
    "decided last; nothing was read, ask again or ask another validator",
    Freshness.NOT_A_VOTER: "this node has no vote, so it cannot tell what was decided last; ask a "
    "validator, or read with consistency=local, which says at which height it answers",
    Freshness.UNSUPPORTED: "the engine of this network confirms no reads; read with "
    "consistency=local, which says at which height it answers",
    Freshness.STOPPING: "ask another node",
}


async def await_consistency(api: Api, request: web.Request) -> None:
    """Return when this ledger is as fresh as the request demands; raises `Problem` if it cannot be.

    Whoever reads the state afterwards must not wait in between.
    """
    level = read_choice(request, "consistency", LEVELS)
    timeout_s = read_seconds(request, "timeout", api.limits.wait_s_max)
    if level != LINEARIZABLE:
        if timeout_s is not None:
            raise Problem("query-conflict", "timeout goes with consistency=linearizable")
        return
    if read_flag(request, "proof"):
        detail = "a proof is about the last certified height, which may be older than the head"
        raise Problem("query-conflict", detail)
    default_s = api.limits.read_s_default
    freshness = await api.backend.confirm_read(default_s if timeout_s is None else timeout_s)
    if freshness is not Freshness.CONFIRMED:
        raise refuse(freshness)


def refuse(freshness: Freshness) -> Problem:
    """Why the node cannot answer. That is definite: reading has no effect, nothing was changed."""
    is_passing = freshness in {Freshness.UNCONFIRMED, Freshness.STOPPING}
    return Problem(
        freshness.value,
        DETAILS[freshness],
        headers={"Retry-After": str(RETRY_AFTER_S)} if is_passing else None,
        extra={"definite": True, **({"retry_after_s": RETRY_AFTER_S} if is_passing else {})},
    )


CONSISTENCY = Parameter(
    "consistency",
    '"linearizable": the answer holds everything that was final, on any node, before it was asked '
    'for; not with a proof. "local", the default: as this node has it, which may be behind.',
    {"type": "string", "enum": list(LEVELS), "default": LOCAL},
)
READ_TIMEOUT = Parameter(
    "timeout",
    "Seconds to wait, with `consistency=linearizable`; 5 if not given.",
    {"type": "number", "minimum": 0, "maximum": 60},
)
PARAMETERS = (CONSISTENCY, READ_TIMEOUT)
DESCRIPTION = (
    "The answer is about the state after block `height`. With `consistency=linearizable` that holds "
    "everything which was final anywhere before the request came; 503 says that this could not be "
    "confirmed in time, 422 that this node has no vote, 501 that the network's engine cannot."
)
PROBLEMS = (422, 501, 503)
"""Statuses of the refusals above."""
