"""The verbs: one cluster, and what can be done to it in words.

Scenario files, schedules drawn from a seed and shrunk counterexamples all speak them, for every
engine alike. R is an address; a twin gets the next free one.

time
    run MS                      time passes
    rest MS [R…]                time passes until all is executed and certified, at most so long
    demand MS R…                like rest, and a violation if it is not; then the same for new work
work
    submit ITEM… [to R…]        clients' work reaches all hosts, or some
    load N                      N items a second reach all hosts from here on; 0 ends it
hosts
    crash R…  power R…          stop, leaving all that was written; losing what was not synced
    restart R…                  start from disk
    wipe R  wipe R journal      crash and start with a new disk; without the journal
    fuse R N [before|torn|after]   crash at the N-th write from here
    pause R…  resume R…         handle nothing for a while
    habit R check=MS apply=MS sync=MS drift=±PERMILLE    how slow it is, how fast its clock
links
    quality [delay=A..B] [loss=P] [twice=P] [tail=P] [fifo=1] [on A B]    of all, or of one
    partition R… | R…           only hosts on one side reach each other
    oneway R… | R…              nothing gets from these to those
    clog A B  unclog A B        a link holds back all it is given; lets it go
    starve MS                   whoever leads now is not heard for so long, then all at once
    omit R send|receive P       a host omits to send, or to receive, so many in a thousand
    drop KIND… [from R…] [to R…]    messages of these kinds are lost from here on (`all` for any)
    heal                        no cut, no omission and nothing dropped
    topology complete|ring|star|A-B…    who has a link to whom; messages are flooded over the rest
    core R… [delay=A..B]        these are up, connected and in time from here on; the rest stays
liars
    behave R NAME ARGUMENT…     a host says what a behaviour makes of its engine's words
    twin R                      another host with the same key
    split R R… | R…             a host and a twin, each of which speaks only to one side
    censor R ITEM…              it leaves these out of its values
seeing
    show WORD… | hide WORD…     which kinds of entries, messages or timers are printed; `broadcast`
    heads                       print heights of all
    account R…                  print what replicas wait for
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from consensus.model.topology import make_complete, make_from_edges, make_ring, make_star
from consensus.simulation.byzantine.behaviour import Liar
from consensus.simulation.byzantine.registry import make_behaviour
from consensus.simulation.cluster import Cluster
from consensus.simulation.entry import NETWORK, Entry, format_entry
from consensus.simulation.history import ViolationError
from consensus.simulation.host import AFTER, FUSES, Host
from consensus.simulation.links import Quality
from consensus.simulation.properties import Property, eventually
from consensus.simulation.signatures import make_sign
from consensus.simulation.telling import name_message
from consensus.simulation.words import (
    ScenarioError,
    parse_number,
    parse_pairs,
    parse_permille,
    parse_places,
    parse_quality,
    parse_range,
    parse_signed,
    split_at,
    take_one,
)

SHOWN = frozenset(
    {"send", "decide", "certify", "accuse", "diverge", "behind", "crash", "restart", "progress"}
)
NETWORK_VERBS = frozenset(
    {"quality", "partition", "oneway", "clog", "unclog", "omit", "drop", "heal", "core"}
)
"""What happens to links; a trace says so, at no host's address."""
CALM = Quality(1, 20)
LOAD_PER_SECOND_MAX = 1_000
BACKLOG_MS = 250
"""What each item that waits when a core is healed adds to the bound: a height, at worst."""


def is_done(cluster: Cluster, places: list[int]) -> bool:
    """All work is executed and certified."""
    return cluster.are_at_rest(places)


def is_kept(cluster: Cluster, places: list[int]) -> bool:
    """Whatever a correct host ever executed, and may have told a client, is in every chain."""
    decided = cluster.history.decided
    for place in places:
        blocks = cluster.hosts[place].application.blocks
        if len(blocks) < len(decided):
            return False
        if any(blocks[h - 1].block_id != block.block_id for h, (_, block) in decided.items()):
            return False
    return True


DUTIES = (eventually("bounded-progress", is_done), eventually("durability", is_kept))
"""What a healed core owes, within the bound that its engine states."""


