"""Whatever a tree of blocks does, and whenever the node dies: a reader's fold is the ledger's chain."""

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.mempool import Mempool, MempoolLimits
from ledger.store.memory import MemoryStore
from node.api.node_models import EventAnswer
from node.events.hub import EventHub
from node.events.kinds import Kind
from node.events.recorder import EventRecorder
from node.events.records import Reorganised
from node.events.telling import Teller
from node.metrics import Metrics
from tests.ledger.support import ALICE, transfer
from tests.ledger.tree_support import Named, TreeWorld, make_worlds
from tests.node.events.folding import Fold
from tests.node.events.support import open_log, read_all


class Story:
    """A node over a tree whose log survives, and a rival that mines another branch."""

    def __init__(self) -> None:
        self.mine, self.rival = make_worlds(2)
        self.branch: list[Named] = []
        self.log_store = MemoryStore()
        self.start()

    def start(self) -> None:
        """As the node starts: everything but the disks is new."""
        self.mine.chain = self.mine.reopen()
        chain = self.mine.chain
        self.log = open_log(self.log_store, count_max=10**6, bytes_max=10**9)
        mempool = Mempool(MempoolLimits(), chain.account)
        hub = EventHub(
            self.log, Teller(chain), Metrics(), subscribers_max=1, on_failure=lambda _: None
        )
        self.recorder = EventRecorder(self.log, hub, chain, mempool)
        self.recorder.start()

    def act(self, what: str) -> None:
        """Do one thing, and tell of it at once."""
        match what:
            case "grow":
                self.mine.mine()
            case "rival":
                self.branch.append(self.rival.mine())
            case "switch":
                self._switch()
            case "finalize":
                chain = self.mine.chain
                chain.finalize(max(chain.final_height, chain.height - 2))
        if what == "restart":
            self.start()
        self.recorder.on_chain()

    def _switch(self) -> None:
        """Take the rival's branch if it is longer, or else let the rival take ours."""
        mine, rival = self.mine, self.rival
        if rival.chain.height > mine.chain.height and self._can_follow():
            mine.follow(*self.branch)
        else:
            self.rival = TreeWorld(miner=rival.miner)
            for height in range(1, mine.chain.height + 1):
                name = mine.chain.block(height).id
                block = mine.chain.get_block(name)
                assert block is not None
                self.rival.follow((name, block))
            self.branch = []

    def _can_follow(self) -> bool:
        first = self.branch[0][1].header
        return first.height > self.mine.chain.final_height

    def fold(self) -> Fold:
        """What a reader makes of all that is in the log."""
        fold, teller = Fold(), Teller(self.mine.chain)
        for read in read_all(self.log):
            for event in teller.tell(read, with_transactions=True):
                if event.kind is not Kind.NODE:
                    cursor = event.position.spell(self.log.id)
                    fold.take(
                        EventAnswer(
                            cursor=cursor,
                            kind=event.kind.value,
                            time_ms=0,
                            data=event.data,
                            height=event.height,
                        )
                    )
        return fold


ACTIONS = ("grow", "rival", "rival", "switch", "finalize", "restart")


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.booleans()), max_size=30))
def test_the_fold_is_the_chain(actions: list[tuple[str, bool]]) -> None:
    story = Story()
    for action, dies_first in actions:
        if dies_first:  # the disks have what was done, the log does not
            story.recorder.on_chain = lambda *_: None  # type: ignore[method-assign]
            story.act(action)
            story.start()
        else:
            story.act(action)
    assert story.fold().matches(story.mine.chain)


def test_a_reorganisation_names_what_was_undone_and_what_waits_again() -> None:
    story = Story()
    payment = transfer(ALICE, 0)
    story.mine.mine(payment)
    story.recorder.on_chain([payment.id])
    undone = story.mine.chain.head_id
    for _ in range(2):
        story.act("rival")
    switch = story.mine.follow(*story.branch)
    story.recorder.on_chain((), switch.orphans)
    record = next(
        read.entry.record
        for read in read_all(story.log)
        if isinstance(read.entry.record, Reorganised)
    )
    assert [(mark.height, mark.id) for mark in record.undone] == [(1, undone)]
    assert [party.id for party in record.returned] == [payment.id]
    fold = story.fold()
    assert fold.depths == [1]
    assert fold.turns[payment.id.hex()] == ["included", "returned"]


def test_an_undone_block_that_is_gone_is_told_of_without_its_transactions() -> None:
    story = Story()
    payment = transfer(ALICE, 0)
    story.mine.mine(payment)
    story.recorder.on_chain([payment.id])
    for _ in range(2):
        story.act("rival")
    story.mine.follow(*story.branch)
    story.act("grow")
    story.act("finalize")
    assert story.fold().turns == {}
    assert story.fold().matches(story.mine.chain)
