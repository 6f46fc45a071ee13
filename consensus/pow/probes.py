"""Rare situations that a replica counts: a campaign that never met one has not tested it."""

PROBES: tuple[str, ...] = (
    "fork_seen",  # two blocks with one parent
    "tie_met",  # a branch as heavy as the adopted one
    "reorganised",  # the head moved to another branch
    "reorganised_deep",  # and more than one block was undone
    "orphan_held",  # a block came before its parent
    "branch_located",  # a tip was told whose branch was not known
    "bodies_wanted",  # a heavier branch was fetched
    "retargeted",  # a block with another target than its parent
    "restarted_ahead",  # a restart with a heavier branch stored than the ledger had adopted
)
"""Inside the bound all of them can happen, given every kind of fault."""

COUNTERS: tuple[str, ...] = (
    *PROBES,
    "branch_refuted",  # a block that could not be executed went, and all above it
    "branches_forgotten",  # the lightest branches went because there were too many
    "content_refused",  # a block with wrong content went
    "foreign_body",  # a body was not the one that its header names
    "future_held",  # a block waits for its time
    "headers_continued",  # more headers of a long branch were asked for
    "source_shunned",  # who sent no bodies twice is not asked for a while
)
"""Everything that a replica counts."""
