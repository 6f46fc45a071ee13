"""Getting what was missed, first the headers.

Links lose messages, so every replica says its tip once in a while. Whoever does not know that tip
answers with a locator: ids of its own branch, dense near the tip and ever thinner towards the root
(Bitcoin's `getheaders`). What comes back is a run of headers from the last common block. Headers are
judged, proofs and targets included, before a single body is asked for (`bodies`).
"""

from collections.abc import Generator, Iterator

from consensus.block import Header
from consensus.committee import ReplicaId
from consensus.effects import Broadcast, Effect, Ignore, Send, SetTimer
from consensus.events import Elapsed, Timer
from consensus.pow.arriving import take_orphans
from consensus.pow.bodies import fetch_more, give_up_waiting, want_bodies
from consensus.pow.header_rules import check_header
from consensus.pow.knowing import add_header, refuse_header
from consensus.pow.messages import HEADERS_MAX, LOCATOR_MAX, Headers, Locate
from consensus.pow.refusals import Refusal
from consensus.pow.replica import Replica, ignore
from consensus.pow.work import compute_id, is_well_formed

RESEND: Timer = ("resend",)


def on_elapsed(replica: Replica, event: Elapsed) -> Iterator[Effect]:
    """Time to say where this replica stands, and to ask again for what did not come."""
    if event.timer != RESEND:
        yield Ignore(event, Refusal.UNKNOWN)
        return
    replica.answered.clear()
    replica.located.clear()
    give_up_waiting(replica)
    head = replica.grown.head
    if head.height:
        yield Broadcast(Headers((head.header,)))
    yield from fetch_more(replica, replica.source)
    yield SetTimer(RESEND, replica.parameters.resend_ms)


def on_locate(replica: Replica, sender: ReplicaId, message: Locate) -> Iterator[Effect]:
    """Somebody asks what follows on its branch."""
    if len(message.locator) > LOCATOR_MAX:
        return ignore(message, Refusal.TOO_MANY)
    if refusal := replica.refuse_question(sender, message):
        return ignore(message, refusal)
    tree = replica.grown
    common = next((i for i in message.locator if tree.is_on_chain(i)), tree.chain[0])
    first = tree.nodes[common].height + 1
    following = tree.chain[first : first + HEADERS_MAX]
    if not following:
        return ignore(message, Refusal.NOTHING_NEW)
    replica.note_answered(sender, message)
    headers = tuple(tree.nodes[block_id].header for block_id in following)
    return iter((Send(sender, Headers(headers)),))


def on_headers(replica: Replica, sender: ReplicaId, message: Headers) -> Iterator[Effect]:
    """A run of headers, or a tip."""
    headers = message.headers
    if len(headers) > HEADERS_MAX or not headers:
        yield Ignore(message, Refusal.TOO_MANY)
        return
    if headers[0].parent not in replica.grown.nodes:
        yield from ask_headers(replica, sender, message)
        return
    before = len(replica.grown.nodes)
    refusal = yield from add_headers(replica, headers)
    is_new = len(replica.grown.nodes) > before
    asks = [*want_bodies(replica, sender)]
    if is_new and len(headers) == HEADERS_MAX:
        replica.count("headers_continued")
        asks.append(Send(sender, Locate(replica.grown.make_locator())))
    yield from asks
    if refusal or not (is_new or asks):
        yield Ignore(message, refusal or Refusal.NOTHING_NEW)


def ask_headers(replica: Replica, sender: ReplicaId, message: Headers) -> Iterator[Effect]:
    """A tip on an unknown branch: ask for the branch, if the tip itself took work."""
    header = message.headers[0]
    refusal = Refusal.BAD_FORM if not is_well_formed(header) else None
    refusal = refusal or check_header(header, compute_id(header), replica.parameters)
    if refusal or sender in replica.located:
        yield Ignore(message, refusal or Refusal.ANSWERED)
        return
    replica.located.add(sender)
    replica.count("branch_located")
    yield Send(sender, Locate(replica.grown.make_locator()))


def add_headers(
    replica: Replica, headers: tuple[Header, ...]
) -> Generator[Effect, None, Refusal | None]:
    """Judge and know headers in order, up to the first bad one; returns why that is bad."""
    tree = replica.grown
    for header in headers:
        if not is_well_formed(header) or header.parent not in tree.nodes:
            return Refusal.BAD_FORM
        block_id = compute_id(header)
        if block_id in tree.nodes:
            continue
        refusal = check_header(header, block_id, replica.parameters)
        refusal = refusal or refuse_header(replica, block_id, header)
        if refusal:
            return refusal
        yield from add_header(replica, block_id, header)
        if block_id not in tree.nodes:
            return Refusal.TREE_FULL
        yield from take_orphans(replica, block_id)
    return None
