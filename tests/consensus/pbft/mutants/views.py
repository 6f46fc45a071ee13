"""Bugs of view changes, checkpoints and catching up: what is carried over, and on whose word."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec.structs import replace

from consensus import certificates
from consensus.committee import Committee, Former, View
from consensus.effects import Broadcast, Effect, Persist
from consensus.message import NULL_DIGEST, Height, Signed
from consensus.pbft import checkpoint, journal, normal_case, quorums, returning, view_change
from consensus.pbft.messages import (
    Checkpoint,
    CheckpointCertificate,
    Commit,
    CommitSeal,
    NewView,
    PreparedCertificate,
    Proposal,
    ViewChange,
)
from consensus.pbft.refusals import Refusal
from consensus.pbft.replica import Phase, Replica, Role, Slot
from consensus.simulation.request import Request
from tests.consensus.mutants.planting import Ground, Mutant, Plant
from tests.consensus.pbft.mutants.voting import SPLITS


def hide_certificates(ground: Ground) -> None:
    """View changes say that nothing was prepared."""
    compute = view_change.compute_view_change

    def bare(replica: Replica) -> ViewChange:
        return replace(compute(replica), prepared=())

    ground.swap(compute, bare)


def prefer_lowest_view(ground: Ground) -> None:
    """Of several certificates for a height, the one of the lowest view is taken."""

    def compute(
        view: View, view_changes: Iterable[Signed[ViewChange]]
    ) -> tuple[Height, tuple[Proposal, ...]]:
        changes = [signed.body for signed in view_changes]
        lowest = max(change.stable for change in changes)
        found = [c.proposal.body for change in changes for c in change.prepared]
        falling = sorted(found, key=lambda body: body.view, reverse=True)
        chosen = {body.height: body.digest for body in falling if body.height > lowest}
        heights = range(lowest + 1, max(chosen, default=lowest) + 1)
        return lowest, tuple(Proposal(view, h, chosen.get(h, NULL_DIGEST)) for h in heights)

    ground.swap(quorums.compute_proposals, compute)


def trust_certificates(ground: Ground) -> None:
    """Certificates inside view changes are not examined."""

    def believe(_certificate: PreparedCertificate, _committee: Committee) -> bool:
        return True

    ground.swap(quorums.is_prepared, believe)


def trust_new_views(ground: Ground) -> None:
    """Backups do not compute again what a new view has to propose."""

    def believe(
        signed: Signed[NewView],
        committee: Committee,
        window: int,
        interval: int,
        former: Former | None = None,
    ) -> bool:
        changes = signed.body.view_changes
        return (
            signed.signer == committee.primary(signed.body.view)
            and len(changes) >= committee.quorum
            and certificates.has_distinct_members(changes, committee)
            and all(change.body.view == signed.body.view for change in changes)
            and all(
                quorums.is_valid_view_change(change, committee, window, interval, former)
                for change in changes
            )
            and all(proposal.signer == signed.signer for proposal in signed.body.proposals)
            and all(proposal.body.view == signed.body.view for proposal in signed.body.proposals)
        )

    ground.swap(quorums.is_valid_new_view, believe)


def open_with_weak_quorum(ground: Ground) -> None:
    """f + 1 view changes open a view."""

    def is_valid(
        signed: Signed[NewView],
        committee: Committee,
        window: int,
        interval: int,
        former: Former | None = None,
    ) -> bool:
        body = signed.body
        _, expected = quorums.compute_proposals(body.view, body.view_changes)
        return (
            signed.signer == committee.primary(body.view)
            and len(body.view_changes) >= committee.weak_quorum
            and certificates.has_distinct_members(body.view_changes, committee)
            and all(change.body.view == body.view for change in body.view_changes)
            and all(
                quorums.is_valid_view_change(change, committee, window, interval, former)
                for change in body.view_changes
            )
            and tuple(proposal.body for proposal in body.proposals) == expected
        )

    def announce(replica: Replica) -> Iterator[Effect]:
        if replica.role is not Role.VOTER or replica.phase is not Phase.CHANGING:
            return
        if replica.me != replica.primary or replica.new_view is not None:
            return
        asking = tuple(
            signed
            for _, signed in sorted(replica.view_changes.items())
            if signed.body.view == replica.view
        )
        if len(asking) >= replica.committee.weak_quorum:
            _, proposals = quorums.compute_proposals(replica.view, asking)
            signed_proposals = tuple(Signed(replica.me, proposal) for proposal in proposals)
            replica.new_view = Signed(replica.me, NewView(replica.view, asking, signed_proposals))
            yield Persist(replica.new_view)
            yield Broadcast(replica.new_view)

    ground.swap(quorums.is_valid_new_view, is_valid)
    ground.swap(view_change.announce_new_view, announce)


def commit_after_leaving(ground: Ground) -> None:
    """Who has asked for a later view still commits in the one it left."""
    advance = normal_case.advance

    def go_on(replica: Replica, height: Height, slot: Slot) -> Iterator[Effect]:
        accepted = slot.accepted
        if replica.phase is Phase.CHANGING and replica.role is Role.VOTER and accepted:
            body, quorum = accepted.proposal.body, replica.committee.quorum
            prepares = slot.matching_prepares(body)[: quorum - 1]
            if slot.certificate_view < body.view and len(prepares) + 1 >= quorum:
                slot.certificate = PreparedCertificate(accepted.proposal, tuple(prepares))
                yield Persist(slot.certificate)
                assert replica.me is not None
                yield Broadcast(Signed(replica.me, Commit(body.view, height, body.digest)))
        yield from advance(replica, height, slot)

    def refuse_less(replica: Replica, sender: int, vote: Signed[Any]) -> Refusal | None:
        view = vote.body.view
        is_left = replica.phase is Phase.CHANGING and view == replica.view - 1
        if is_left and vote.signer == sender != replica.committee.primary(view):
            return normal_case.refuse_height(replica, vote.body.height)
        return refuse_prepare(replica, sender, vote)

    refuse_prepare = normal_case.refuse_prepare
    ground.swap(refuse_prepare, refuse_less)
    ground.swap(advance, go_on)


def stabilise_with(count: str) -> Plant:
    """So many checkpoint votes make a checkpoint stable."""

    def plant(ground: Ground) -> None:
        def is_enough(replica: Replica, body: Checkpoint) -> Iterator[Effect]:
            votes = replica.checkpoints[body.height]
            equal = [votes[signer] for signer in sorted(votes) if votes[signer].body == body]
            if len(equal) >= needed(replica.committee):
                certificate = CheckpointCertificate(tuple(equal))
                yield from checkpoint.accept_certificate(replica, certificate)

        def judge(certificate: Any, committee: Committee) -> tuple[Height, bytes] | None:
            votes = certificate.votes
            if len(votes) < needed(committee) or not certificates.has_distinct_members(
                votes, committee
            ):
                return None
            if any(vote.body != votes[0].body for vote in votes):
                return None
            return votes[0].body.height, votes[0].body.block_id

        def needed(committee: Committee) -> int:
            return 1 if count == "one" else committee.weak_quorum

        ground.swap(checkpoint.stabilise, is_enough)
        ground.swap(quorums.judge_certificate, judge)

    return plant


def vote_too_early(ground: Ground) -> None:
    """Who lost its journal votes again from the first stable checkpoint on."""

    def become_voter(replica: Replica) -> None:
        if replica.role is Role.OBSERVER and replica.stable:
            replica.role = Role.VOTER

    ground.swap(returning.become_voter, become_voter)


def ignore_high_mark(ground: Ground) -> None:
    """Replicas propose and vote above the high water mark; view changes carry what lies below."""
    compute = view_change.compute_view_change

    def refuse_height(replica: Replica, height: Height) -> Refusal | None:
        return Refusal.BELOW_WINDOW if height <= replica.floor else None

    def compute_within(replica: Replica) -> ViewChange:
        change = compute(replica)
        high = replica.stable + replica.parameters.window
        kept = tuple(c for c in change.prepared if c.proposal.body.height <= high)
        return replace(change, prepared=kept)

    ground.put(Replica, "ceiling", property(lambda self: 1 << 40))
    ground.swap(normal_case.refuse_height, refuse_height)
    ground.swap(compute, compute_within)


def trust_seals(ground: Ground) -> None:
    """Decided heights are taken from anybody, without judging their seals."""

    def believe(
        _seal: CommitSeal, _height: Height, values: tuple[bytes, ...], _committee: Committee
    ) -> bool:
        return len(values) <= 1

    ground.swap(quorums.judge_seal, believe)


def forget_restored_view(ground: Ground) -> None:
    """A restarted replica stands in view 0, whatever its journal says."""
    restore = journal.restore_record

    def restore_less(replica: Replica, record: Any) -> None:
        if not isinstance(record, ViewChange) and not isinstance(record, Signed):
            restore(replica, record)

    ground.swap(restore, restore_less)


MUTANTS = (
    Mutant(
        "hides-certificates",
        "view changes carry no prepared certificates",
        SPLITS,
        hide_certificates,
    ),
    Mutant(
        "lowest-view-wins",
        "a new view takes the certificate of the lowest view for each height, not of the highest",
        SPLITS,
        prefer_lowest_view,
    ),
    Mutant(
        "trusts-certificates",
        "the certificates in view changes are not verified again",
        (*SPLITS, "bounded-progress", "just-accusation"),
        trust_certificates,
    ),
    Mutant(
        "trusts-new-views",
        "backups accept whatever a new primary proposes in its new view",
        (*SPLITS, "engine-error"),
        trust_new_views,
        Request(faulty=1, faults=("byzantine", "network")),
    ),
    Mutant(
        "opens-with-f-plus-1",
        "f + 1 view changes are enough to open a view",
        SPLITS,
        open_with_weak_quorum,
        Request(nodes=6, faults=("network", "crash-recovery")),
    ),
    Mutant(
        "commits-after-leaving",
        "a replica commits in the view that it has asked to leave",
        ("one-vote", *SPLITS),
        commit_after_leaving,
    ),
    Mutant(
        "checkpoint-of-one",
        "a replica's own vote makes a checkpoint stable",
        ("no-divergence", "bounded-progress", *SPLITS),
        stabilise_with("one"),
    ),
    Mutant(
        "checkpoint-of-f-plus-1",
        "f + 1 votes make a checkpoint stable",
        ("no-divergence", "bounded-progress", *SPLITS),
        stabilise_with("weak"),
    ),
    Mutant(
        "votes-too-early",
        "who lost its journal votes again before a checkpoint covers its old votes",
        ("one-vote", *SPLITS),
        vote_too_early,
    ),
    Mutant(
        "ignores-high-mark",
        "nothing keeps replicas from voting above the high water mark",
        SPLITS,
        ignore_high_mark,
        Request(
            faults=("network",),
            parameters={"checkpoint_interval": 2, "window": 4, "pipeline": 2},
        ),
    ),
    Mutant(
        "trusts-seals",
        "catching up takes decided heights without judging their seals",
        (*SPLITS, "validity"),
        trust_seals,
    ),
    Mutant(
        "forgets-its-view",
        "a restarted replica stands in view 0, whatever its journal says",
        ("one-vote", "just-accusation", *SPLITS, "bounded-progress"),
        forget_restored_view,
    ),
)
