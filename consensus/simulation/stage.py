"""The verbs: one cluster, and what can be done to it in words.

Scenario files, schedules drawn from a seed and shrunk counterexamples all speak them, for every
engine alike. R is an address; a twin gets the next free one.

time
    run MS                      time passes
    rest MS [R…]                time passes until all is executed and certified, at most so long
    demand MS R…                like rest, and a violation if it is not; then the same for new work,
                                and for a read at each, where the engine answers reads
work
    submit ITEM… [to R…]        clients' work reaches all hosts, or some
    load N                      N items a second reach all hosts from here on; 0 ends it
    read MS R…                  clients read at these; time passes until all may answer, at most so long
    reads N                     N reads a second at random hosts from here on; 0 ends it
    depose MS                   whoever leads is cut off, suspected at once, and read at, for so long
    committee add R | remove R | replace R R    an item for all that changes it, where it may change
hosts
    crash R…  power R…          stop, leaving all that was written; losing what was not synced
    restart R…                  start from disk
    wipe R  wipe R journal      crash and start with a new disk; without the journal
    fuse R N [before|torn|after]   crash at the N-th write from here
    pause R…  resume R…         handle nothing for a while
    habit R check=MS apply=MS sync=MS drift=±PERMILLE skew=±MS
                                how slow it is, how fast its clock, how far ahead
detectors
    suspect R… [for MS]         they take whoever they watch for silent, all that time whatever is heard
    trust R… [for MS]           … for alive, all that time however silent it is
links
    quality [delay=A..B] [loss=P] [twice=P] [tail=P] [fifo=1] [on A B]    of all, or of one
    partition R… | R… …         only hosts of one group reach each other
    oneway R… | R…              nothing gets from these to those
    clog A B  unclog A B        a link holds back all it is given; lets it go
    hold                        every link holds back all it is given
    deliver A B KIND [N]        a held message arrives, the N-th of its kind on a link, the first if
                                none is named; it stays held, and may arrive again
    elapse R TIMER              a timer runs out now
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
    attack R NAME ARGUMENT…     a miner follows another strategy (`consensus.pow.adversaries`)
    work R PERMILLE             a miner is so many thousandths as fast as a member is by default
seeing
    show WORD… | hide WORD…     which kinds of entries, messages or timers are printed; `broadcast`
    heads                       print heights of all
    account R…                  print what replicas wait for
"""

from consensus.errors import ConsensusError
from consensus.simulation.entry import NETWORK
from consensus.simulation.verbs.board import Board
from consensus.simulation.verbs.registry import VERBS
from consensus.simulation.words import ScenarioError

NETWORK_VERBS = frozenset(
    {"quality", "partition", "oneway", "clog", "unclog", "omit", "drop", "heal", "core"}
)
"""What happens to links; a trace says so, at no host's address."""


class Stage(Board):
    """One cluster that does as it is told."""

    def do(self, line: str) -> None:
        """One command; what it makes happen is printed. Raises `ScenarioError`."""
        verb, *words = line.split()
        if verb not in VERBS:
            raise ScenarioError(f"unknown verb: {line!r}; there are: {', '.join(VERBS)}")
        if verb in NETWORK_VERBS:
            self.cluster.note_event(NETWORK, "event", verb, " ".join(words))
        try:
            VERBS[verb](self, words)
        except ConsensusError as error:
            raise ScenarioError(f"{line!r}: {error}") from error
        finally:
            self.print_trace()
