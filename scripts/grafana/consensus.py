"""Consensus: what the engine does and waits for, and a row for each engine.

A row's queries keep only nodes that run its engine, so on a network of another one they are empty.
"""

from collections.abc import Sequence

from grafana_foundation_sdk.models.dashboard import Dashboard

from scripts.grafana.board import make_board
from scripts.grafana.panels import Limits, Panel, Query, Row, graph, names, number
from scripts.grafana.promql import (
    engine_is,
    greatest,
    increase,
    occurring,
    or_zero,
    pick,
    rate,
    total,
)

CHANGES = "quorate_engine_view_changes_total"


def make_consensus() -> Dashboard:
    """The engines."""
    rows = [
        Row("Every engine", [*list_common(), *list_common_graphs()]),
        Row("PBFT", list_pbft()),
        Row("Multi-Paxos", list_paxos()),
        Row(
            "Common subset, liars",
            [*list_chained("acs", "Common subset"), *list_coins("acs", "Common subset")],
        ),
        Row("Common subset, crashes", list_chained("benor", "Ben-Or")),
        Row("Proof of work", list_pow()),
    ]
    return make_board(
        "quorate-consensus",
        "Quorate: consensus",
        "What the engine does and waits for. A row stays empty on networks of another engine.",
        rows,
    )


def list_common() -> Sequence[Panel]:
    """What every engine tells."""
    return [
        names(
            "What they do now",
            "The engine's own phase on each node. All in one that waits, for long: see 'Voices'.",
            Query(f"{pick('quorate_engine_phase')} == 1", "{{node}}: {{phase}}"),
            span=12,
        ),
        number(
            "Committee",
            "How many decide: the members in office now.",
            "none",
            Query(greatest(pick("quorate_committee_size")), "members"),
            span=3,
        ),
        number(
            "Faults it stands",
            "So many members may fail and the others still decide.",
            "none",
            Query(greatest(pick("quorate_committee_faults")), "faults"),
            span=3,
        ),
        number(
            "Quorum",
            "So many members must take part in every decision.",
            "none",
            Query(greatest(pick("quorate_committee_quorum")), "members"),
            span=3,
        ),
        number(
            "Best heard",
            "Members that the best-connected node hears. Below the quorum nothing is decided: start"
            " validators again, or heal the network.",
            "none",
            Query(greatest(pick("quorate_members_heard")), "members"),
            span=3,
        ),
    ]


def list_common_graphs() -> Sequence[Panel]:
    """What every engine does, over time."""
    return [
        graph(
            "Since anything moved",
            "Seconds since phase, view or height changed on each node. Long while transactions wait:"
            " `quorate status --why` names the cause.",
            "s",
            Query(pick("quorate_engine_phase_age_seconds"), "{{node}}"),
        ),
        graph(
            "Voices",
            "What the present step needs, and what it has. Below the need for long: the members"
            " that are missing are the cause.",
            "none",
            Query(pick("quorate_engine_voices_heard"), "{{node}} heard"),
            Query(greatest(pick("quorate_engine_voices_needed")), "needed"),
        ),
        graph(
            "What the engines count",
            "Each engine's own counters; consensus/README.md says what they mean.",
            "ops",
            Query(
                occurring(total(rate("quorate_engine_events_total"), "event"), "event"), "{{event}}"
            ),
        ),
        graph(
            "Messages by kind",
            "Said to each receiver, over all nodes. Far above the formula of the engine's page:"
            " messages are lost and said again.",
            "ops",
            Query(
                occurring(
                    total(rate("quorate_engine_messages_total", direction="out"), "kind"), "kind"
                ),
                "{{kind}}",
            ),
        ),
        graph(
            "Bytes by kind",
            "The same in bytes.",
            "Bps",
            Query(
                occurring(
                    total(rate("quorate_engine_message_bytes_total", direction="out"), "kind"),
                    "kind",
                ),
                "{{kind}}",
            ),
        ),
        graph(
            "Refused messages",
            "Messages an engine had no use for, by reason. Old ones are normal after a change of"
            " view; bad signatures or contradictions are not.",
            "ops",
            Query(
                occurring(total(rate("quorate_engine_ignored_total"), "refusal"), "refusal"),
                "{{refusal}}",
            ),
        ),
    ]


