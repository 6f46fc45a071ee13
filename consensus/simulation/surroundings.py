"""What a simulated host stands in: what the cluster does for it, and how it answers its engine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from consensus.block import Header
from consensus.committee import ReplicaId
from consensus.events import Suspected, Tag, Timer, Trusted
from consensus.simulation.application import Block
from consensus.simulation.trace import Trace
from consensus.simulation.tree import Adoption

if TYPE_CHECKING:
    from consensus.simulation.host import Host


class Surroundings(Protocol):
    """What a host needs of the cluster around it."""

    def say(self, host: "Host", to: ReplicaId | None, message: Any) -> None:
        """Put a signed message on the links; to all others if `to` is None."""

    def later(self, host: "Host", delay_ms: int, action: Callable[..., None], *args: Any) -> None:
        """Let something happen to this incarnation of a host."""

    def find_blocks(self, host: "Host", height: int) -> None:
        """Find blocks above the host's head, as far as `height`, and offer them."""

    trace: Trace | None
    """Where each effect is written before it is performed, if a run is traced."""

    @property
    def now_ms(self) -> int:
        """Virtual time."""

    @property
    def decided_height(self) -> int:
        """The greatest height that anybody has decided so far."""

    def note_decision(self, host: "Host", height: int) -> None:
        """A host has decided a height, and may execute it."""

    def note_asked(self, host: "Host", ticket: int) -> None:
        """A client reads at a host."""

    def note_answered(self, host: "Host", height: int, before: int) -> None:
        """It may be told at this height; `before` was decided somewhere when it asked."""

    def note_accusation(self, host: "Host", offender: ReplicaId) -> None:
        """A host holds proof that somebody lied."""

    def note_divergence(self, host: "Host", height: int) -> None:
        """A host's ledger differs from a certified one."""

    def note_proposal(self, host: "Host", value: bytes) -> None:
        """A host made a value."""

    def note_block(self, host: "Host", block: Block) -> None:
        """Look whether an executed block agrees with all others."""

    def note_adoption(
        self, host: "Host", block_id: bytes, adoption: Adoption, gained: int | None
    ) -> None:
        """A host's ledger stands on another branch, or further on its own; so much work more."""

    def note_found(self, host: "Host", block_id: bytes, header: Header) -> None:
        """Chance granted a host a block."""

    def note_timer(self, host: "Host", timer: Timer) -> None:
        """A timer ran out."""

    def toss_common(self, host: "Host", tag: Tag) -> None:
        """A host asks for the common coin with this tag."""

    def note_word(self, host: "Host", word: Suspected | Trusted) -> None:
        """A host's failure detector has said something."""

    def note_probe(self, host: "Host", probe: str) -> None:
        """A rare situation."""

    def crash(self, place: int) -> None:
        """The host stops here and now."""


@dataclass(slots=True)
class Habits:
    """How a host answers its engine, in milliseconds."""

    check_ms: int = 0
    apply_ms: int = 0
    sync_ms: int = 0
    drift_permille: int = 0
    """How much its clock is fast (timers run out early) or slow."""
    skew_ms: int = 0
    """How far its clock is ahead of true time."""
    answers_requests: bool = True
    withholds: bool = True
    """Does it wait for a write before it says what stands behind it, as the contract demands."""
