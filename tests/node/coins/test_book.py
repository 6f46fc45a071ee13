from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ledger.coin.shares import Share
from node.coins.book import HEIGHTS_AHEAD, HEIGHTS_KEPT, CoinBook, Heard

SHARE = Share(2, b"", b"")


def test_a_share_is_kept_once() -> None:
    book = CoinBook()
    assert book.hear((1,), SHARE, 0) is Heard.TAKEN
    assert book.hear((1,), SHARE, 0) is Heard.KNOWN
    coin = book.ask((1,))
    assert coin.waiting == {2: SHARE}
    assert book.hear((1,), SHARE, 0) is Heard.KNOWN
    coin.held[2] = coin.waiting.pop(2)
    assert book.hear((1,), SHARE, 0) is Heard.KNOWN
    coin.held.clear()
    coin.face = 1
    assert book.hear((1,), SHARE, 0) is Heard.KNOWN


def test_where_the_window_ends() -> None:
    book = CoinBook()
    height = 100
    assert book.hear((height - HEIGHTS_KEPT,), SHARE, height) is Heard.STALE
    assert book.hear((height - HEIGHTS_KEPT + 1,), SHARE, height) is Heard.TAKEN
    assert book.hear((height + HEIGHTS_AHEAD,), SHARE, height) is Heard.TAKEN
    assert book.hear((height + HEIGHTS_AHEAD + 1,), SHARE, height) is Heard.EARLY


def test_what_this_node_asks_for_has_no_window() -> None:
    book = CoinBook()
    for tag in ((0,), (10_000,)):
        book.ask(tag)
        assert book.hear(tag, SHARE, 100) is Heard.TAKEN


def test_a_coin_of_before_a_restart_has_been_seen() -> None:
    book = CoinBook()
    book.note((3, 1), 1)
    assert book.ask((3, 1)).face == 1
    assert book.open == []
    assert book.forget(3 + HEIGHTS_KEPT) == [(3, 1)]


class Accounts(RuleBasedStateMachine):
    """What each member may still say is right whatever happens in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.book = CoinBook()
        self.height = 0

    tags = st.tuples(st.integers(0, 3 * HEIGHTS_KEPT), st.integers(0, 1))

    @rule(tag=tags, index=st.integers(0, 2))
    def hear(self, tag: tuple[int, int], index: int) -> None:
        self.book.hear(tag, Share(index, b"", b""), self.height)

    @rule(tag=tags)
    def ask(self, tag: tuple[int, int]) -> None:
        self.book.ask(tag)

    @rule(tag=tags)
    def see(self, tag: tuple[int, int]) -> None:
        coin = self.book.find(tag)
        if coin is not None and coin.asked_at is not None:
            coin.face = 0

    @rule(more=st.integers(0, HEIGHTS_KEPT))
    def grow(self, more: int) -> None:
        self.height += more
        self.book.forget(self.height)

    @invariant()
    def adds_up(self) -> None:
        unasked = [coin for coin in self.book if coin.asked_at is None]
        for index in range(3):
            assert self.book._unasked[index] == sum(index in coin.waiting for coin in unasked)
        assert all(coin.waiting for coin in unasked)


Accounts.TestCase.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
test_accounts = Accounts.TestCase
