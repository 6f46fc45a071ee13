"""Rare situations that a replica counts: a campaign that never met one has not tested it.

A counter starts at 0 with every start of the replica, and a refusal never counts.
"""

PROBES: tuple[str, ...] = (
    "leader_suspected",  # the failure detector spoke against the leader
    "leader_unheard",  # its own look told a replica that its leader is none
    "leader_idle",  # a leader that lives let work wait
    "suspicion_withdrawn",  # a suspected leader was heard after all
    "candidacies_failed",  # a candidate tried again
    "preempted",  # a candidate or leader met a higher ballot
    "resigned",  # a leader noticed that no majority answers, or that nothing moves
    "led",  # phase 1 was finished
    "imposed",  # phase 1 found what had to be proposed again
    "highest_ballot_won",  # entries of several ballots clashed at one height
    "nulls",  # a hole was filled
    "learned_late",  # a height was decided by what another member told
    "offered_adopted",  # a height was decided by what the host fetched
    "restarted_accepted",  # a restart with an accepted value above the ledger
    "observing",  # a restart without the journal
)

COUNTERS: tuple[str, ...] = (
    *PROBES,
    "decided",  # a height with a value
    "candidacies",  # this replica asked for support
    "reads",  # a reader here was told a height
    "reads_relayed",  # and one of another member
    "restarted",  # a restart with a journal
    "committee_changed",  # another committee took office
)
"""Everything that a replica counts."""
