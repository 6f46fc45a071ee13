"""Bugs of the normal case: whom a replica believes, what it counts, and when it decides."""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec.structs import replace

from consensus import certificates
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Effect
from consensus.message import Height, Signed
from consensus.pbft import deciding, normal_case, quorums, restart, values
from consensus.pbft.messages import Commit, Prepare, PreparedCertificate, PrePrepare, Proposal
from consensus.pbft.replica import Replica, Slot
from consensus.simulation.request import Request
from tests.consensus.mutants.planting import Ground, Mutant, Plant


def count_messages(ground: Ground) -> None:
    """A vote that comes again counts again."""
    add_vote = normal_case.add_vote

    def count(replica: Replica, slot: Slot, votes: dict[int, Any], vote: Any) -> Iterator[Effect]:
        known = votes.get(vote.signer)
        if known is None or known.body != vote.body:
            return add_vote(replica, slot, votes, vote)
        votes[-1 - len(votes)] = vote
        return normal_case.advance(replica, vote.body.height, slot)

    def are_members(votes: Any, committee: Committee) -> bool:
        return all(committee.is_member(vote.signer) for vote in votes)

    ground.swap(add_vote, count)
    ground.swap(certificates.has_distinct_members, are_members)


def believe_any_leader(ground: Ground) -> None:
    """Whoever proposes is taken for the primary."""
    refuse, is_prepared = normal_case.refuse_pre_prepare, quorums.is_prepared

    def refuse_less(replica: Replica, sender: ReplicaId, message: PrePrepare) -> Any:
        if message.proposal.signer != sender:
            return refuse(replica, sender, message)
        primary = replica.committee.primary(message.proposal.body.view)
        disguised = replace(message.proposal, signer=primary)
        return refuse(replica, primary, replace(message, proposal=disguised))

    def is_prepared_by_any(certificate: PreparedCertificate, committee: Committee) -> bool:
        proposal = certificate.proposal
        disguised = replace(proposal, signer=committee.primary(proposal.body.view))
        return is_prepared(replace(certificate, proposal=disguised), committee)

    ground.swap(refuse, refuse_less)
    ground.swap(is_prepared, is_prepared_by_any)


def prepare_any_digest(ground: Ground) -> None:
    """Prepares of a view and height count for whatever was proposed there."""

    def matching(self: Slot, proposal: Proposal) -> list[Signed[Prepare]]:
        return [v for _, v in sorted(self.prepares.items()) if v.body.view == proposal.view]

    def is_prepared(certificate: PreparedCertificate, committee: Committee) -> bool:
        body, prepares = certificate.proposal.body, certificate.prepares
        wanted = (body.view, body.height)
        return (
            certificate.proposal.signer == committee.primary(body.view)
            and len(prepares) + 1 >= committee.quorum
            and certificates.has_distinct_members(prepares, committee)
            and all((vote.body.view, vote.body.height) == wanted for vote in prepares)
        )

    ground.put(Slot, "matching_prepares", matching)
    ground.swap(quorums.is_prepared, is_prepared)


def commit_any_digest(ground: Ground) -> None:
    """Commits of a view and height count for whatever another one names."""

    def matching(self: Slot, wanted: Commit) -> list[Signed[Commit]]:
        found = [self.commits[r] for r in sorted(self.commits)]
        return sorted(
            (vote for vote in found if vote.body.view == wanted.view),
            key=lambda vote: vote.body != wanted,
        )

    ground.put(Slot, "matching_commits", matching)


def commit_at_once(ground: Ground) -> None:
    """Whoever prepares commits as well, without waiting for the prepares of others."""
    cast_prepare = normal_case.cast_prepare

    def cast_both(
        replica: Replica, height: Height, slot: Slot, signed: Signed[Proposal]
    ) -> Iterator[Effect]:
        yield from cast_prepare(replica, height, slot, signed)
        if slot.accepted_view == replica.view and replica.me is not None:
            vote = Commit(replica.view, height, signed.body.digest)
            yield Broadcast(Signed(replica.me, vote))

    ground.swap(cast_prepare, cast_both)


def is_second(known: Signed[Proposal], other: Signed[Proposal]) -> bool:
    """Does one leader propose two things in one view."""
    one, two = known.body, other.body
    return known.signer == other.signer and one.view == two.view and one != two


