"""The home dashboard: is the network alive, how fast is it, and what is in its way."""

from collections.abc import Sequence

from grafana_foundation_sdk.models.dashboard import Dashboard

from scripts.grafana.board import make_board
from scripts.grafana.panels import Limits, Panel, Query, Row, graph, number
from scripts.grafana.promql import (
    greatest,
    increase,
    occurring,
    pick,
    quantile,
    rate,
    total,
)

OUTCOMES = "final|failed"
FINAL = "quorate_submit_to_final_seconds"
INCLUDED = "quorate_submit_to_included_seconds"
COUNTED = total(rate("quorate_transactions_total", outcome=OUTCOMES), "node")
PACE = f"quantile(0.5, {COUNTED})"
"""The median of what nodes count: one that catches up counts old transactions again."""


def make_overview() -> Dashboard:
    """One network at a glance."""
    rows = [
        Row("Is it alive?", list_vital_signs()),
        Row("Throughput and latency", list_paces()),
        Row("Blocks", list_blocks()),
        Row("What waits, and what was turned away", list_queues()),
        Row("Nodes", list_nodes()),
    ]
    return make_board(
        "quorate-overview",
        "Quorate: network overview",
        "Is the network alive, how fast is it, and what is in its way. Start here.",
        rows,
    )


def list_vital_signs() -> Sequence[Panel]:
    """What a person asks first."""
    missing = "max (quorate_members_expected{%s} - quorate_members_connected{%s})"
    chosen = 'network="$network"'
    return [
        number(
            "Final height",
            "Blocks that nothing can undo. If it stands still while transactions wait, look at"
            " 'Validators missing', then at the consensus dashboard for what is waited for.",
            "none",
            Query(greatest(pick("quorate_final_height")), "height"),
        ),
        number(
            "Throughput",
            "Transactions a second that became final, as the median node counts them.",
            "reqps",
            Query(PACE, "tx/s"),
        ),
        number(
            "Time to final, p95",
            "Of 100 transactions 95 are final sooner than this after their node accepted them."
            " If it grows, look at the mempool (too much load), then at the nodes (one is slow).",
            "s",
            Query(quantile(0.95, FINAL), "p95"),
            limits=Limits(warning=5, alarm=30),
        ),
        number(
            "Validators missing",
            "Members of the committee that no node has a link with. Start them again"
            " (`quorate testnet restart N`), or heal the network between them.",
            "none",
            Query(missing % (chosen, chosen), "missing"),
            limits=Limits(warning=1, alarm=2),
        ),
        number(
            "Safety alarms",
            "Proofs of misbehaviour of a validator, and nodes whose block differs from a certified"
            " one. Anything but 0 needs a person: keep the logs, find the validator and its key.",
            "none",
            Query(
                f"{total(pick('quorate_evidence_total'))} + {total(pick('quorate_divergence'))}",
                "alarms",
            ),
            limits=Limits(alarm=1),
        ),
        number(
            "Alerts firing",
            "Alert rules whose condition holds now; Prometheus's page /alerts says what to do.",
            "none",
            Query('count (ALERTS{network="$network", alertstate="firing"}) or vector(0)', "firing"),
            limits=Limits(warning=1, alarm=3),
        ),
    ]


def list_paces() -> Sequence[Panel]:
    """How much, and how soon."""
    return [
        graph(
            "Transactions by outcome",
            "Final: executed for good. Failed: executed, fee used, the receipt says why. Skipped:"
            " in a block, but not fit when it came up. Dropped: left the mempool without a block."
            " If failures grow, ask the clients; drops are explained by 'Drops by reason'.",
            "reqps",
            Query(
                "quantile by (outcome) (0.5, "
                f"{total(rate('quorate_transactions_total'), 'node', 'outcome')})",
                "{{outcome}}",
            ),
        ),
        graph(
            "From submission to final",
            "Measured where the transaction was submitted, until its block was irreversible there.",
            "s",
            *(Query(quantile(share, FINAL), f"p{share * 100:g}") for share in (0.5, 0.95, 0.99)),
        ),
        graph(
            "From submission to a block",
            "The same until the transaction was in a block. A gap to 'final' is the engine's own"
            " price: confirmations of proof of work, nothing where blocks are final at once.",
            "s",
            *(Query(quantile(share, INCLUDED), f"p{share * 100:g}") for share in (0.5, 0.95)),
        ),
        graph(
            "Submissions by answer",
            "What clients sent, over all nodes. Many 'rejected': see the reasons below. Many"
            " 'known': clients send the same bytes again, which costs nothing but time.",
            "reqps",
            Query(total(rate("quorate_submissions_total"), "outcome"), "{{outcome}}"),
            stacked=True,
        ),
        graph(
            "Height",
            "Head and final height of each node. A line that stays below the others is a node that"
            " is behind; all lines flat with a filled mempool is a network that stands still.",
            "none",
            Query(pick("quorate_final_height"), "{{node}} final"),
            Query(greatest(pick("quorate_head_height")), "highest head"),
        ),
        graph(
            "Since the last block",
            "Seconds since the head of each node changed. It rises without end where nothing is"
            " decided; that is rest if nothing waits, and a standstill otherwise.",
            "s",
            Query(pick("quorate_head_age_seconds"), "{{node}}"),
        ),
    ]


