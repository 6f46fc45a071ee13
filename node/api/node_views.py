"""What a person asks of a node first: status, peers, validators, mempool, engine, genesis."""

from typing import Any

from aiohttp import web

from ledger.leaves import CastVote, MembershipState
from node.api.backend import ForksView
from node.api.node_models import (
    BranchAnswer,
    CommitteeVoteAnswer,
    EngineAnswer,
    FindingAnswer,
    ForksAnswer,
    MempoolAnswer,
    NextCommitteeAnswer,
    PeerAnswer,
    PeersAnswer,
    SamplesAnswer,
    StandingAnswer,
    StatusAnswer,
    ValidatorAnswer,
    ValidatorsAnswer,
)
from node.api.queries import read_choice
from node.api.routing import Api, Parameter, Route, answer
from node.pulse import PERIODS_MS, Sample, Span


async def serve_status(api: Api, _request: web.Request) -> web.Response:
    """Who this is and where it stands."""
    status = api.backend.status()
    return answer(
        StatusAnswer(
            **{
                name: getattr(status, name) for name in status.__struct_fields__ if name != "alarms"
            },
            ready=api.backend.ready()[0],
            alarms=list(status.alarms),
        )
    )


async def serve_peers(api: Api, _request: web.Request) -> web.Response:
    """Connected peers."""
    peers = [PeerAnswer.model_validate(one) for one in api.backend.peers()]
    return answer(PeersAnswer(peers=peers))


async def serve_validators(api: Api, _request: web.Request) -> web.Response:
    """The committee."""
    members = [
        ValidatorAnswer(
            replica=one.replica,
            name=one.name,
            public_key=one.public_key,
            address=one.public_key,
            is_self=one.is_self,
            is_leader=one.is_leader,
            is_connected=one.is_connected,
        )
        for one in api.backend.validators()
    ]
    chain = api.backend.chain
    membership = chain.membership()
    return answer(
        ValidatorsAnswer(
            faults=membership.faults,
            validators=members,
            height=chain.height,
            since=membership.since,
            next=show_next(membership),
            votes=[show_vote(cast) for cast in membership.votes],
        )
    )


def show_next(membership: MembershipState) -> NextCommitteeAnswer | None:
    """The change that is carried and not in force yet."""
    if (scheduled := membership.scheduled) is None:
        return None
    return NextCommitteeAnswer(
        since=scheduled.height, faults=scheduled.faults, replicas=list(scheduled.members)
    )


def show_vote(cast: CastVote) -> CommitteeVoteAnswer:
    """One vote for another committee."""
    return CommitteeVoteAnswer(
        replica=cast.voter, add=cast.add or None, remove=cast.remove or None, faults=cast.faults
    )


async def serve_mempool(api: Api, _request: web.Request) -> web.Response:
    """How full the mempool is."""
    return answer(MempoolAnswer.model_validate(api.backend.mempool_view()))


async def serve_engine(api: Api, _request: web.Request) -> web.Response:
    """What the engine does, and why it is not moving if it is not."""
    view = api.backend.engine_view()
    return answer(
        EngineAnswer(
            engine=view.engine,
            replica=view.replica,
            phase=view.phase,
            view=view.view,
            leader=view.leader,
            height=view.height,
            waiting_for=view.waiting_for,
            needed=view.needed,
            heard=list(view.heard),
            silent=list(view.silent),
            in_phase_ms=view.in_phase_ms,
            quorum=view.quorum,
            headline=view.findings[0].text,
            findings=[FindingAnswer.model_validate(one) for one in view.findings],
            members=[StandingAnswer.model_validate(one) for one in view.members],
            counters=dict(view.counters),
            forks=None if view.forks is None else show_forks(view.forks),
        )
    )


def show_forks(view: ForksView) -> ForksAnswer:
    """What the engine measures of its tree, and what is kept of it."""
    measures = view.measures
    return ForksAnswer(
        branches=[
            BranchAnswer(
                tip=branch.tip,
                height=branch.height,
                fork_height=branch.fork_height,
                work=str(branch.work),
                adopted=branch.is_adopted,
                stored=branch.is_stored,
            )
            for branch in measures.branches
        ],
        stale_blocks=measures.stale_blocks,
        fork_rates={str(window): rate for window, rate in measures.fork_rates.items()},
        reorganisations={str(depth): count for depth, count in measures.reorganisations.items()},
        orphans=measures.orphans,
        difficulty=str(measures.difficulty),
        hash_rate_per_s=measures.hash_rate_per_s,
        interval_ms=measures.interval_ms,
        finality_ms=measures.finality_ms,
        side_blocks=view.side_blocks,
        side_blocks_max=view.side_blocks_max,
        side_bytes=view.side_bytes,
        side_bytes_max=view.side_bytes_max,
    )


async def serve_samples(api: Api, request: web.Request) -> web.Response:
    """How fast this node was, in columns."""
    span = Span(read_choice(request, "span", tuple(Span)) or Span.MINUTES)
    samples = api.backend.samples(span)
    columns: dict[str, Any] = {
        name: [getattr(one, name) for one in samples] for name in Sample.__struct_fields__
    }
    return answer(SamplesAnswer(span=span, period_ms=PERIODS_MS[span], **columns))


async def serve_genesis(api: Api, _request: web.Request) -> web.Response:
    """The genesis document, from which the chain id is computed."""
    text = api.backend.chain.genesis.to_json()
    return web.Response(body=text.encode(), content_type="application/json")


TAG = "node"
ROUTES = (
    Route(
        "GET",
        "/v1/status",
        serve_status,
        "Who this is and where it stands.",
        {200: StatusAnswer},
        TAG,
    ),
    Route("GET", "/v1/peers", serve_peers, "Connected peers.", {200: PeersAnswer}, TAG),
    Route(
        "GET", "/v1/validators", serve_validators, "The committee.", {200: ValidatorsAnswer}, TAG
    ),
    Route(
        "GET", "/v1/mempool", serve_mempool, "How full the mempool is.", {200: MempoolAnswer}, TAG
    ),
    Route(
        "GET",
        "/v1/engine",
        serve_engine,
        "The engine's own view, and why it is not moving if it is not.",
        {200: EngineAnswer},
        TAG,
    ),
    Route(
        "GET",
        "/v1/samples",
        serve_samples,
        "How fast this node was: throughput, latency and heights over time.",
        {200: SamplesAnswer},
        TAG,
        parameters=(
            Parameter(
                "span",
                "The last ten minutes by the second, or the last day by the minute.",
                {"type": "string", "enum": [*Span], "default": Span.MINUTES.value},
            ),
        ),
    ),
    Route(
        "GET",
        "/v1/genesis",
        serve_genesis,
        "The genesis document.",
        {200: "application/json"},
        TAG,
    ),
)
