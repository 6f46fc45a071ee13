"""The committee, and who stood behind each of the latest blocks: a grid of members and heights."""

from collections.abc import Sequence
from dataclasses import dataclass

from ledger.leaves import MembershipState
from node.api.backend import ValidatorView, name_replica
from node.api.fields import spell_address
from node.diagnosis.facts import Member, Presence
from node.web.views.blocks import BlockFacts


@dataclass(frozen=True, slots=True)
class Cell:
    """What is known of one member at one height: `mark` for the eye, `text` for every reader."""

    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member; `cells` go with the heights of the grid, `voted` counts the seals that name it."""

    name: str
    address: str
    is_leader: bool
    link: str
    link_tone: str
    cells: tuple[Cell, ...]
    voted: int
    led: int


@dataclass(frozen=True, slots=True)
class CommitteeView:
    """The grid, and what the ledger says of the committee; `next_text` tells of a change to come."""

    faults: int
    members: tuple[MemberRow, ...]
    heights: tuple[int, ...]
    seals_bear_votes: bool
    has_seals: bool
    since: int
    next_text: str | None
    votes: tuple[str, ...]


LINKS = {
    Presence.SELF: ("this node", ""),
    Presence.LINKED: ("linked", "good"),
    Presence.SILENT: ("silent", "bad"),
    Presence.UNREACHABLE: ("no link", "bad"),
}
"""What each presence is called, and how it looks."""
LED_AND_VOTED = Cell("led-voted", "led and voted")
LED = Cell("led", "led")
MADE = Cell("led", "made it")
VOTED = Cell("voted", "voted")
SIGNED = Cell("signed", "signed the certificate")
ABSENT = Cell("absent", "not in the seal")
NOTHING = Cell("nothing", "not told")


def judge_cell(replica: int, address: str, facts: BlockFacts) -> Cell:
    """What a block's proofs say of a member. Whoever is missing may have voted a little later."""
    votes = facts.votes
    led = votes.leader == replica or (facts.author is not None and facts.author.address == address)
    if votes.voters is None:
        if led:
            return MADE if votes.view is None else LED
        return SIGNED if votes.signers and replica in votes.signers else NOTHING
    if replica in votes.voters:
        return LED_AND_VOTED if led else VOTED
    return LED if led else ABSENT


def make_committee(
    validators: Sequence[ValidatorView],
    standings: Sequence[Member],
    membership: MembershipState,
    blocks: Sequence[BlockFacts],
) -> CommitteeView:
    """The committee over these blocks, which come oldest first."""
    presences = {one.replica: one.presence for one in standings}
    bears_votes = any(one.votes.voters is not None for one in blocks)
    has_seals = any(one.votes.view is not None for one in blocks)
    return CommitteeView(
        faults=membership.faults,
        members=tuple(
            _make_member(one, presences.get(one.replica, Presence.UNREACHABLE), blocks)
            for one in validators
        ),
        heights=tuple(one.height for one in blocks),
        seals_bear_votes=bears_votes,
        has_seals=has_seals,
        since=membership.since,
        next_text=_tell_next(membership),
        votes=tuple(_tell_votes(membership)),
    )


def _make_member(one: ValidatorView, presence: Presence, blocks: Sequence[BlockFacts]) -> MemberRow:
    address = spell_address(one.public_key)
    link, tone = LINKS[presence]
    cells = tuple(judge_cell(one.replica, address, block) for block in blocks)
    return MemberRow(
        name=one.name,
        address=address,
        is_leader=one.is_leader,
        link=link,
        link_tone=tone,
        cells=cells,
        voted=sum(cell in (VOTED, LED_AND_VOTED) for cell in cells),
        led=sum(cell in (LED, MADE, LED_AND_VOTED) for cell in cells),
    )


def _tell_next(membership: MembershipState) -> str | None:
    if (scheduled := membership.scheduled) is None:
        return None
    names = ", ".join(map(name_replica, scheduled.members))
    return f"above height {scheduled.height:,}: {names}, for {scheduled.faults} faults"


def _tell_votes(membership: MembershipState) -> list[str]:
    return [
        f"{name_replica(cast.voter)} wants "
        + " and ".join(
            [
                *([f"{spell_address(cast.add)} added"] if cast.add else []),
                *([f"{spell_address(cast.remove)} removed"] if cast.remove else []),
            ]
        )
        + f", for {cast.faults} faults"
        for cast in membership.votes
    ]
