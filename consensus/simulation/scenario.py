"""Scenario files: what happens, in words, and the trace that it leaves.

    # Comments say what the scenario shows.
    cluster pbft n=4 timeout_ms=600

    submit a
    run 100
    ----
         5  0 → all  PrePrepare(…)

A file opens with one `cluster` line: engine, `n`, optional `f`, `followers`, `seed`, `delay`, and
engine parameters. Then come blocks: commands, one per line, a line of dashes, and what they print
up to the next empty line. `play` returns the file with every block's print replaced by the real
one, so a file is right exactly if playing leaves it alone.

Commands:

    submit ITEM… [to R…]       clients' work reaches all replicas, or some
    run MS                     time passes
    rest MS                    time passes until all is executed and certified, at most so long
    crash R | restart R | wipe R      stop; start from disk; start without the journal
    fuse R N                   crash right after the N-th write from here, before anything is said
    partition R… | R…          only replicas on one side reach each other
    heal                       no partition and nothing dropped
    drop KIND… [from R…] [to R…]      messages of these kinds are lost from here on (`all` for any)
    mask R NAME                the replica becomes byzantine; the player is given the masks
    show KIND… | hide KIND…    which effects (Persist, …), timers or messages are printed
    heads | account R          print heights of all; print what a replica waits for
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from consensus.committee import ReplicaId
from consensus.simulation.cluster import Cluster, Mask, make_cluster
from consensus.simulation.links import Quality
from consensus.simulation.trace import name_message

RULE = "----"
SHOWN = frozenset(
    {"Broadcast", "Send", "Decide", "Certify", "Accuse", "Diverge", "Behind", "event", "progress"}
)
CLUSTER_WORDS = frozenset({"n", "f", "followers", "seed", "delay"})


class ScenarioError(Exception):
    """A scenario file that cannot be read; the message names the line."""


@dataclass(slots=True)
class Player:
    """One scenario on its way."""

    cluster: Cluster
    masks: Mapping[str, Callable[[Cluster, ReplicaId], Mask]]
    shown: set[str] = field(default_factory=lambda: set(SHOWN))
    hidden: set[str] = field(default_factory=set)
    printed: list[str] = field(default_factory=list)
    read: int = 0
    """Trace lines that were printed, or passed over."""

    def do(self, line: str) -> None:
        """One command; what it makes happen is printed."""
        verb, *words = line.split()
        command = getattr(self, f"do_{verb}", None)
        if command is None:
            raise ScenarioError(f"unknown command: {line}")
        command(words)
        self.print_trace()

    def print_trace(self) -> None:
        """Print what the trace gained."""
        for line in self.cluster.trace.lines[self.read :]:
            if line.kind in self.shown and line.message not in self.hidden:
                self.printed.append(f"{line.at_ms:>6}  {line.name} {line.text}".rstrip())
        self.read = len(self.cluster.trace.lines)

    def do_submit(self, words: list[str]) -> None:
        """Work for all, or for some."""
        items, _, names = split_at(words, "to")
        for item in items:
            self.cluster.submit(item, names_of(names) or None)

    def do_run(self, words: list[str]) -> None:
        """Let time pass."""
        self.cluster.run(int(words[0]))

    def do_rest(self, words: list[str]) -> None:
        """Let time pass until the chain is at rest."""
        started_ms = self.cluster.now_ms
        at_rest = self.cluster.run_until(self.cluster.are_at_rest, int(words[0]))
        self.print_trace()
        elapsed_ms = self.cluster.now_ms - started_ms
        word = f"at rest after {elapsed_ms} ms" if at_rest else f"not at rest in {words[0]} ms"
        self.printed.append(f"{word}, heads {heads_of(self.cluster)}")

    def do_crash(self, words: list[str]) -> None:
        """Stop replicas."""
        for name in names_of(words):
            self.cluster.crash(name)

    def do_restart(self, words: list[str]) -> None:
        """Start replicas from their disks."""
        for name in names_of(words):
            self.cluster.restart(name)

    def do_wipe(self, words: list[str]) -> None:
        """Start replicas whose journals are lost."""
        for name in names_of(words):
            self.cluster.restart(name, wipe_journal=True)

    def do_fuse(self, words: list[str]) -> None:
        """A crash after a number of writes."""
        self.cluster.hosts[int(words[0])].fuse = int(words[1])

    def do_partition(self, words: list[str]) -> None:
        """Cut the network in two."""
        left, _, right = split_at(words, "|")
        self.cluster.links.partition(names_of(left), names_of(right))

    def do_heal(self, _words: list[str]) -> None:
        """Mend the network."""
        self.cluster.links.heal()

    def do_drop(self, words: list[str]) -> None:
        """Lose messages of some kinds."""
        rest, _, receivers = split_at(words, "to")
        kinds, _, senders = split_at(rest, "from")
        from_names, to_names = set(names_of(senders)), set(names_of(receivers))

        def let(sender: ReplicaId, receiver: ReplicaId, message: Any) -> bool:
            is_meant = "all" in kinds or name_message(message) in kinds
            is_from = not from_names or sender in from_names
            is_to = not to_names or receiver in to_names
            return not (is_meant and is_from and is_to)

        self.cluster.links.filters.append(let)

    def do_mask(self, words: list[str]) -> None:
        """A replica turns byzantine."""
        name = int(words[0])
        self.cluster.masks[name] = self.masks[words[1]](self.cluster, name)

    def do_show(self, words: list[str]) -> None:
        """Print these from here on."""
        self.shown.update(words)
        self.hidden.difference_update(words)

    def do_hide(self, words: list[str]) -> None:
        """Do not print these any more."""
        self.shown.difference_update(words)
        self.hidden.update(words)

    def do_heads(self, _words: list[str]) -> None:
        """Print the heights of all heads."""
        self.printed.append(f"heads {heads_of(self.cluster)}")

    def do_account(self, words: list[str]) -> None:
        """Print an engine's view of itself."""
        for name in names_of(words):
            account = self.cluster.spec.account(self.cluster.hosts[name].engine)
            heard = ", ".join(map(str, account.heard)) or "nobody"
            self.printed.append(
                f"{name}: {account.phase} in view {account.view}, height {account.height}, "
                f"waiting for {account.waiting_for} ({account.needed} needed, heard {heard})"
            )


