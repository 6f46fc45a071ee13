"""Proof of work with the heaviest branch (Nakamoto 2008), as Bitcoin has it.

Model: delays D far below the interval T between blocks; open membership; an adversary with less
than half of all work. Bound: q < 1/2 (with some slack for D/T: Garay, Kiayias and Leonardos 2015).
Agreement is a matter of chance: replicas may differ in their last blocks, and differ below z others
with the chance in `finality`. Nothing bounds that chance while links are cut: each side mines on,
and if both go on for longer than `depth` blocks, both finalize, and one of them was wrong.

The argument. The honest outwork the adversary, and each block that spreads before the next is found
adds to one branch only. So branches that fork k blocks back fall behind exponentially in k; whoever
holds the heaviest branch that it knows holds, but for the last blocks, what everybody holds (common
prefix), and at least some of it is honest work (chain quality).

Cost: one flood per block, n(n-1) messages; a block is final after `depth` others, interval T each.

This module only routes:

work, compact, difficulty   names and proofs, targets, retargeting
header_rules, knowing       when a header is good
block_tree, orphans         branches by work; blocks whose parent is missing
arriving, growing           blocks come, are stored, adopted, final
fetching, bodies            headers first, then bodies; said again because links lose
mining, restart             what is mined on; standing up again
stale, measures             what became of branches, and how hard the network works
finality, selfish           what attacks yield, in closed form

Where it differs from Bitcoin: the hash is read big-endian and covers (core digest, claim), times are
in milliseconds, and a block is irreversible under `depth` others: an adversary with enough work can
split the network for good, and is noticed (`Diverge`), instead of rewriting what was final.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, assert_never

from consensus.block import TreeBlock
from consensus.committee import Committee, ReplicaId
from consensus.effects import Effect
from consensus.engine import Account
from consensus.events import (
    Applied,
    Checked,
    Elapsed,
    Event,
    Mined,
    Offered,
    Pending,
    Proposed,
    Read,
    Received,
    Refuted,
    Started,
    Stored,
    Suspected,
    Tossed,
    Trusted,
)
from consensus.fork_measures import ForkMeasures
from consensus.pow import accounting, arriving, bodies, fetching, growing, measures, restart
from consensus.pow.messages import Headers, Locate, Want
from consensus.pow.parameters import Parameters
from consensus.pow.refusals import Refusal
from consensus.pow.replica import Replica, ignore


@dataclass(slots=True)
class ProofOfWork:
    """The engine: one door over one record."""

    replica: Replica

    def react(self, event: Event) -> Iterator[Effect]:
        """One step: to the handler of the event."""
        replica = self.replica
        if replica.tree is None and not isinstance(event, Started):
            return ignore(event, Refusal.NOT_STARTED)
        match event:
            case Received():
                return self.route_message(event.sender, event.message)
            case Stored():
                return growing.on_stored(replica, event)
            case Applied():
                return growing.on_applied(replica, event)
            case Mined():
                return arriving.on_mined(replica, event)
            case Elapsed():
                return fetching.on_elapsed(replica, event)
            case Refuted():
                return growing.on_refuted(replica, event)
            case Started():
                return restart.on_started(replica, event)
            case Pending():
                return iter(())  # blocks are mined whether or not there is work
            case Proposed() | Checked() | Offered() | Suspected() | Trusted() | Read() | Tossed():
                return ignore(event, Refusal.UNKNOWN)
            case _:
                assert_never(event)

    def route_message(self, sender: ReplicaId, message: Any) -> Iterator[Effect]:
        """To the handler of the message; anybody may speak, for nobody is believed."""
        replica = self.replica
        match message:
            case TreeBlock():
                return arriving.on_block(replica, sender, message)
            case Headers():
                return fetching.on_headers(replica, sender, message)
            case Locate():
                return fetching.on_locate(replica, sender, message)
            case Want():
                return bodies.on_want(replica, sender, message)
            case _:
                return ignore(message, Refusal.UNKNOWN)


def create(me: ReplicaId | None, committee: Committee, parameters: Parameters) -> ProofOfWork:
    """A replica before its first event; without `me` it verifies and relays, and does not mine."""
    return ProofOfWork(Replica(me, committee, parameters))


def account(engine: ProofOfWork) -> Account:
    """What the engine says of itself."""
    return accounting.compute_account(engine.replica)


def measure(engine: ProofOfWork) -> ForkMeasures:
    """Branches, work and finality, as the engine's tree shows them."""
    return measures.compute_measures(engine.replica)