@dataclass(slots=True)
class Stage:
    """One cluster, and what is printed of it."""

    cluster: Cluster
    shown: set[str] = field(default_factory=lambda: set(SHOWN))
    hidden: set[str] = field(default_factory=set)
    printed: list[str] = field(default_factory=list)
    read: int = 0
    """Entries that were printed, or passed over."""
    load: int = 0
    """Which load is on; an older one has ended."""
    items: int = 0

    def do(self, line: str) -> None:
        """One command; what it makes happen is printed. Raises `ScenarioError`."""
        verb, *words = line.split()
        command: Callable[[list[str]], None] | None = getattr(self, f"do_{verb}", None)
        if command is None:
            raise ScenarioError(f"unknown verb: {line!r}")
        if verb in NETWORK_VERBS:
            self.cluster.note_event(NETWORK, "event", verb, " ".join(words))
        try:
            command(words)
        except (IndexError, KeyError) as error:
            raise ScenarioError(f"cannot be done: {line!r} ({error})") from error
        finally:
            self.print_trace()

    def print_trace(self) -> None:
        """Print what the trace gained."""
        trace = self.cluster.trace
        if trace is None:
            return
        self.printed.extend(
            format_entry(entry) for entry in trace.entries[self.read :] if self.is_shown(entry)
        )
        self.read = len(trace.entries)

    def is_shown(self, entry: Entry) -> bool:
        """Is this kind of thing printed."""
        is_broadcast = entry.kind == "send" and entry.peer is None
        if entry.name in self.hidden or (is_broadcast and "broadcast" in self.hidden):
            return False
        return entry.kind in self.shown or (entry.kind == "timer" and entry.name in self.shown)

    def host(self, word: str) -> Host:
        """The host at an address."""
        place = parse_number(word)
        if place not in self.cluster.hosts:
            raise ScenarioError(f"no host at address {place}")
        return self.cluster.hosts[place]

    def hosts(self, words: list[str]) -> list[Host]:
        """The hosts at addresses."""
        return [self.host(str(place)) for place in parse_places(words)]

    def places(self, words: list[str]) -> list[int]:
        """Addresses where there are hosts."""
        return [host.place for host in self.hosts(words)]

    # --- time and work ------------------------------------------------------------------------

    def do_run(self, words: list[str]) -> None:
        """Let time pass."""
        self.cluster.run(parse_number(take_one(words)))

    def do_rest(self, words: list[str]) -> None:
        """Let time pass until the chain is at rest."""
        within_ms, places = parse_number(words[0]), self.places(words[1:]) or None
        started_ms = self.cluster.now_ms
        at_rest = self.cluster.run_until(lambda: self.cluster.are_at_rest(places), within_ms)
        self.print_trace()
        elapsed_ms = self.cluster.now_ms - started_ms
        word = f"at rest after {elapsed_ms} ms" if at_rest else f"not at rest in {within_ms} ms"
        self.printed.append(f"{word}, heads {heads_of(self.cluster)}")

    def do_demand(self, words: list[str]) -> None:
        """All work is done within a bound; and so is new work, for one does not rest for ever."""
        bound_ms, places = parse_number(words[0]), self.places(words[1:])
        self.load += 1
        waiting = max(len(list(h.application.waiting)) for h in self.cluster.hosts.values())
        bound_ms += BACKLOG_MS * waiting
        for duty in DUTIES:
            self.demand(duty, bound_ms, places)
        self.items += 1
        self.cluster.submit(f"new{self.items}", places)
        for duty in DUTIES:
            self.demand(duty, bound_ms, places)

    def demand(self, duty: Property, bound_ms: int, places: list[int]) -> None:
        """A property holds for some hosts within the bound."""
        cluster = self.cluster
        if not cluster.run_until(lambda: duty.look(cluster, places), bound_ms):
            hosts = " ".join(map(str, places))
            detail = f"not at hosts {hosts} within {bound_ms} ms, heads {heads_of(cluster)}"
            raise ViolationError(duty.name, detail)

    def do_submit(self, words: list[str]) -> None:
        """Work for all, or for some."""
        items, names = split_at(words, "to")
        for item in items:
            self.cluster.submit(item, self.places(names) or None)

    def do_load(self, words: list[str]) -> None:
        """Items at a steady rate."""
        rate = parse_number(take_one(words))
        if rate > LOAD_PER_SECOND_MAX:
            raise ScenarioError(f"at most {LOAD_PER_SECOND_MAX} items a second, not {rate}")
        self.load += 1
        if rate:
            self.submit_next(self.load, 1_000 // rate)

    def submit_next(self, load: int, pause_ms: int) -> None:
        """One item, and another one later, unless this load has ended."""
        if load == self.load:
            self.items += 1
            self.cluster.submit(f"w{self.items}")
            self.cluster.timeline.schedule(pause_ms, self.submit_next, load, pause_ms)

    # --- hosts --------------------------------------------------------------------------------

    def do_crash(self, words: list[str]) -> None:
        """Stop hosts."""
        for host in self.hosts(words):
            self.cluster.crash(host.place)

    def do_power(self, words: list[str]) -> None:
        """Stop hosts, and lose what was not synced."""
        for host in self.hosts(words):
            self.cluster.crash(host.place, power=True)

    def do_restart(self, words: list[str]) -> None:
        """Start hosts from their disks."""
        for host in self.hosts(words):
            if not host.is_up:
                self.cluster.restart(host.place)

    def do_wipe(self, words: list[str]) -> None:
        """Start a host whose disk, or journal, is lost."""
        place = self.host(words[0]).place
        if words[1:] not in ([], ["journal"]):
            raise ScenarioError(f"wipe R, or wipe R journal; not {' '.join(words)!r}")
        self.cluster.crash(place)
        self.cluster.wipe(place, journal_only=bool(words[1:]))
        self.cluster.restart(place)

    def do_fuse(self, words: list[str]) -> None:
        """A crash at a write."""
        host, count, where = self.host(words[0]), parse_number(words[1]), (*words[2:], AFTER)[0]
        if where not in FUSES or not count:
            raise ScenarioError(f"a fuse burns {', '.join(FUSES)} a write from 1 on")
        host.fuse = count, where

    def do_pause(self, words: list[str]) -> None:
        """Hosts handle nothing."""
        for host in self.hosts(words):
            if host.is_up and not host.is_paused:
                self.cluster.note_event(host.place, "pause")
                self.cluster.note_probe(host, "host-paused")
                host.pause()

    def do_resume(self, words: list[str]) -> None:
        """Hosts handle what has arrived meanwhile."""
        for host in self.hosts(words):
            if host.is_paused:
                self.cluster.note_event(host.place, "resume")
                host.wake()

    def do_habit(self, words: list[str]) -> None:
        """How slow a host is."""
        habits, pairs = self.host(words[0]).habits, parse_pairs(words[1:])
        unknown = set(pairs) - {"check", "apply", "sync", "drift"}
        if unknown:
            raise ScenarioError(f"no such habit: {', '.join(sorted(unknown))}")
        habits.check_ms = parse_number(pairs.get("check", "0"))
        habits.apply_ms = parse_number(pairs.get("apply", "0"))
        habits.sync_ms = parse_number(pairs.get("sync", "0"))
        habits.drift_permille = parse_signed(pairs.get("drift", "0"))
        if abs(habits.drift_permille) >= 1_000:
            raise ScenarioError("a clock drifts by less than 1000 thousandths")

    # --- links --------------------------------------------------------------------------------

    def do_quality(self, words: list[str]) -> None:
        """Delays, loss, duplicates, tails."""
        qualities, ends = split_at(words, "on")
        quality = parse_quality(qualities)
        if ends:
            sender, receiver = self.places(ends)
            self.cluster.links.own[sender, receiver] = quality
        else:
            self.cluster.links.quality = quality

    def do_partition(self, words: list[str]) -> None:
        """Cut the network in two."""
        left, right = split_at(words, "|")
        self.cluster.links.partition(self.places(left), self.places(right))

    def do_oneway(self, words: list[str]) -> None:
        """Cut one direction."""
        senders, receivers = split_at(words, "|")
        self.cluster.links.cut_one_way(self.places(senders), self.places(receivers))

    def do_clog(self, words: list[str]) -> None:
        """A link holds everything back."""
        sender, receiver = self.places(words)
        self.cluster.links.clogged.setdefault((sender, receiver), [])

    def do_unclog(self, words: list[str]) -> None:
        """It lets everything go."""
        sender, receiver = self.places(words)
        self.cluster.unclog([(sender, receiver)])

    def do_starve(self, words: list[str]) -> None:
        """An adversary who sees who leads keeps it from being heard (FLP's, in part)."""
        cluster = self.cluster
        account = cluster.spec.account
        accounts = [account(host.engine) for host in cluster.hosts.values() if host.engine]
        leaders = Counter(a.leader for a in accounts if a.leader is not None)
        if not leaders:
            return
        name = leaders.most_common(1)[0][0]
        pairs = [(a, b) for a in cluster.addresses[name] for b in cluster.hosts if a != b]
        for pair in pairs:
            cluster.links.clogged.setdefault(pair, [])
        cluster.history.probes["leader-starved"] += 1
        cluster.timeline.schedule(parse_number(take_one(words)), cluster.unclog, pairs)

    def do_omit(self, words: list[str]) -> None:
        """A host omits to send or to receive."""
        place, way, permille = self.host(words[0]).place, words[1], parse_permille(words[2])
        if way not in {"send", "receive"}:
            raise ScenarioError(f"one omits to send or to receive, not to {way!r}")
        for other in self.cluster.hosts:
            pair = (place, other) if way == "send" else (other, place)
            self.cluster.links.omission[pair] = permille

    def do_drop(self, words: list[str]) -> None:
        """Lose messages of some kinds."""
        rest, receivers = split_at(words, "to")
        kinds, senders = split_at(rest, "from")
        from_places, to_places = set(self.places(senders)), set(self.places(receivers))

        def let(sender: int, receiver: int, message: Any) -> bool:
            is_meant = "all" in kinds or name_message(message) in kinds
            is_from = not from_places or sender in from_places
            is_to = not to_places or receiver in to_places
            return not (is_meant and is_from and is_to)

        self.cluster.links.filters.append(let)

    def do_heal(self, _words: list[str]) -> None:
        """Mend all links."""
        self.cluster.links.heal()

    def do_topology(self, words: list[str]) -> None:
        """Who has a link to whom."""
        size = len(self.cluster.hosts)
        makers = {"complete": make_complete, "ring": make_ring, "star": make_star}
        if words[0] in makers:
            self.cluster.links.topology = makers[take_one(words)](size)
            return
        edges = [tuple(map(parse_number, word.split("-"))) for word in words]
        if any(len(edge) != 2 for edge in edges):
            raise ScenarioError(f"links are written A-B, not {' '.join(words)!r}")
        self.cluster.links.topology = make_from_edges(size, [(a, b) for a, b in edges])

    def do_core(self, words: list[str]) -> None:
        """Some hosts are well from here on, and so are the links between them."""
        delays = [word for word in words if "=" in word]
        places = self.places([word for word in words if "=" not in word])
        quality = CALM
        if delays:
            least, most = parse_range(parse_pairs(delays)["delay"])
            quality = Quality(least, most)
        links = self.cluster.links
        pairs = [(a, b) for a in places for b in places if a != b]
        links.heal(places)
        links.filters.clear()
        links.own.update(dict.fromkeys(pairs, quality))
        self.cluster.unclog(pairs)
        self.cluster.hasten(places, quality.delay_ms_max)
        for place in places:
            host = self.cluster.hosts[place]
            host.fuse = None
        self.do_restart([str(place) for place in places])
        self.do_resume([str(place) for place in places])

    # --- liars --------------------------------------------------------------------------------

    def do_behave(self, words: list[str]) -> None:
        """A host begins to lie."""
        host = self.host(words[0])
        cluster = self.cluster
        liar = Liar(
            host.name,
            cluster.committee,
            cluster.chance.fork(f"liar/{host.place}"),
            make_sign(host.name),
            cluster.spec.patience_ms(cluster.parameters),
            lambda height, n: host.application.compose(host.name, height, [f"forged{height}.{n}"]),
        )
        cluster.behave(host.place, make_behaviour(words[1], liar, words[2:]))
        cluster.history.probes[f"behaved-{words[1]}"] += 1

    def do_twin(self, words: list[str]) -> None:
        """Another host with the same key; both are honest, together they are not."""
        host = self.host(take_one(words))
        twin = self.cluster.add_host(host.name)
        self.cluster.history.byzantine.add(host.name)
        self.cluster.history.probes["twin-started"] += 1
        for item in host.application.waiting:
            twin.submit(item)
        if host.is_up:
            self.cluster.restart(twin.place)

    def do_split(self, words: list[str]) -> None:
        """Equivocation: two engines under one key, each with its own half of the others."""
        sides, right = split_at(words, "|")
        place, left = sides[0], sides[1:]
        self.do_twin([place])
        twin = max(self.cluster.hosts)
        for speaker, side in ((place, left), (str(twin), right)):
            names = [str(host.name) for host in self.hosts(side)]
            self.do_behave([speaker, "selective", *names])

    def do_censor(self, words: list[str]) -> None:
        """A host leaves items out; it lies in no word."""
        host = self.host(words[0])
        self.cluster.history.byzantine.add(host.name)
        self.cluster.history.probes["behaved-censor"] += 1
        host.application.censored = host.application.censored | frozenset(words[1:])

    # --- seeing -------------------------------------------------------------------------------

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
        for host in self.hosts(words):
            if host.engine is None:
                self.printed.append(f"{host.place}: down")
                continue
            account = self.cluster.spec.account(host.engine)
            heard = ", ".join(map(str, account.heard)) or "nobody"
            self.printed.append(
                f"{host.place}: {account.phase} in view {account.view}, height {account.height}, "
                f"waiting for {account.waiting_for} ({account.needed} needed, heard {heard})"
            )


def heads_of(cluster: Cluster) -> str:
    """Heights of all heads; one that is down is marked."""
    return " ".join(f"{host.height}{'' if host.is_up else '†'}" for host in cluster.hosts.values())