def graph_views(engine: str, word: str) -> Panel:
    """Views or ballots of an engine."""
    return graph(
        f"{word} of each node",
        "All nodes should agree; a step is a change of leader.",
        "none",
        Query(engine_is(engine, pick("quorate_engine_view")), "{{node}}"),
    )


def graph_changes(engine: str, title: str, description: str) -> Panel:
    """Changes of leader by cause."""
    changes = total(engine_is(engine, increase(CHANGES)), "cause")
    return graph(
        title,
        description,
        "none",
        Query(changes, "{{cause}}"),
        stacked=True,
    )


def graph_leader(engine: str, title: str) -> Panel:
    """Who leads, as each node knows of itself."""
    return graph(
        title,
        "1 on the node that leads. Two at once: a change is under way, or the old one has not heard"
        " of it; nobody for long: see the causes beside.",
        "none",
        Query(engine_is(engine, pick("quorate_engine_leads")), "{{node}}"),
        top=1,
    )


def list_waiting(engine: str, word: str) -> Sequence[Panel]:
    """What is written, and what waits to be executed or certified."""
    return [
        graph(
            f"{word}: journal writes",
            "Synced writes a second over all nodes; those of a moment share one.",
            "ops",
            Query(total(engine_is(engine, rate("quorate_journal_sync_seconds_count"))), "writes"),
        ),
        graph(
            f"{word}: certified behind final",
            "Heights that are final and have no checkpoint certificate yet. It stays within the"
            " checkpoint interval while a quorum answers.",
            "none",
            Query(
                engine_is(
                    engine,
                    f"{pick('quorate_final_height')} - {pick('quorate_certified_height')}",
                ),
                "{{node}}",
            ),
        ),
        graph(
            f"{word}: decided, not executed",
            "Decided heights that wait for their turn or for bodies. Growing: execution is slower"
            " than agreement.",
            "none",
            Query(engine_is(engine, pick("quorate_decisions_waiting")), "{{node}}"),
        ),
    ]


def list_chained(engine: str, word: str) -> Sequence[Panel]:
    """An engine that runs one agreement per height."""
    events = "quorate_engine_events_total"
    return [
        graph(
            f"{word}: round of each node",
            "The round that the agreement on the next height is in. It starts anew with every height;"
            " growing for long: too few members take part, or links are slower than it assumes.",
            "none",
            Query(engine_is(engine, pick("quorate_engine_view")), "{{node}}"),
        ),
        graph(
            f"{word}: how heights were decided",
            "`decided`: with values, `nulls`: without. Of these `learned_late` were told by another"
            " member, `offered_adopted` were fetched: many of them name a node that does not keep up.",
            "ops",
            Query(
                total(
                    engine_is(
                        engine, rate(events, event="decided|nulls|learned_late|offered_adopted")
                    ),
                    "event",
                ),
                "{{event}}",
            ),
        ),
        graph(
            f"{word}: why there was a second try",
            "`tossed`: no value had enough votes, and a coin ended the round; `reopened`: a restart"
            " with an agreement under way; `observing`: a restart without its journal.",
            "none",
            Query(
                total(
                    engine_is(engine, increase(events, event="tossed|reopened|observing")), "event"
                ),
                "{{event}}",
            ),
            stacked=True,
        ),
        *list_waiting(engine, word),
    ]


def list_coins(engine: str, word: str) -> Sequence[Panel]:
    """An engine that tosses common coins."""
    buckets = total(engine_is(engine, rate("quorate_coin_seconds_bucket")), "le")
    return [
        graph(
            f"{word}: shares of coins",
            "Members' shares of common coins by what became of them. `coin-known`: more than were"
            " needed. `coin-bad-…`: a member lies, or has another network's share: its log and the"
            " others' name it. `coin-early`, `coin-stale`: the member is far ahead, or behind.",
            "ops",
            Query(
                total(engine_is(engine, rate("quorate_coin_shares_total")), "outcome"),
                "{{outcome}}",
            ),
        ),
        graph(
            f"{word}: time to a coin",
            "From asking for a common coin to seeing it: mostly the wait for f others to ask too."
            " Above half a second: shares are lost, or members are missing.",
            "s",
            *(
                Query(or_zero(f"histogram_quantile({share:g}, {buckets})"), f"p{share * 100:g}")
                for share in (0.5, 0.95)
            ),
        ),
        graph(
            f"{word}: coins not seen yet",
            "Coins that each node asked for and waits for. Staying above zero: see `quorate status"
            " --why` there for whose shares are missing.",
            "none",
            Query(engine_is(engine, pick("quorate_coins_open")), "{{node}}"),
        ),
    ]


