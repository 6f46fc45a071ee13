"""Reliable broadcast among members that may lie: all correct members deliver one value, or none.

Source: Bracha 1987, with values that somebody has to find valid first.

Model: asynchronous; what is repeated arrives; f members lie, others may crash and come back with their
journals. Bound: n > 3f.
The author shows its value. Whoever is shown a valid one says so, with the value (`Echo`). Who hears a
quorum of echoes of one value, or f + 1 members that are `Ready` for one, is ready for it too; what
2f + 1 are ready for is delivered as soon as the value itself is here.
Agreement: two quorums of echoes share a correct member, so correct members are ready for one value.
Totality: of 2f + 1 that are ready, f + 1 are correct, so all correct ones become ready; and the first
of them heard a quorum of echoes, of which f + 1 came from correct members, and these reach everybody.
Validity: a value is delivered only if a correct member found it valid, which its host holds with all
that belongs to it; what a correct author shows is delivered.

Written before it is said: the own value, each echo, each `Ready`. A restart says all of it again.

Cost for each author: (n - 1) + 2n(n - 1) messages, three delays.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from consensus.agreement import AgreementEffect
from consensus.benor.messages import Echo, Ready, Shown
from consensus.benor.refusals import Refusal
from consensus.committee import Committee, ReplicaId
from consensus.effects import Broadcast, Check, Ignore, Persist
from consensus.events import Checked, Verdict
from consensus.message import Digest, Height, compute_digest


@dataclass(slots=True)
class Topic:
    """What was said about one author's value; of each kind the first word of each member."""

    shown: Digest | None = None
    echoes: dict[ReplicaId, Digest] = field(default_factory=dict)
    readies: dict[ReplicaId, Digest] = field(default_factory=dict)
    values: dict[Digest, bytes] = field(default_factory=dict)
    """At most one for each member that echoed, and the one that was shown."""
    has_echoed: bool = False
    is_ready: bool = False
    delivered: Digest | None = None


@dataclass(slots=True)
class Forum:
    """The broadcasts of all authors at one height, as one member sees them."""

    me: ReplicaId
    committee: Committee
    height: Height
    has_spoken: bool = False
    """Did this member show a value."""
    topics: dict[ReplicaId, Topic] = field(default_factory=dict)

    def has_delivered(self, author: ReplicaId) -> bool:
        """Is it settled which value this author's is, and is that here."""
        return self.find(author) is not None

    def find(self, author: ReplicaId) -> bytes | None:
        """The delivered value of an author."""
        topic = self.topics.get(author)
        return topic.values[topic.delivered] if topic and topic.delivered else None

    def list_held(self) -> tuple[ReplicaId, ...]:
        """Whose values are delivered."""
        return tuple(sorted(author for author in self.topics if self.has_delivered(author)))

    def bring(self, value: bytes) -> Iterator[AgreementEffect]:
        """Show the own value."""
        self.has_spoken = True
        yield Persist(Shown(value))
        yield Broadcast(Shown(value))

    def hear(self, sender: ReplicaId, message: object) -> Iterator[AgreementEffect]:
        """One message about somebody's value."""
        match message:
            case Shown():
                yield from on_shown(self, sender, message)
            case Echo() | Ready() if not self.committee.is_member(message.author):
                yield Ignore(message, Refusal.NOT_A_MEMBER)
            case Echo():
                yield from on_echo(self, sender, message)
            case Ready():
                yield from on_ready(self, sender, message)
            case _:
                yield Ignore(message, Refusal.UNKNOWN)

    def judge(self, event: Checked) -> Iterator[AgreementEffect]:
        """The host's verdict on values that were shown; it comes again if it was `LATER`."""
        if event.verdict is not Verdict.VALID:
            return
        for author, topic in sorted(self.topics.items()):
            if topic.shown == event.digest and not topic.has_echoed:
                topic.has_echoed = True
                echo = Echo(author, topic.values[event.digest])
                yield Persist(echo)
                yield Broadcast(echo)

    def restore(self, record: object) -> Iterator[AgreementEffect]:
        """What the journal says that this member has said, said again."""
        match record:
            case Shown():
                self.has_spoken = True
                yield Broadcast(record)
            case Echo():
                find_topic(self, record.author).has_echoed = True
                yield Broadcast(record)
            case Ready():
                find_topic(self, record.author).is_ready = True
                yield Broadcast(record)


def find_topic(forum: Forum, author: ReplicaId) -> Topic:
    """What was said about an author's value; made with the first word."""
    return forum.topics.setdefault(author, Topic())


def on_shown(forum: Forum, author: ReplicaId, message: Shown) -> Iterator[AgreementEffect]:
    """An author's first value counts; the host has to find it valid before anything is said of it."""
    topic = find_topic(forum, author)
    if topic.shown is not None:
        yield Ignore(message, Refusal.DUPLICATE)
        return
    topic.shown = compute_digest(message.value)
    topic.values[topic.shown] = message.value
    if not topic.has_echoed:
        yield Check(forum.height, topic.shown, message.value)
    yield from advance(forum, author, topic.shown)


def on_echo(forum: Forum, sender: ReplicaId, echo: Echo) -> Iterator[AgreementEffect]:
    """Somebody was shown a valid value."""
    topic = find_topic(forum, echo.author)
    if sender in topic.echoes:
        yield Ignore(echo, Refusal.DUPLICATE)
        return
    digest = compute_digest(echo.value)
    topic.echoes[sender] = digest
    topic.values[digest] = echo.value
    yield from advance(forum, echo.author, digest)


def on_ready(forum: Forum, sender: ReplicaId, ready: Ready) -> Iterator[AgreementEffect]:
    """Somebody knows that no other value can be delivered."""
    topic = find_topic(forum, ready.author)
    if sender in topic.readies:
        yield Ignore(ready, Refusal.DUPLICATE)
        return
    topic.readies[sender] = ready.digest
    yield from advance(forum, ready.author, ready.digest)


def advance(forum: Forum, author: ReplicaId, digest: Digest) -> Iterator[AgreementEffect]:
    """Be ready for a value, or deliver it, as the words about it allow."""
    topic, committee = forum.topics[author], forum.committee
    echoes = list(topic.echoes.values()).count(digest)
    readies = list(topic.readies.values()).count(digest)
    is_backed = echoes >= committee.quorum or readies >= committee.weak_quorum
    if is_backed and not topic.is_ready:
        topic.is_ready = True
        yield Persist(Ready(author, digest))
        yield Broadcast(Ready(author, digest))
    if readies >= committee.lasting_quorum and digest in topic.values and not topic.delivered:
        topic.delivered = digest
