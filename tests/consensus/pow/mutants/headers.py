"""Bugs in the rules of headers: what is accepted that should not be."""

from collections.abc import Iterator

import msgspec

from consensus.block import Header, TreeBlock
from consensus.effects import Effect, Store
from consensus.pow import arriving, header_rules
from consensus.pow.block_tree import BlockTree, Node
from consensus.pow.compact import decode_compact, encode_compact
from consensus.pow.difficulty import Retargeting
from consensus.pow.parameters import Parameters
from consensus.pow.refusals import Refusal
from consensus.pow.replica import Replica
from consensus.simulation.request import Request
from tests.consensus.mutants.planting import Ground, Mutant, Plant

STORM = Request(engine="pow")
CROWD = Request(engine="pow", nodes=7)
"""Three of seven may lie: in some windows of eleven they have most of the blocks."""
FORGED = Request(engine="pow", faults=("mutant",), faulty=1)
SHORT = Request(engine="pow", parameters={"window": 2})
"""Two blocks are often four times as quick as they should be."""
DISCOUNTED = Request(engine="pow", faults=("attack",), faulty=1)
UNLAWFUL = ("found", "lawful", "agreement", "uniform-agreement", "bounded-progress")


def accept(accepted: Refusal) -> Plant:
    """One reason to refuse a header counts no more."""

    def plant(ground: Ground) -> None:
        check, validate = header_rules.check_header, header_rules.validate_header

        def lax_check(header: Header, block_id: bytes, parameters: Parameters) -> Refusal | None:
            refusal = check(header, block_id, parameters)
            return None if refusal is accepted else refusal

        def lax_validate(header: Header, tree: BlockTree, parameters: Parameters) -> Refusal | None:
            refusal = validate(header, tree, parameters)
            return None if refusal is accepted else refusal

        ground.swap(check, lax_check)
        ground.swap(validate, lax_validate)

    return plant


def forget_median(ground: Ground) -> None:
    """Any time is late enough, for those who mine too."""
    ground.put(BlockTree, "compute_median_time_ms", lambda _tree, _block_id: -1)


def never_retarget(ground: Ground) -> None:
    """The first target is kept."""

    def compute_bits(_tree: BlockTree, parent: Node, _parameters: Parameters) -> int:
        return parent.bits

    ground.swap(header_rules.compute_bits, compute_bits)


def never_clamp(ground: Ground) -> None:
    """A window may change the target by any factor."""

    def compute_next(rule: Retargeting, bits: int, first_time: int, last_time: int) -> int:
        actual = max(last_time - first_time, 1)
        target = decode_compact(bits).magnitude * actual // rule.expected
        return encode_compact(max(min(target, rule.limit), 1))

    ground.put(Retargeting, "compute_next", compute_next)


def measure_one_less(ground: Ground) -> None:
    """A window is measured from its first block, not from the one below."""
    real = Retargeting.find_first
    ground.put(Retargeting, "find_first", lambda rule, height: real(rule, height) + 1)


def ignore_clock(ground: Ground) -> None:
    """Blocks from any future are taken at once."""
    real = arriving.take_block

    def take(replica: Replica, block_id: bytes, block: TreeBlock) -> Iterator[Effect]:
        for effect in real(replica, block_id, block):
            yield (Store(effect.block_id, effect.block, 0) if isinstance(effect, Store) else effect)

    ground.swap(real, take)


def name_without_time(ground: Ground) -> None:
    """The time is not hashed: whoever passes a block on can change it."""
    from consensus.pow import work

    real = work.compute_core
    ground.swap(real, lambda header: real(msgspec.structs.replace(header, time_ms=0)))


MUTANTS = (
    Mutant(
        "takes-any-proof",
        "a header needs no work",
        UNLAWFUL,
        accept(Refusal.BAD_PROOF),
        FORGED,
    ),
    Mutant(
        "takes-any-target",
        "a header may claim a target of its own",
        UNLAWFUL,
        accept(Refusal.WRONG_TARGET),
        DISCOUNTED,
    ),
    Mutant(
        "forgets-the-median",
        "times may go back as far as one likes",
        UNLAWFUL,
        forget_median,
        CROWD,
    ),
    Mutant("never-retargets", "the target stays what it was", UNLAWFUL, never_retarget, STORM),
    Mutant(
        "never-clamps",
        "one window may change the target by any factor",
        UNLAWFUL,
        never_clamp,
        SHORT,
    ),
    Mutant(
        "measures-one-less",
        "a window is measured over one interval too few",
        UNLAWFUL,
        measure_one_less,
        STORM,
    ),
    Mutant(
        "ignores-the-clock",
        "a block from the future is adopted at once",
        ("timely",),
        ignore_clock,
        STORM,
    ),
    Mutant(
        "names-without-time",
        "the time of a block is not in its hash",
        (*UNLAWFUL, "timely"),
        name_without_time,
        FORGED,
    ),
)