def list_pbft() -> Sequence[Panel]:
    """PBFT."""
    return [
        graph_views("pbft", "View"),
        graph_changes(
            "pbft",
            "Why views were left",
            "Views that were left. `primary-silent`: it failed or is cut off; `primary-censors`: it"
            " passes over transactions; `view-not-opened`: the next one failed too. A few after a"
            " fault are right; a steady stream is a storm: timeouts too short, or links too slow.",
        ),
        graph_leader("pbft", "The primary"),
        *list_waiting("pbft", "PBFT"),
    ]


def list_paxos() -> Sequence[Panel]:
    """Multi-Paxos."""
    return [
        graph_views("paxos", "Ballot"),
        graph_changes(
            "paxos",
            "Why ballots were left",
            "Ballots that were left. `leader-suspected`: the detector lost the leader; `outvoted`:"
            " somebody took a higher ballot. Many in a row are duelling proposers: look for links"
            " that fail in one direction.",
        ),
        graph_leader("paxos", "The leader"),
        graph(
            "Suspicions",
            "Changes of the failure detector's mind. Corrections soon after suspicions: its timeout"
            " is too short for these links.",
            "none",
            Query(
                total(engine_is("paxos", increase("quorate_detector_suspicions_total")), "reason"),
                "{{reason}}",
            ),
            Query(
                total(engine_is("paxos", increase("quorate_detector_corrections_total"))),
                "corrected",
            ),
        ),
        graph(
            "Linearizable reads",
            "Reads as of now, by outcome. `unconfirmed`: nobody led for too long.",
            "reqps",
            Query(total(engine_is("paxos", rate("quorate_reads_total")), "outcome"), "{{outcome}}"),
        ),
        graph(
            "Time of such a read",
            "From the question to a confirmed height that is executed here. 0: nobody asked.",
            "s",
            *(
                Query(
                    engine_zero(share),
                    f"p{share * 100:g}",
                )
                for share in (0.5, 0.95)
            ),
        ),
    ]


def engine_zero(share: float) -> str:
    """A quantile of the times of linearizable reads."""
    buckets = total(engine_is("paxos", rate("quorate_read_seconds_bucket")), "le")
    return or_zero(f"histogram_quantile({share:g}, {buckets})")


def list_pow() -> Sequence[Panel]:
    """Proof of work."""
    return [
        graph(
            "Difficulty",
            "Hashes that the next block takes on average; it follows the hash rate window by window.",
            "none",
            Query(
                greatest(engine_is("pow", pick("quorate_difficulty_hashes"))), "hashes per block"
            ),
        ),
        graph(
            "Hash rate",
            "The network's, as the pace of blocks says, and what the mining processes report.",
            "Hs",
            Query(greatest(engine_is("pow", pick("quorate_network_hash_rate"))), "network"),
            Query(engine_is("pow", pick("quorate_mining_hash_rate")), "{{node}}"),
        ),
        graph(
            "Mean block interval",
            "Over the latest blocks. Far from the interval of the genesis: the hash rate changed,"
            " and the difficulty will follow.",
            "s",
            Query(
                greatest(engine_is("pow", pick("quorate_block_interval_mean_seconds"))), "interval"
            ),
        ),
        graph(
            "Blocks found",
            "Proofs found in time, by node: in proportion to their hash rates in the long run.",
            "none",
            Query(engine_is("pow", increase("quorate_mining_proofs_total")), "{{node}}"),
            stacked=True,
        ),
        graph(
            "Mining processes",
            "Processes that are up, and those that ended and were replaced. Many replaced ones: the"
            " machine kills them, perhaps for want of memory.",
            "none",
            Query(engine_is("pow", pick("quorate_mining_workers")), "{{node}} up"),
            Query(total(engine_is("pow", increase("quorate_mining_replaced_total"))), "replaced"),
        ),
        number(
            "Fork rate",
            "Stale blocks among all over the latest heights. High: blocks come too fast for these"
            " links; see the dashboard of forks.",
            "percentunit",
            Query(greatest(engine_is("pow", pick("quorate_fork_rate"))), "fork rate"),
            limits=Limits(warning=0.05, alarm=0.2),
            span=8,
        ),
    ]
