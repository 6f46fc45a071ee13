"""The side of a simulated host that serves engines of block trees: a store of blocks, and a miner.

The virtual miner hashes nothing. Finding a block is a matter of chance without memory, so the time
to the next one is drawn from the exponential distribution whose mean follows from the host's share
of all hashing and from the target; a new template draws again, which changes nothing. What it orders
is chosen when it is found, as if the template had been kept fresh all the time. The proof is that of
the simulated work function, which nobody else is given.
"""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consensus.block import Template
from consensus.effects import Adopt, Finalize, Mine, Share, Store
from consensus.events import Applied, Mined, Refuted, Stored, Verdict
from consensus.simulation.chance import Chance
from consensus.simulation.history import ViolationError
from consensus.simulation.tree import TreeApplication

if TYPE_CHECKING:
    from consensus.simulation.host import Host

DRAWS = 1 << 53
TreeEffect = Mine | Store | Share | Adopt | Finalize


@dataclass(slots=True)
class Miner:
    """What one host mines on, and how fast."""

    template: Template | None = None
    number: int = 0
    """Which search is on; an older one has ended."""
    power_permille: int = 1_000
    """Hashes per second, as so many thousandths of what each member has by default: together they
    find one block per interval at the first target."""
    found: int = 0
    chance: Chance = field(default_factory=lambda: Chance(0))


def draw_exponential_ms(chance: Chance, mean_ms: float) -> int:
    """A time without memory, in whole milliseconds, at least one."""
    return max(round(-mean_ms * math.log((chance.below(DRAWS) + 1) / DRAWS)), 1)


def perform(host: "Host", effect: TreeEffect) -> None:
    """Do what an engine of block trees asks for; `Store` and `Mine` stay within the host."""
    match effect:
        case Mine(template):
            host.miner.template = template
            search(host)
        case Store():
            store(host, effect)
        case Share(block_id, to):
            host.share(to, find_ledger(host).get(block_id))
        case Adopt(block_id):
            if host.habits.apply_ms:
                host.around.later(host, host.habits.apply_ms, adopt, host, block_id)
            else:
                adopt(host, block_id)
        case Finalize(height, _):
            finalize(host, height)


def find_ledger(host: "Host") -> TreeApplication:
    """The host's ledger, as one that holds branches."""
    assert host.ledger is not None
    return host.ledger


def read_clock_ms(host: "Host") -> int:
    """The host's clock, which is off by as many milliseconds as its timers are by thousandths."""
    return max(host.around.now_ms + host.habits.drift_permille, 0)


def compute_ahead_ms(host: "Host", block_id: bytes) -> int:
    """How far a stored block's time lies ahead of the host's clock."""
    return find_ledger(host).get_time_ms(block_id) - read_clock_ms(host)


def store(host: "Host", effect: Store) -> None:
    """Judge a block's content, wait for its time, write it, and say so when it is durable."""
    verdict = find_ledger(host).check_block(effect.block)
    if verdict is not Verdict.VALID:
        host.feed(Stored(effect.block_id, verdict))
        return
    wait_ms = effect.since_ms - read_clock_ms(host)
    if wait_ms > 0:
        host.around.later(host, wait_ms, store, host, effect)
        host.feed(Stored(effect.block_id, Verdict.LATER))
        return
    if host.habits.check_ms:
        host.around.later(host, host.habits.check_ms, write, host, effect)
    else:
        write(host, effect)


def write(host: "Host", effect: Store) -> None:
    """Put the block on the disk."""
    ledger, engine = find_ledger(host), host.engine
    host.write(lambda: ledger.put(effect.block_id, effect.block))
    if host.engine is engine:
        host.follow_write(effect)


def confirm(host: "Host", effect: Store) -> None:
    """The block is durable."""
    host.feed(Stored(effect.block_id, Verdict.VALID))


def adopt(host: "Host", block_id: bytes) -> None:
    """Execute a branch, and say where the ledger stands now, or which block cannot be executed."""
    ledger = find_ledger(host)
    gained = compute_gain(host, block_id)
    adoption = ledger.adopt(block_id)
    if adoption.refuted is not None:
        host.has_refuted = True
        host.feed(Refuted(adoption.refuted))
        return
    host.around.note_adoption(host, block_id, adoption, gained)
    if adoption.fork < ledger.final:
        detail = f"host {host.name} undid height {ledger.final}, which it had finalized"
        raise ViolationError("finality", detail)
    host.feed(Applied(host.height, block_id, host.committee))
    host.tell_pending()


def compute_gain(host: "Host", block_id: bytes) -> int | None:
    """How much more work a stored branch has than the adopted one; None once a block was refuted.

    Then a branch has to be left, whatever its work.
    """
    if host.has_refuted:
        return None
    ledger, rules = find_ledger(host), host.spec.tree
    assert rules is not None
    gained, tips = 0, {block_id: 1, host.block_id: -1}
    while len(tips) == 2:
        name = max(tips, key=ledger.get_height)
        sign, header = tips.pop(name), ledger.get(name).header
        gained += sign * rules.count_hashes(header.claim)
        if header.parent in tips:
            return gained
        tips[header.parent] = sign
    return gained


def finalize(host: "Host", height: int) -> None:
    """A block is irreversible: from here on a client may be told."""
    ledger = find_ledger(host)
    if height != ledger.final + 1:
        detail = f"host {host.name} finalized {height} after {ledger.final}"
        raise ViolationError("integrity", detail)
    ledger.finalize(height)
    host.around.note_block(host, ledger.blocks[height - 1])


def search(host: "Host") -> None:
    """Look for a block on the template from here on."""
    miner, rules = host.miner, host.spec.tree
    miner.number += 1
    if miner.template is None or not miner.power_permille:
        return
    assert rules is not None
    hashes = rules.count_hashes(miner.template.claim) / rules.count_first_hashes(host.parameters)
    share = miner.power_permille / (1_000 * host.committee.size)
    mean_ms = rules.interval_ms(host.parameters) * hashes / share
    wait_ms = draw_exponential_ms(miner.chance, mean_ms)
    host.around.later(host, wait_ms, find, host, miner.number)


def find(host: "Host", number: int) -> None:
    """Chance grants a block, unless the search has ended; a paused miner finds nothing."""
    miner, rules = host.miner, host.spec.tree
    if number != miner.number or miner.template is None:
        return
    if not host.is_paused:
        assert rules is not None
        miner.found += 1
        draft = find_ledger(host).compose_block(miner.template, host.name, read_clock_ms(host))
        block = rules.prove(draft)
        host.around.note_found(host, rules.identify(block.header), block.header)
        host.feed(Mined(block))
    if number == miner.number and host.is_up:
        search(host)
