"""The former committee's last checkpoint is stable: the present one begins (see `membership`)."""

from collections.abc import Iterator

from consensus.effects import Broadcast, Effect, Rewrite
from consensus.message import Signed
from consensus.pbft.claims import compute_standing
from consensus.pbft.journal import durable_records
from consensus.pbft.membership import retire
from consensus.pbft.replica import Phase, Replica, Role
from consensus.pbft.returning import seek_return
from consensus.pbft.view_change import compute_view_change


def end_handover(replica: Replica) -> Iterator[Effect]:
    """With a stable checkpoint at the former committee's last height, enter the first view.

    `Rewrite` makes the ledger durable up to that height before anything is said: no restart finds
    a promise to a committee that its ledger does not know. Who comes late asks for the open view.
    """
    former = replica.former
    assert former is not None
    if replica.stable < former.height:
        return
    replica.handing_over = False
    if replica.phase is Phase.NORMAL:  # the new view itself brought the proof
        return
    is_voter = replica.role is Role.VOTER
    replica.new_view = None
    replica.view_change = compute_view_change(replica) if is_voter else None
    yield Rewrite(durable_records(replica))
    if is_voter:
        assert replica.me is not None
        yield Broadcast(Signed(replica.me, replica.view_change))
        yield Broadcast(compute_standing(replica, asks=True))
    elif replica.role is Role.OBSERVER:
        yield from seek_return(replica)
    else:
        retire(replica)
