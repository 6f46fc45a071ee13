"""What a liar remembers, within limits: recent messages, its own old ones, and kinds of votes."""

from collections import OrderedDict, deque
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from consensus.committee import ReplicaId
from consensus.message import Digest, Height, Message, Signed
from consensus.simulation.byzantine.fields import (
    Role,
    find_digest,
    find_parts,
    find_votes,
    is_vote,
    read_height,
    walk_places,
)

HEARD_MAX = 96
"""Messages of others; enough for several heights of a small committee."""
SAID_MAX = 48
"""Own messages, each once however many receivers it had."""
SEARCHED_MAX = 24
"""So many recent messages are looked through for something that fits; it keeps lies cheap."""
KINDS_MAX = 64
"""Kinds of votes; an engine has a handful."""
REPEATED_MAX = 1_024
"""Votes that were repeated already; more than can be under way between two liars."""


@dataclass(slots=True)
class Memory:
    """Bounded everywhere, the oldest goes first."""

    heard: deque[tuple[ReplicaId, Any]] = field(default_factory=lambda: deque(maxlen=HEARD_MAX))
    said: deque[Any] = field(default_factory=lambda: deque(maxlen=SAID_MAX))
    kinds: dict[type[Message], tuple[str, ...]] = field(default_factory=dict)
    """Votes that travel on their own, by type, with their fields."""
    repeated: OrderedDict[Hashable, int] = field(default_factory=OrderedDict)

    def note_said(self, message: Any) -> None:
        """The engine meant to say this, perhaps to several receivers in a row."""
        if not self.said or self.said[-1] is not message:
            self.said.append(message)
            self.learn(message)

    def note_heard(self, sender: ReplicaId, message: Any) -> None:
        """Somebody said this."""
        self.heard.append((sender, message))
        self.learn(message)

    def learn(self, message: Any) -> None:
        """Keep the kind of a vote that stands alone: only such may be sent alone."""
        if isinstance(message, Signed) and type(message.body) not in self.kinds:
            body = message.body
            if is_vote(message) and len(self.kinds) < KINDS_MAX:
                self.kinds[type(body)] = body.__struct_fields__

    def recent(self) -> Iterator[tuple[ReplicaId, Any]]:
        """What was heard last, the newest first."""
        return islice(reversed(self.heard), SEARCHED_MAX)

    def find_digests(self, height: Height) -> list[Digest]:
        """Digests that were heard for a height, each once, the newest first."""
        bodies = (body for _, message in self.recent() for body in find_votes(message))
        digests = (find_digest(body) for body in bodies if read_height(body) == height)
        return list(dict.fromkeys(digest for digest in digests if digest is not None))

    def find_meant(self, height: Height) -> set[Digest | None]:
        """Digests that its own engine has named lately for a height."""
        bodies = (body for message in self.said for body in find_votes(message))
        return {find_digest(body) for body in bodies if read_height(body) == height}

    def find_like(self, part: Message) -> list[Message]:
        """Parts of the same kind in recent messages, its own too, other than this one."""
        messages = (*(message for _, message in self.recent()), *self.said)
        kind, inner = type(part), find_kind(part)
        found = (like for message in messages for like in find_parts(message, kind))
        return list(dict.fromkeys(p for p in found if find_kind(p) is inner and p != part))

    def find_values(self) -> list[bytes]:
        """Values that were proposed lately, at whatever height, its own too."""
        messages = (*(message for _, message in self.recent()), *self.said)
        places = (
            p
            for message in messages
            if not isinstance(message, Signed)
            for p in walk_places(message)
        )
        return list(dict.fromkeys(p.content for p in places if p.role is Role.VALUE))

    def find_older(self, message: Any) -> list[Any]:
        """What the engine meant before, of the same kind."""
        kind = find_kind(message)
        return [old for old in self.said if find_kind(old) is kind and old != message]

    def list_supports(self, body: Message) -> list[Message]:
        """Every kind of vote that can say what this body says, as far as the kinds are known."""
        fields = body.__struct_fields__
        contents = [getattr(body, name) for name in fields]
        return [kind(*contents) for kind, names in self.kinds.items() if names == fields]

    def may_repeat(self, vote: Hashable, limit: int) -> bool:
        """Was this repeated less than `limit` times; counts it. Two liars do not echo for ever."""
        count = self.repeated.pop(vote, 0)
        self.repeated[vote] = count + 1
        if len(self.repeated) > REPEATED_MAX:
            self.repeated.popitem(last=False)
        return count < limit


def find_kind(message: Any) -> type:
    """What a message is, or what was signed."""
    return type(message.body if isinstance(message, Signed) else message)