def list_blocks() -> Sequence[Panel]:
    """What blocks look like."""
    return [
        graph(
            "Block interval",
            "Time between two final blocks, over all nodes. Spikes in step with view changes are"
            " leaders that failed.",
            "s",
            Query(quantile(0.5, "quorate_block_interval_seconds"), "p50"),
            Query(quantile(0.95, "quorate_block_interval_seconds"), "p95"),
        ),
        graph(
            "Transactions per block",
            "Near the limit means that blocks are full: more load only waits longer.",
            "none",
            Query(quantile(0.5, "quorate_block_transactions"), "p50"),
            Query(quantile(0.95, "quorate_block_transactions"), "p95"),
            Query(greatest(pick("quorate_block_transactions_max")), "limit"),
            log=True,
        ),
        graph(
            "Block size",
            "Bytes of the transactions of a block.",
            "bytes",
            Query(quantile(0.5, "quorate_block_size_bytes"), "p50"),
            Query(quantile(0.95, "quorate_block_size_bytes"), "p95"),
        ),
    ]


def list_queues() -> Sequence[Panel]:
    """Where is my transaction."""
    share = "{} / {}".format
    return [
        graph(
            "Mempool",
            "Transactions that wait for a block. It should breathe; if it only grows, the load is"
            " above what the network can order.",
            "none",
            Query(pick("quorate_mempool_transactions"), "{{node}}"),
        ),
        graph(
            "Mempool fill",
            "The fuller of its two limits, count and bytes. At 100 % clients are told to come back"
            " later (429): slow them down, or raise the limits in config.toml.",
            "percentunit",
            Query(
                greatest(
                    share(
                        pick("quorate_mempool_transactions"),
                        pick("quorate_mempool_transactions_max"),
                    ),
                    "node",
                ),
                "{{node}} count",
            ),
            Query(
                greatest(
                    share(pick("quorate_mempool_bytes"), pick("quorate_mempool_bytes_max")), "node"
                ),
                "{{node}} bytes",
            ),
        ),
        graph(
            "Oldest transaction",
            "How long the oldest one has waited. If it grows while blocks come, that transaction"
            " pays too little or waits for a nonce before it.",
            "s",
            Query(pick("quorate_mempool_oldest_age_seconds"), "{{node}}"),
        ),
        graph(
            "Rejections by reason",
            "Turned away from clients, with the reason they were told. `mempool-full`: too much"
            " load; `tx-…`: the client is wrong.",
            "reqps",
            Query(
                occurring(total(rate("quorate_mempool_rejections_total"), "reason"), "reason"),
                "{{reason}}",
            ),
            span=12,
        ),
        graph(
            "Drops by reason",
            "Left the mempool without a block: expired, replaced, evicted by better-paying ones.",
            "reqps",
            Query(
                occurring(total(rate("quorate_mempool_drops_total"), "reason"), "reason"),
                "{{reason}}",
            ),
            span=12,
        ),
    ]


def list_nodes() -> Sequence[Panel]:
    """Which node is behind."""
    return [
        graph(
            "Answers to Prometheus",
            "1 while a node answers. 0: its process is down, paused or overloaded; its log is"
            " node.log in its home folder.",
            "none",
            Query('up{job="quorate", network="$network", node=~"$node"}', "{{node}}"),
            top=1,
        ),
        graph(
            "Heights behind",
            "By how much believable peers are ahead. A node that catches up falls to 0; one that"
            " does not is slower than the network: see its own dashboard.",
            "none",
            Query(pick("quorate_behind_heights"), "{{node}}"),
        ),
        graph(
            "Members heard",
            "Members of the committee that a node has heard within five seconds, itself included."
            " Nothing is decided while every node hears fewer than the quorum.",
            "none",
            Query(pick("quorate_members_heard"), "{{node}}"),
            Query(greatest(pick("quorate_committee_quorum")), "quorum"),
        ),
        graph(
            "Traffic by kind",
            "Bytes that nodes send each other. Bodies of transactions dominate under load.",
            "Bps",
            Query(
                occurring(total(rate("quorate_peer_bytes_total", direction="out"), "kind"), "kind"),
                "{{kind}}",
            ),
            stacked=True,
        ),
        graph(
            "Processor",
            "Cores that each node's process uses; one Python process has little use of more than"
            " one and a half.",
            "none",
            Query(rate("process_cpu_seconds_total"), "{{node}}"),
        ),
        graph(
            "Memory",
            "Resident memory. Steady growth at steady load is worth a report.",
            "bytes",
            Query(pick("process_resident_memory_bytes"), "{{node}}"),
        ),
        graph(
            "Links made and ended",
            "Changes of links to peers. Many a minute: an unsteady line, or a node that restarts.",
            "none",
            Query(
                total(increase("quorate_peer_links_total"), "node", "change"), "{{node}} {{change}}"
            ),
        ),
        graph(
            "Event loop, p99 lag",
            "How late a node runs what is due. Above a tenth of a second it is overloaded: less"
            " load, fewer nodes per core, or a faster machine.",
            "s",
            Query(quantile(0.99, "quorate_event_loop_lag_seconds", "node"), "{{node}}"),
        ),
        graph(
            "Disk free",
            "Share of the file system of the data folder. A node whose disk is full ends itself"
            " rather than vote without a record: make room before that.",
            "percentunit",
            Query(
                f"{pick('quorate_disk_free_bytes')} / {pick('quorate_disk_size_bytes')}", "{{node}}"
            ),
            top=1,
        ),
    ]