def accept_twice(ground: Ground) -> None:
    """A second proposal for a height replaces the first, and gets a vote too."""
    on_pre_prepare = normal_case.on_pre_prepare

    def forget_first(replica: Replica, sender: ReplicaId, message: PrePrepare) -> Iterator[Effect]:
        proposal = message.proposal.body
        slot = replica.slots.get(proposal.height)
        known = slot.proposal if slot else None
        if slot and known and is_second(known, message.proposal):
            slot.proposal = slot.accepted = None
        return on_pre_prepare(replica, sender, message)

    ground.swap(on_pre_prepare, forget_first)


def propose_twice(ground: Ground) -> None:
    """A restarted primary forgets which heights it has given away."""

    def next_height(replica: Replica) -> Height:
        return max(replica.decided, replica.stable, replica.imposed_to) + 1

    ground.swap(restart.compute_next_height, next_height)


def change_quorum(compute: Callable[[Committee], int]) -> Plant:
    """Another number of votes is enough."""

    def plant(ground: Ground) -> None:
        ground.put(Committee, "quorum", property(compute))

    return plant


def vote_unchecked(ground: Ground) -> None:
    """A replica votes for a value before its host has found it valid."""
    ground.put(Slot, "is_stored", Slot.has_value)


def trust_digests(ground: Ground) -> None:
    """A value is taken for the one that was signed, without hashing it."""

    def believe(_slot: Slot | None, _message: PrePrepare) -> bool:
        return True

    ground.swap(values.has_digest, believe)


def decide_out_of_order(ground: Ground) -> None:
    """A height is decided as soon as its commits are there, whatever lies below."""
    deliver = deciding.deliver

    def deliver_any(replica: Replica) -> Iterator[Effect]:
        for height in replica.undecided():
            slot = replica.slots[height]
            if slot.outcome and slot.is_stored(slot.outcome.digest):
                replica.decided = height - 1
                yield from deciding.decide(replica, height, slot, slot.outcome)
                return
        yield from deliver(replica)

    ground.swap(deliver, deliver_any)


SPLITS = ("agreement", "uniform-agreement")

MUTANTS = (
    Mutant(
        "counts-messages",
        "votes are counted by message, not by sender: one that comes twice counts twice",
        (*SPLITS, "bounded-progress"),
        count_messages,
    ),
    Mutant(
        "believes-any-leader",
        "a proposal is accepted from a replica that is not the primary",
        (*SPLITS, "just-accusation", "bounded-progress"),
        believe_any_leader,
    ),
    Mutant(
        "prepares-any-digest",
        "prepares are matched by view and height, not by digest",
        (*SPLITS, "validity", "bounded-progress"),
        prepare_any_digest,
    ),
    Mutant(
        "commits-any-digest",
        "commits are matched by view and height, not by digest",
        (*SPLITS, "bounded-progress"),
        commit_any_digest,
    ),
    Mutant(
        "commits-at-once",
        "a replica commits without a prepared certificate",
        SPLITS,
        commit_at_once,
    ),
    Mutant(
        "accepts-twice",
        "a second proposal of a view and height is accepted after another one",
        ("one-vote", *SPLITS),
        accept_twice,
    ),
    Mutant(
        "proposes-twice",
        "a restarted primary proposes again at heights that it had proposed at",
        ("one-vote", "just-accusation", *SPLITS),
        propose_twice,
    ),
    Mutant(
        "quorum-one-less",
        "one vote less than a quorum is enough",
        SPLITS,
        change_quorum(lambda committee: (committee.size + committee.faults) // 2),
    ),
    Mutant(
        "quorum-2f-plus-1",
        "2f + 1 votes are enough for any n: two quorums of five may share a liar alone",
        SPLITS,
        change_quorum(lambda committee: 2 * committee.faults + 1),
        Request(nodes=5),
    ),
    Mutant(
        "votes-unchecked",
        "a replica votes for a value that its host has not checked",
        ("validity",),
        vote_unchecked,
    ),
    Mutant(
        "trusts-digests",
        "a value is not hashed before it is taken for the one proposed",
        (*SPLITS, "bounded-progress"),
        trust_digests,
    ),
    Mutant(
        "decides-out-of-order",
        "a height is decided before the one below it",
        ("integrity", "prefix", *SPLITS),
        decide_out_of_order,
    ),
)
