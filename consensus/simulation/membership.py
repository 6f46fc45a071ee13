"""A simulated ledger's committee: some items change it, a while after they are executed.

`add:R`, `remove:R` and `replace:R:R` are the items, R a host's name. There are no votes here: whatever
is executed is carried, unless another change is under way or the engine's bound forbids it. When it
takes office follows from the engine's terms, as in a real ledger (`EngineSpec.change`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from consensus.committee import Committee, Former
from consensus.engine_spec import ChangeTerms, EngineSpec
from consensus.message import Height

CHANGES = {"add": (True, False), "remove": (False, True), "replace": (True, True)}
"""Does a change add a member, does it remove one."""


@dataclass(frozen=True, slots=True)
class Tenure:
    """Who decides from the next height, up to where for certain, and who did before."""

    committee: Committee
    until: Height
    former: Former | None = None
    is_changing: bool = False
    ends: tuple[Height, ...] = ()
    """The last heights of all committees there were before, oldest first."""


@dataclass(slots=True)
class Assembly:
    """The committee as the executed blocks leave it."""

    spec: EngineSpec
    terms: ChangeTerms
    first: Committee
    tenure: Tenure
    scheduled: Committee | None = None
    known: frozenset[int] = frozenset()
    """Who was ever added: a name is a replica id, and an id is not used again."""

    @classmethod
    def make(cls, spec: EngineSpec, parameters: object, committee: Committee) -> "Assembly":
        """Before the first block; the engine's committee must be able to change."""
        terms = spec.find_terms(parameters)
        assert terms is not None
        return cls(spec, terms, committee, Tenure(committee, compute_boundary(terms, 1)))

    def renew(self) -> "Assembly":
        """As it was before the first block."""
        tenure = Tenure(self.first, compute_boundary(self.terms, 1))
        return Assembly(self.spec, self.terms, self.first, tenure)

    def execute(self, height: Height, items: Iterable[str]) -> None:
        """Take the next block in."""
        tenure = self.tenure
        for item in items:
            if self.scheduled is None and (changed := self.read(item)) is not None:
                self.scheduled = changed
                self.known |= set(changed.members)
                until = compute_boundary(self.terms, height)
                tenure = replace(tenure, until=until, is_changing=True)
        if self.scheduled is not None and tenure.until == height:
            former = Former(height, tenure.committee)
            until = compute_boundary(self.terms, height + 1)
            tenure = Tenure(self.scheduled, until, former, ends=(*tenure.ends, height))
            self.scheduled = None
        elif self.scheduled is None:
            until = compute_boundary(self.terms, height + 1)
            tenure = replace(tenure, until=until, is_changing=False)
        self.tenure = tenure

    def read(self, item: str) -> Committee | None:
        """The committee that an item asks for, if it may be had."""
        verb, *words = item.split(":")
        if verb not in CHANGES or not all(word.isdecimal() for word in words):
            return None
        adds, removes = CHANGES[verb]
        if len(words) != adds + removes:
            return None
        committee, names = self.tenure.committee, [int(word) for word in words]
        gone = names[0] if removes else None
        members = tuple(name for name in committee.members if name != gone)
        if removes and gone not in committee.members:
            return None
        if adds and names[-1] in self.known.union(self.first.members):
            return None
        members = (*members, names[-1]) if adds else members
        is_within = self.spec.model.judge(len(members), committee.faults).is_granted
        return Committee(members, committee.faults) if members and is_within else None


def compute_boundary(terms: ChangeTerms, height: Height) -> Height:
    """The last height of the present committee, if a change is carried at `height`."""
    return -(-(height + terms.delay) // terms.interval) * terms.interval
