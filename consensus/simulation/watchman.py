"""The side of a simulated host that watches a replica for its engine, and that may lie.

It looks when a silence may have become too long, on the host's own clock, which drifts. A paused
host does not look, and its pause is no silence of others; a crash forgets everything. A lie lasts
for a while, whatever is heard, and also for whoever is watched next; one that lasts no time is
corrected by the next message, or by the next silence.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from consensus.committee import ReplicaId
from consensus.effects import Watch
from consensus.errors import ContractError
from consensus.events import Event, Received, Suspected, Trusted
from consensus.model.watching import Watching, make_watching
from consensus.simulation.chance import Chance

if TYPE_CHECKING:
    from consensus.simulation.host import Host


@dataclass(slots=True)
class Watchman:
    """One host's failure detector, and the lie that it tells. Make one with `make_watchman`."""

    watching: Watching
    chance: Chance = field(default_factory=lambda: Chance(0))
    clock_us: int = 0
    """The host's clock, which never goes back, at `read_at_ms` of virtual time."""
    read_at_ms: int = 0
    looks: int = 0
    """Which look is to come; an older one is void."""
    lie: bool | None = None
    """What it insists on: that the watched replica is silent, that it is not, or neither."""
    lies: int = 0
    """Which lie is told; the end of an older one is void."""
    words: deque[int] = field(default_factory=deque)
    """To which choice of whom to watch each word belongs that the engine has not heard yet."""
    paused_ms: int = 0
    """When the host was paused, by its clock."""

    def forget(self) -> None:
        """All that a crash takes."""
        self.watching = make_watching(self.watching.silence_ms)
        self.looks += 1
        self.lies += 1
        self.lie = None
        self.words.clear()


def make_watchman(silence_ms: int) -> Watchman:
    """One that watches nobody yet."""
    return Watchman(make_watching(silence_ms))


def read_clock_ms(host: "Host") -> int:
    """The host's clock, as fast or slow as its habit is now."""
    watchman, now_ms = find(host), host.around.now_ms
    rate = 1_000 + host.habits.drift_permille
    watchman.clock_us += (now_ms - watchman.read_at_ms) * rate
    watchman.read_at_ms = now_ms
    return watchman.clock_us // 1_000


def find(host: "Host") -> Watchman:
    """The host's detector; raises `ContractError` where the engine's entry states no silence."""
    if host.watchman is None:
        raise ContractError(f"{host.spec.name} watches, but does not state its `silence_ms`")
    return host.watchman


def perform(host: "Host", effect: Watch) -> None:
    """Perform `Watch`."""
    find(host).watching.turn_to(effect.replica, read_clock_ms(host))
    arrange(host)


def attend(host: "Host", event: Event) -> bool:
    """Take note of what the engine is about to hear; False for a word that has become void."""
    watchman = find(host)
    match event:
        case Received(sender):
            hear(host, sender)
        case Suspected() | Trusted():
            return watchman.words.popleft() == watchman.watching.number
    return True


def hear(host: "Host", sender: ReplicaId) -> None:
    """A message of somebody reaches the engine; who insists on a suspicion is not moved by it."""
    watching = find(host).watching
    now_ms = read_clock_ms(host)
    if sender != watching.replica:
        return
    if watching.is_suspected and find(host).lie:
        watching.detector.last_ms[sender] = now_ms
    elif watching.heard(sender, now_ms):
        say(host, Trusted(sender))
        arrange(host)


def arrange(host: "Host") -> None:
    """Arrange the next look, or the next lie; a suspicion without a reason is taken back."""
    watchman = find(host)
    watching, now_ms = watchman.watching, read_clock_ms(host)
    if host.is_paused or watching.replica is None:
        return
    if watchman.lie and not watching.is_suspected:
        soon_ms = watchman.chance.between(1, watching.silence_ms)
        host.around.later(host, soon_ms, insist, host, watchman.lies, watching.number)
    elif watchman.lie is None and watching.is_suspected and not watching.is_silent(now_ms):
        watching.trust(now_ms)
        say(host, Trusted(watching.replica))
    look_later(host)


def look_later(host: "Host") -> None:
    """Look when the silence would be too long."""
    watchman = find(host)
    due_ms = watchman.watching.find_due_ms()
    if due_ms is None:
        return
    watchman.looks += 1
    left_ms = max(due_ms - read_clock_ms(host), 0)
    real_ms = -(-left_ms * 1_000 // (1_000 + host.habits.drift_permille))
    host.around.later(host, real_ms, look, host, watchman.looks)


def look(host: "Host", number: int) -> None:
    """Say that a silence is too long, unless the host is paused or lies; or look again."""
    watchman, now_ms = find(host), read_clock_ms(host)
    watching = watchman.watching
    if number != watchman.looks or host.is_paused:
        return
    if not watching.is_silent(now_ms):
        look_later(host)
    elif watchman.lie is False:
        host.around.note_probe(host, "falsely-trusted")
    elif watching.look(now_ms) and watching.replica is not None:
        say(host, Suspected(watching.replica))


def say(host: "Host", word: Suspected | Trusted) -> None:
    """Tell the engine, unless it has chosen somebody else before it hears of it."""
    watchman = find(host)
    watchman.words.append(watchman.watching.number)
    host.around.note_word(host, word)
    host.feed(word)


def pause(host: "Host") -> None:
    """The host handles nothing from here on."""
    find(host).paused_ms = read_clock_ms(host)


def wake(host: "Host") -> None:
    """It handles again what it had to hear, and has not heard anything meanwhile."""
    watchman = find(host)
    watchman.watching.excuse(read_clock_ms(host) - watchman.paused_ms)


def tell_lie(host: "Host", for_ms: int, *, suspects: bool) -> None:
    """Suspect or trust whoever is watched, whatever is heard in the next milliseconds."""
    watchman = find(host)
    watchman.lies += 1
    watchman.lie = suspects if for_ms else None
    mislead(host, suspects=suspects)
    if for_ms:
        host.around.later(host, for_ms, end_lie, host, watchman.lies)


def mislead(host: "Host", *, suspects: bool) -> None:
    """Say the word that is wanted, if that is news."""
    watching, now_ms = find(host).watching, read_clock_ms(host)
    replica = watching.replica
    if host.is_paused or replica is None or watching.is_suspected == suspects:
        return
    if watching.is_silent(now_ms) != suspects:
        host.around.note_probe(host, "falsely-suspected" if suspects else "falsely-trusted")
    if suspects:
        watching.suspect()
        say(host, Suspected(replica))
    else:
        watching.trust(now_ms)
        say(host, Trusted(replica))
        look_later(host)


def insist(host: "Host", lie: int, number: int) -> None:
    """Lie about somebody who is watched since the lie began."""
    watchman = find(host)
    if (watchman.lies, watchman.watching.number) == (lie, number):
        mislead(host, suspects=True)


def end_lie(host: "Host", lie: int) -> None:
    """From here on the detector says what it knows, unless another lie has begun."""
    if find(host).lies == lie:
        come_true(host)


def come_true(host: "Host") -> None:
    """No lie any more; what was said wrongly is corrected."""
    watchman = find(host)
    watchman.lie = None
    watchman.lies += 1
    arrange(host)
