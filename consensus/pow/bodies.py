"""Getting bodies: of the heaviest branch that is known, some at a time.

Only a branch that is known to be heavier than the adopted one is fetched: to make a replica store
something, one has to outwork its chain. One peer is asked at a time, who told of it. If it was asked
twice and nothing came, the others are heard first: or else whoever tells of headers and keeps the
bodies could hold a replica back for ever.
"""

from collections.abc import Iterator

from consensus.committee import ReplicaId
from consensus.effects import Effect, Send, Share
from consensus.pow.messages import WANTED_MAX, Want
from consensus.pow.refusals import Refusal
from consensus.pow.replica import Replica, ignore


def want_bodies(replica: Replica, sender: ReplicaId) -> Iterator[Effect]:
    """Ask for the lowest missing bodies of the heaviest branch, if it is heavier than the own."""
    tree = replica.grown
    if sender in replica.shunned or tree.nodes[tree.best].work <= tree.head.work:
        return
    missing = tree.list_missing(WANTED_MAX)
    asked = [i for i in missing if i not in replica.wanted and i not in replica.storing]
    if not asked:
        return
    replica.source = sender
    replica.wanted.update(asked)
    replica.count("bodies_wanted")
    yield Send(sender, Want(tuple(asked)))


def fetch_more(replica: Replica, sender: ReplicaId | None) -> Iterator[Effect]:
    """Go on with the heaviest branch, once no body is under way; `sender` is said to hold it."""
    if sender is None or replica.wanted - replica.grown.stored:
        return
    yield from want_bodies(replica, sender)


def give_up_waiting(replica: Replica) -> None:
    """Time to ask again: another one, if the last one asked was asked twice and sent nothing."""
    stored = replica.grown.stored
    if replica.source is None or any(i in stored or i in replica.storing for i in replica.wanted):
        replica.shunned.clear()
        replica.is_source_late = False
    elif replica.wanted and replica.is_source_late:
        replica.count("source_shunned")
        replica.shunned.add(replica.source)
        replica.source, replica.is_source_late = None, False
    elif replica.wanted:
        replica.is_source_late = True
    replica.wanted.clear()


def on_want(replica: Replica, sender: ReplicaId, message: Want) -> Iterator[Effect]:
    """Somebody asks for blocks."""
    if len(message.block_ids) > WANTED_MAX:
        return ignore(message, Refusal.TOO_MANY)
    if refusal := replica.refuse_question(sender, message):
        return ignore(message, refusal)
    held = [i for i in dict.fromkeys(message.block_ids) if i in replica.grown.connected]
    held = [i for i in held if replica.grown.nodes[i].height]
    if not held:
        return ignore(message, Refusal.UNWANTED)
    replica.note_answered(sender, message)
    return iter([Share(i, sender) for i in held])
