"""A second voice for everybody."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from consensus.committee import ReplicaId
from consensus.message import Message, Signed
from consensus.simulation.byzantine.arguments import refuse_arguments, take_word
from consensus.simulation.byzantine.behaviour import Honest, Liar, Said
from consensus.simulation.byzantine.fields import find_votes, is_proposal, is_vote
from consensus.simulation.byzantine.forging import sign_own

REPEATS_MAX = 2
"""How often the same vote goes to the same receiver; two parrots must fall silent some day."""


@dataclass(slots=True)
class Parrot(Honest):
    """Has no vote of its own: votes for whatever anybody proposes or votes for.

    It signs the body that it heard, says the same with every kind of vote that it knows, and sends
    this back to where it came from, or to all.
    """

    to: str = "back"

    usage: ClassVar[str] = "[back|all]"
    draws: ClassVar[tuple[tuple[str, ...], ...]] = (("back",), ("all",))

    @classmethod
    def make(cls, liar: Liar, arguments: Sequence[str]) -> Honest:
        """The argument says who hears the echo."""
        to, rest = take_word(arguments, {"back", "all"}, "back")
        refuse_arguments(rest)
        return cls(liar, to=to)

    def tell(self, receiver: ReplicaId, message: Any) -> Iterable[Said]:  # noqa: ARG002
        """Its engine's votes are not said, or they would be counted first."""
        if not is_vote(message):
            yield 0, message

    def answer(self, sender: ReplicaId, message: Any) -> Iterator[tuple[ReplicaId, Said]]:
        """Agree."""
        receivers = (sender,) if self.to == "back" else self.liar.others
        for body in self.list_echoes(message):
            for receiver in receivers:
                if self.memory.may_repeat((receiver, body), REPEATS_MAX):
                    yield receiver, (0, sign_own(self.liar, body))

    def list_echoes(self, message: Any) -> list[Message]:
        """The bodies that agree with a vote, or with the proposal beside a value."""
        if is_vote(message):
            return self.memory.list_supports(message.body)
        if isinstance(message, Signed):
            return [message.body]
        if is_proposal(message):
            return [echo for b in find_votes(message) for echo in self.memory.list_supports(b)]
        return []
