"""What a chain of agreements counts, and names: a campaign that never met a probe has not tested it.

A counter starts at 0 with every start of the replica, and a refusal never counts.
"""

from consensus.chaining.keeper import Role

PROBES: tuple[str, ...] = (
    "reopened",  # a restart with an instance that was not over
    "learned_late",  # a height was decided by what another member told
    "offered_adopted",  # a height was decided by what the host fetched
    "observing",  # a restart without the journal
)
COUNTERS: tuple[str, ...] = (
    *PROBES,
    "decided",  # a height with a value
    "nulls",  # a height that orders nothing
    "tossed",  # an instance asked for a coin
)
"""Everything that a chain counts, whatever the agreement."""
ROLES: tuple[str, ...] = tuple(role.value for role in Role)
"""What stands in the place of a phase where no instance runs."""
