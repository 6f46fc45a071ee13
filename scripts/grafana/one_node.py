"""One node: what it does, what it waits for, and which part of it is slow."""

from collections.abc import Sequence

from grafana_foundation_sdk.models.dashboard import Dashboard

from scripts.grafana.board import make_board
from scripts.grafana.panels import Limits, Panel, Query, Row, graph, names, number
from scripts.grafana.promql import (
    greatest,
    occurring,
    or_zero,
    pick,
    quantile,
    rate,
    total,
)


def make_one_node() -> Dashboard:
    """Everything about one node."""
    rows = [
        Row("How it stands", [*list_standing(), *list_queues()]),
        Row("Work: where its time goes", list_work()),
        Row("Clients", list_clients()),
        Row("Peers", [*list_peers(), *list_traffic()]),
        Row("Machine", list_machine()),
    ]
    return make_board(
        "quorate-node",
        "Quorate: one node",
        "What a node does, what it waits for, and which part of it is slow.",
        rows,
        one_node=True,
    )


def list_standing() -> Sequence[Panel]:
    """What `quorate status` says."""
    return [
        names(
            "State",
            "Starting, catching-up, ready or stopping. A node that stays in catching-up fetches"
            " what it missed; see 'Heights behind'.",
            Query(f"{pick('quorate_state')} == 1", "{{state}}"),
            span=4,
        ),
        names(
            "Software",
            "Version, engine and Python of this node; all nodes of a network should have one version.",
            Query(pick("quorate_build_info"), "{{version}}, {{engine}}, Python {{python}}"),
            span=6,
        ),
        number(
            "Answers",
            "Whether Prometheus reaches it. 'down': look at its process and at node.log.",
            "none",
            Query('up{job="quorate", network="$network", node=~"$node"}', "up"),
            words={"0": "down", "1": "up"},
            span=3,
        ),
        number(
            "Votes",
            "Whether it is in the committee now. A follower verifies and serves, and never votes.",
            "none",
            Query(pick("quorate_is_member"), "member"),
            words={"0": "follower", "1": "validator"},
            span=3,
        ),
        number(
            "Final height",
            "Its last irreversible block.",
            "none",
            Query(pick("quorate_final_height"), "height"),
        ),
        number(
            "Heights behind",
            "By how much believable peers are ahead. Growing: it cannot keep up, see 'Work'.",
            "none",
            Query(pick("quorate_behind_heights"), "behind"),
            limits=Limits(warning=5, alarm=50),
        ),
    ]


def list_queues() -> Sequence[Panel]:
    """What waits in it."""
    return [
        graph(
            "Heights",
            "Head: the tip it builds on. Final: irreversible. Certified: a quorum has signed the"
            " block's id, which is what light clients verify (0 with proof of work).",
            "none",
            Query(pick("quorate_head_height"), "head"),
            Query(pick("quorate_final_height"), "final"),
            Query(pick("quorate_certified_height"), "certified"),
        ),
        graph(
            "Mempool",
            "What waits here, and how much of it could be in the next block; the rest waits for a"
            " nonce before it.",
            "none",
            Query(pick("quorate_mempool_transactions"), "waiting"),
            Query(pick("quorate_mempool_executable_transactions"), "executable"),
        ),
        graph(
            "Queues inside",
            "Work that has arrived and was not done yet. One that only grows names the bottleneck.",
            "none",
            Query(pick("quorate_engine_event_queue"), "engine events"),
            Query(pick("quorate_engine_effects_withheld"), "effects before a sync"),
            Query(pick("quorate_verification_backlog"), "signatures"),
            Query(pick("quorate_gossip_waiting"), "gossip"),
            Query(pick("quorate_bodies_missing"), "missing bodies"),
            Query(pick("quorate_submissions_waiting"), "clients at the door"),
        ),
    ]


def list_work() -> Sequence[Panel]:
    """Processor, disk, signatures."""
    return [
        graph(
            "Processor by stage",
            "Processor seconds a second by stage of the work. The tallest is what to make cheaper.",
            "percentunit",
            Query(
                occurring(total(rate("quorate_stage_seconds_total"), "stage"), "stage"),
                "{{stage}}",
            ),
            stacked=True,
        ),
        graph(
            "Block execution",
            "Time to execute one block and write it to the store. Near the block interval the node"
            " falls behind.",
            "s",
            Query(quantile(0.5, "quorate_block_execution_seconds"), "p50"),
            Query(quantile(0.99, "quorate_block_execution_seconds"), "p99"),
        ),
        graph(
            "Synced writes, p99",
            "Journal: before each vote leaves. Mempool log: before each acknowledgement. Above some"
            " ten milliseconds the disk is what limits the node. 0: nothing was written (with proof"
            " of work there are no votes).",
            "s",
            Query(or_zero(quantile(0.99, "quorate_journal_sync_seconds")), "journal"),
            Query(or_zero(quantile(0.99, "quorate_mempool_sync_seconds")), "mempool log"),
        ),
        graph(
            "Signature checks",
            "Signatures verified a second. A node verifies each once in its life.",
            "ops",
            Query(total(rate("quorate_verification_batch_size_sum")), "signatures"),
        ),
        graph(
            "Signatures per batch",
            "Larger batches cost less each; they grow by themselves under load. 0: none checked.",
            "none",
            Query(or_zero(quantile(0.5, "quorate_verification_batch_size")), "p50"),
            Query(or_zero(quantile(0.95, "quorate_verification_batch_size")), "p95"),
        ),
        graph(
            "Event loop lag",
            "How late it runs what is due. Above a tenth of a second it is overloaded.",
            "s",
            Query(quantile(0.5, "quorate_event_loop_lag_seconds"), "p50"),
            Query(quantile(0.99, "quorate_event_loop_lag_seconds"), "p99"),
        ),
    ]


