"""The promises of consensus as values: what must always hold, what must hold in the end.

`always` properties are asked after every fact and explain a breach; `sometimes` properties are rare
situations that a campaign has to have seen, and are counted as probes; `eventually` properties are
asked once, when a healed core has had its time.

agreement           no two correct hosts that never crashed execute different blocks at a height
uniform-agreement   nor does anybody who crashed later: it may have answered a client before
integrity           a host executes each height once, in order
prefix              the block of a height follows the one that was executed below it
validity            the level that the engine claims (V0 to V4)
one-vote            a correct replica signs one body per kind, view and height, also across restarts
no-divergence       no correct host's ledger differs from a certified one
just-accusation     only the guilty are accused
reads-are-fresh     a read is answered at no lower height than anybody had decided before it was asked
finality            no correct host undoes a block that it has finalized (raised where it happens)

In a block tree the first five are about final blocks: that no two hosts differ there is common prefix,
and that none is undone is that no reorganisation goes deeper than the confirmation depth. What it
promises besides stands in `tree_promises`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from consensus.engine_spec import EngineSpec, TreeRules
from consensus.message import compute_digest
from consensus.simulation import tree_promises
from consensus.simulation.history import (
    Accusation,
    Divergence,
    Execution,
    Fact,
    HeadMoved,
    History,
    Reading,
    Saying,
    ViolationError,
)
from consensus.simulation.telling import Teller

Explain: TypeAlias = Callable[[History, Any], str | None]
"""Why a fact of the kinds asked about breaks the promise, or None."""
Holds: TypeAlias = Callable[[History, Any], bool]


class Kind(Enum):
    """When a property is asked."""

    ALWAYS = "always"
    SOMETIMES = "sometimes"
    EVENTUALLY = "eventually"


@dataclass(frozen=True, slots=True)
class Property:
    """A named promise, or a named situation; `facts` are the kinds of fact that concern it.

    `look` is what the three makers below are given.
    """

    name: str
    kind: Kind
    facts: tuple[type[Any], ...]
    look: Any


def always(name: str, facts: Iterable[type[Any]], explain: Explain) -> Property:
    """A promise; `explain` says how a fact breaks it."""
    return Property(name, Kind.ALWAYS, tuple(facts), explain)


def sometimes(name: str, facts: Iterable[type[Any]], holds: Holds) -> Property:
    """A situation that a campaign should have seen."""
    return Property(name, Kind.SOMETIMES, tuple(facts), holds)


def eventually(name: str, holds: Callable[[Any, list[int]], bool]) -> Property:
    """A duty: it holds for some hosts of a cluster within a bound after they were healed."""
    return Property(name, Kind.EVENTUALLY, (), holds)


@dataclass(slots=True)
class Watch:
    """The properties of one run, by the facts that concern them."""

    history: History
    by_fact: dict[type[Any], list[Property]]

    def see(self, fact: Fact) -> None:
        """Ask all properties that a fact concerns; raises `ViolationError`."""
        for asked in self.by_fact.get(type(fact), ()):
            found = asked.look(self.history, fact)
            if not found:
                continue
            if asked.kind is Kind.ALWAYS:
                raise ViolationError(asked.name, found)
            self.history.probes[asked.name] += 1


def watch(history: History, properties: Iterable[Property]) -> Watch:
    """A watch over a history."""
    by_fact: dict[type[Any], list[Property]] = {}
    for item in properties:
        for kind in item.facts:
            by_fact.setdefault(kind, []).append(item)
    return Watch(history, by_fact)


def explain_agreement(history: History, fact: Execution) -> str | None:
    """Two who never crashed differ; the first block of each height counts, for ever."""
    name, first = history.decided.setdefault(fact.block.height, (fact.name, fact.block))
    if first.block_id == fact.block.block_id or {name, fact.name} & history.faltered:
        return None
    return tell_difference(fact, history)


def explain_uniform_agreement(history: History, fact: Execution) -> str | None:
    """Any two differ, whatever became of them afterwards."""
    _, first = history.decided[fact.block.height]
    return None if first.block_id == fact.block.block_id else tell_difference(fact, history)


def tell_difference(fact: Execution, history: History) -> str:
    """Two blocks at a height."""
    name, first = history.decided[fact.block.height]
    return (
        f"host {fact.name} disagrees by height {fact.block.height}: {fact.block.values}, "
        f"not {first.values} as host {name}"
    )


def explain_prefix(history: History, fact: Execution) -> str | None:
    """A height was executed that nobody's chain leads to."""
    if fact.block.height > 1 and fact.block.height - 1 not in history.decided:
        return f"host {fact.name} executed height {fact.block.height} on an unknown parent"
    return None


