"""Rare situations that a replica counts: a campaign that never met one has not tested it.

A counter starts at 0 with every start of the replica, and a refusal never counts. Each name says
what has happened; whoever counts it says why it matters.
"""

from consensus.message import NULL_DIGEST
from consensus.pbft.messages import NewView
from consensus.pbft.replica import Phase, Replica

PROBES: tuple[str, ...] = (
    "certificate_carried",  # a new view was entered that imposes a value from a certificate
    "null_imposed",  # a new view was entered that imposes a null
    "view_skipped",  # a view that never opened was given up
    "view_joined",  # a view was left because f + 1 others had left it
    "suspicion_withdrawn",  # a suspected primary went on after all
    "censor_suspected",  # work was passed over for too long
    "equivocation_seen",  # a replica said two things that exclude each other
    "checkpoint_overtaken",  # a checkpoint became stable above what was decided here
    "window_full",  # a primary had to wait for a checkpoint before it could propose
    "value_fetched",  # a value that had to be asked for came
    "decision_adopted",  # a height was decided by what another replica told
    "offered_adopted",  # a height was decided by what the host fetched
    "restarted_prepared",  # a restart with a prepared certificate above the ledger
    "restarted_changing",  # a restart in the middle of a view change
    "journal_ahead",  # a restart with a checkpoint above the ledger
    "ledger_ahead",  # a restart with votes on heights that the ledger holds already
    "observing",  # a restart without the journal
    "observer_freed",  # a replica that had lost its journal votes again
)
"""Inside the bound all of them can happen, given every kind of fault; two take a faulty primary:
`equivocation_seen` and, mostly, `censor_suspected`."""

COUNTERS: tuple[str, ...] = (
    *PROBES,
    "decided",  # a height with a value
    "nulls",  # a height without one
    "suspicions",  # this replica said that it suspects the primary
    "view_changes",  # it left a view
    "views_entered",  # it entered one that was opened
    "committee_changed",  # another committee took office
)
"""Everything that a replica counts."""


def count_imposed(replica: Replica, new_view: NewView) -> None:
    """What the view that was just entered has taken over from earlier ones."""
    digests = {proposal.body.digest for proposal in new_view.proposals}
    if NULL_DIGEST in digests:
        replica.count("null_imposed")
    if digests - {NULL_DIGEST}:
        replica.count("certificate_carried")


def count_restart(replica: Replica) -> None:
    """In what state the journal and the ledger have survived; both are read by now."""
    certified = [height for height, slot in replica.slots.items() if slot.certificate]
    if max(certified, default=0) > replica.decided:
        replica.count("restarted_prepared")
    if replica.phase is Phase.CHANGING:
        replica.count("restarted_changing")
    if max((replica.stable, *replica.own_checkpoints)) > replica.applied:
        replica.count("journal_ahead")
    if min(replica.slots, default=replica.applied + 1) <= replica.applied:
        replica.count("ledger_ahead")
