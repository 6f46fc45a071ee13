"""All adversaries by name, and their arguments.

private-chain CONFIRMATIONS [PATIENCE]   double spends, one after the other
majority CONFIRMATIONS                   the same without ever giving up
selfish                                  withholds a lead and publishes it just in time
withholder                               publishes nothing
time-warper AHEAD_MS                     says of its blocks that they are later than they are
discounter FACTOR                        mines at a target so many times too easy
teaser                                   tells of blocks and gives nobody their bodies
"""

from collections.abc import Callable, Mapping
from typing import Any

from consensus.engine import Engine
from consensus.errors import ParameterError
from consensus.pow.adversaries.hiding import NEVER, make_unbound
from consensus.pow.adversaries.private_chain import PrivateChain
from consensus.pow.adversaries.selfish import Selfish
from consensus.pow.adversaries.simple import Discounter, Teaser, TimeWarper, Withholder

Make = Callable[[Any, tuple[str, ...]], Engine]


def read_numbers(name: str, words: tuple[str, ...], least: int, most: int) -> list[int]:
    """Whole numbers from 1 on, as many as an adversary takes; raises `ParameterError`."""
    if not least <= len(words) <= most or not all(w.isdecimal() and int(w) for w in words):
        counts = f"{least}" if least == most else f"{least} to {most}"
        raise ParameterError(f"{name} takes {counts} numbers from 1 on, not {' '.join(words)!r}")
    return [int(word) for word in words]


def make_private_chain(engine: Any, words: tuple[str, ...]) -> Engine:
    """Confirmations, and perhaps how far behind an attack is given up."""
    confirmations, patience = (*read_numbers("private-chain", words, 1, 2), NEVER)[:2]
    return PrivateChain(make_unbound(engine), confirmations=confirmations, patience=patience)


def make_majority(engine: Any, words: tuple[str, ...]) -> Engine:
    """Confirmations."""
    [confirmations] = read_numbers("majority", words, 1, 1)
    return PrivateChain(make_unbound(engine), confirmations=confirmations)


def make_selfish(engine: Any, words: tuple[str, ...]) -> Engine:
    """No arguments."""
    read_numbers("selfish", words, 0, 0)
    return Selfish(make_unbound(engine))


def make_withholder(engine: Any, words: tuple[str, ...]) -> Engine:
    """No arguments."""
    read_numbers("withholder", words, 0, 0)
    return Withholder(make_unbound(engine))


def make_time_warper(engine: Any, words: tuple[str, ...]) -> Engine:
    """How far ahead of its parent each block is said to be."""
    [ahead_ms] = read_numbers("time-warper", words, 1, 1)
    return TimeWarper(make_unbound(engine), ahead_ms=ahead_ms)


def make_discounter(engine: Any, words: tuple[str, ...]) -> Engine:
    """How many times too easy."""
    [factor] = read_numbers("discounter", words, 1, 1)
    return Discounter(make_unbound(engine), factor=factor)


def make_teaser(engine: Any, words: tuple[str, ...]) -> Engine:
    """No arguments."""
    read_numbers("teaser", words, 0, 0)
    return Teaser(make_unbound(engine))


ADVERSARIES: Mapping[str, Make] = {
    "discounter": make_discounter,
    "majority": make_majority,
    "private-chain": make_private_chain,
    "selfish": make_selfish,
    "teaser": make_teaser,
    "time-warper": make_time_warper,
    "withholder": make_withholder,
}

STORMS = (
    "selfish",
    "private-chain 2 6",
    "private-chain 8 12",
    "withholder",
    "time-warper 2500",
    "time-warper 20000",
    "discounter 4",
    "teaser",
)
"""What a miner with a small share may try in a storm."""