def play(text: str, masks: Mapping[str, Callable[[Cluster, ReplicaId], Mask]] | None = None) -> str:
    """The same file with the prints that its commands really make; raises `ScenarioError`."""
    lines = iter(text.splitlines())
    result: list[str] = []
    player: Player | None = None
    for line in lines:
        result.append(line)
        if line == RULE:
            if player is None:
                raise ScenarioError("a scenario opens with a cluster line")
            result.extend([*player.printed, ""])
            player.printed.clear()
            skip_block(lines)
        elif line.startswith("cluster "):
            player = Player(open_cluster(line), masks or {})
            player.print_trace()
            player.printed.clear()
        elif line.strip() and not line.startswith("#"):
            if player is None:
                raise ScenarioError("a scenario opens with a cluster line")
            player.do(line)
    return "\n".join(result).rstrip("\n") + "\n"


def skip_block(lines: Any) -> None:
    """Pass over an old print."""
    for line in lines:
        if not line.strip():
            return


def open_cluster(line: str) -> Cluster:
    """The cluster that the first line describes, started."""
    _, engine, *words = line.split()
    pairs = dict(word.split("=", 1) for word in words)
    numbers = {key: int(value) for key, value in pairs.items()}
    delay_ms = numbers.get("delay", 5)
    cluster = make_cluster(
        engine,
        numbers.get("n", 4),
        faults=numbers.get("f"),
        followers=numbers.get("followers", 0),
        seed=numbers.get("seed", 0),
        quality=Quality(delay_ms, delay_ms),
        parameters={key: value for key, value in numbers.items() if key not in CLUSTER_WORDS},
    )
    cluster.start()
    return cluster


def split_at(words: list[str], mark: str) -> tuple[list[str], str, list[str]]:
    """What stands before a word, the word, and what stands after it."""
    if mark not in words:
        return words, "", []
    at = words.index(mark)
    return words[:at], mark, words[at + 1 :]


def names_of(words: list[str]) -> list[ReplicaId]:
    """Replica ids, written with or without commas."""
    return [int(word) for word in " ".join(words).replace(",", " ").split()]


def heads_of(cluster: Cluster) -> str:
    """Heights of all heads; one that is down is marked."""
    return " ".join(
        f"{host.disk.height}{'' if host.is_up else '†'}" for host in cluster.hosts.values()
    )