def explain_one_vote(history: History, fact: Saying) -> str | None:
    """Two bodies under one key; bodies without a height (view changes) count once per view.

    Who lost its journal cannot know which views it left. It may say so again, with a higher stable
    checkpoint, which is how all can tell the later one from the void one.
    """
    body = fact.vote.body
    key = (
        fact.vote.signer,
        type(body),
        getattr(body, "view", None),
        getattr(body, "height", None),
    )
    known = history.said.setdefault(key, body)
    if known is body or known == body:
        return None
    is_forgetful = fact.vote.signer in history.forgetful
    if is_forgetful and getattr(body, "stable", 0) > getattr(known, "stable", 0):
        history.said[key] = body
        return None
    teller = Teller()
    one, other = teller.tell_part(known), teller.tell_part(body)
    return f"replica {fact.vote.signer} signed two bodies: {one} and {other}"


def explain_divergence(_history: History, fact: Divergence) -> str | None:
    """It is a breach by itself."""
    return f"host {fact.name} diverged at height {fact.height}"


def explain_accusation(history: History, fact: Accusation) -> str | None:
    """An honest replica was accused."""
    if fact.offender in history.byzantine:
        return None
    return f"host {fact.name} accuses {fact.offender}, which is honest"


def external_validity(is_valid: Callable[[bytes], bool]) -> Explain:
    """V4: the predicate holds for whatever is decided (Cachin et al. 2001)."""

    def explain(_history: History, fact: Execution) -> str | None:
        wrong = [value for value in fact.block.values if value and not is_valid(value)]
        return f"host {fact.name} executed invalid {wrong}" if wrong else None

    return explain


def explain_proposed(history: History, fact: Execution) -> str | None:
    """V1 and V3: only proposed values are decided; without Byzantine faults they are the same."""
    strange = [v for v in fact.block.values if v and compute_digest(v) not in history.proposed]
    return f"host {fact.name} executed {strange}, which nobody proposed" if strange else None


def explain_fresh(_history: History, fact: Reading) -> str | None:
    """The height is older than what somebody may have told a client before."""
    if fact.height >= fact.before:
        return None
    return (
        f"host {fact.name} answers a read at height {fact.height}, though {fact.before} was "
        f"decided before it was asked"
    )


READS = (
    always("reads-are-fresh", [Reading], explain_fresh),
    sometimes("read-answered", [Reading], lambda _history, _fact: True),
    sometimes("read-waited", [Reading], lambda _history, fact: fact.waits),
)
"""What engines promise that answer reads; some answers are ahead of the ledger that is read."""

SITUATIONS = (
    sometimes("null-executed", [Execution], lambda _history, fact: not fact.block.values),
    sometimes("head-moved-away", [HeadMoved], lambda _history, fact: fact.undone > 0),
    sometimes("equivocation-proved", [Accusation], lambda _history, _fact: True),
)
"""What every campaign with liars and view changes should see."""


def promises_of(
    spec: EngineSpec, is_valid: Callable[[bytes], bool], parameters: Any = None
) -> tuple[Property, ...]:
    """What an engine of the catalog promises in every state of every run.

    V0 and V2 are about runs in which all start alike: there they are what V1 says.
    """
    level = spec.model.assumes.validity.value
    validity = external_validity(is_valid) if level == "V4" else explain_proposed
    return (
        always("agreement", [Execution], explain_agreement),
        always("uniform-agreement", [Execution], explain_uniform_agreement),
        always("prefix", [Execution], explain_prefix),
        always("validity", [Execution], validity),
        always("one-vote", [Saying], explain_one_vote),
        always("no-divergence", [Divergence], explain_divergence),
        always("just-accusation", [Accusation], explain_accusation),
        *(promises_of_tree(spec.tree, parameters) if spec.tree is not None else ()),
        *(READS if spec.reads else ()),
        *SITUATIONS,
    )


def promises_of_tree(rules: TreeRules, parameters: Any) -> tuple[Property, ...]:
    """What an engine of block trees promises besides."""
    return (
        always("found", [Execution], tree_promises.explain_found),
        always("lawful", [Execution], tree_promises.lawful(rules, parameters)),
        always("heavier", [HeadMoved], tree_promises.explain_heavier),
        always("timely", [HeadMoved], tree_promises.timely(rules, parameters)),
    )