def list_clients() -> Sequence[Panel]:
    """The HTTP API."""
    return [
        graph(
            "Requests by route",
            "What clients ask for.",
            "reqps",
            Query(
                occurring(total(rate("quorate_http_requests_total"), "route"), "route"), "{{route}}"
            ),
        ),
        graph(
            "Requests by status",
            "4xx: the client is wrong, or told to wait (429). 5xx: this node is; read its log.",
            "reqps",
            Query(
                occurring(total(rate("quorate_http_requests_total"), "status"), "status"),
                "{{status}}",
            ),
        ),
        graph(
            "Time to answer",
            "All routes together, those that wait for finality included.",
            "s",
            Query(quantile(0.5, "quorate_http_request_seconds"), "p50"),
            Query(quantile(0.99, "quorate_http_request_seconds"), "p99"),
        ),
    ]


def list_peers() -> Sequence[Panel]:
    """The others as seen from here."""
    return [
        graph(
            "Links to members",
            "1 while there is a link to that member of the committee. 0 from here alone: the line"
            " between the two; 0 from everywhere: that member is down.",
            "none",
            Query(pick("quorate_member_connected"), "{{member}}"),
            top=1,
        ),
        graph(
            "Round trip to members",
            "The last heartbeat's. Far above its usual value: that line or that node is overloaded.",
            "s",
            Query(pick("quorate_member_latency_seconds"), "{{member}}"),
        ),
        graph(
            "Members behind this node",
            "How far below ours the height is that they told last. One that only grows does not"
            " follow: look at that node.",
            "none",
            Query(pick("quorate_member_behind_heights"), "{{member}}"),
        ),
    ]


def list_traffic() -> Sequence[Panel]:
    """What goes between it and its peers."""
    return [
        graph(
            "Frames by kind",
            "Frames from and to peers.",
            "ops",
            Query(
                occurring(total(rate("quorate_peer_frames_total"), "kind", "direction"), "kind"),
                "{{kind}} {{direction}}",
            ),
        ),
        graph(
            "Waiting to be sent",
            "Bytes in the queues to all peers, by lane. Consensus goes first; a lane that stays"
            " full loses frames.",
            "bytes",
            Query(pick("quorate_peer_queue_bytes"), "{{lane}}"),
        ),
        graph(
            "Given up or refused",
            "Frames that a full queue gave up on, and what peers said or did that was refused."
            " Refusals from one peer over and over: it is faulty, or no friend.",
            "ops",
            Query(
                occurring(total(rate("quorate_peer_frames_dropped_total"), "lane"), "lane"),
                "dropped: {{lane}}",
            ),
            Query(
                occurring(total(rate("quorate_peer_refusals_total"), "reason"), "reason"),
                "refused: {{reason}}",
            ),
        ),
        graph(
            "Requests to peers",
            "Bodies and blocks asked for, by outcome. Timeouts: a peer is overloaded or gone.",
            "ops",
            Query(
                occurring(total(rate("quorate_peer_requests_total"), "kind", "outcome"), "outcome"),
                "{{kind}} {{outcome}}",
            ),
        ),
        graph(
            "Penalty points",
            "Misbehaviour added up; they halve each minute, and at 100 a peer is shut out for one.",
            "none",
            Query(greatest(pick("quorate_peer_penalty_points_max")), "worst peer"),
            Query(pick("quorate_peers_banned"), "peers shut out"),
        ),
        graph(
            "Calls that failed",
            "Calls to peers that did not end in a link. Steady ones: a wrong address or a dead peer.",
            "ops",
            Query(
                occurring(total(rate("quorate_peer_dial_failures_total"), "reason"), "reason"),
                "{{reason}}",
            ),
        ),
    ]


def list_machine() -> Sequence[Panel]:
    """What the process takes of the machine."""
    return [
        graph(
            "Processor and collector",
            "Cores used, and how often Python's collector ran over the oldest objects.",
            "none",
            Query(rate("process_cpu_seconds_total"), "cores"),
            Query(rate("python_gc_collections_total", generation="2"), "full collections a second"),
            span=6,
        ),
        graph(
            "Memory",
            "Resident memory. Steady growth at steady load is worth a report.",
            "bytes",
            Query(pick("process_resident_memory_bytes"), "resident"),
            span=6,
        ),
        graph(
            "On disk",
            "The ledger's database, and the journal, which shrinks at each stable checkpoint.",
            "bytes",
            Query(pick("quorate_database_size_bytes"), "database"),
            Query(pick("quorate_journal_size_bytes"), "journal"),
            span=6,
        ),
        graph(
            "Open files and connections",
            "At its limit of open files a process can accept nobody: raise the limit (ulimit -n).",
            "none",
            Query(pick("process_open_fds"), "files"),
            Query(pick("quorate_http_connections"), "HTTP connections"),
            Query(pick("quorate_peers"), "peers"),
            span=6,
        ),
    ]
