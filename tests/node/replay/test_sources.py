from node.replay.book import Book
from node.replay.rows import Row
from node.replay.sources import VALID_HEIGHTS, Due, Funding, Payments, Terms, plan_payments

TERMS = Terms(bytes(32), 1, 100)
ROWS = [Row(2, "a", "b", 5), Row(3, "b", "c", 1), Row(4, "a", "c", 2), Row(5, "a", "b", 3)]
SEED = bytes(range(32))


def test_keys_depend_on_name_and_seed_alone() -> None:
    one, other = Book(ROWS, SEED), Book(ROWS[::-1], SEED)
    assert one.addresses() == {name: other.addresses()[name] for name in one.addresses()}
    assert one.key_of("a").public_key != Book(ROWS, bytes(32)).key_of("a").public_key
    assert [sender.name for sender in one.senders] == ["a", "b"]
    assert [sender.compute_need(1) for sender in one.senders] == [13, 2]


def test_rows_are_due_at_the_rate_and_nonces_follow_the_file() -> None:
    book = Book(ROWS, SEED)
    plan = plan_payments(book.senders, [0, 0], rate=10, lanes=1)
    assert plan == [[Due(number / 10, row, nonce) for number, (row, nonce) in enumerate(
        zip(ROWS, [0, 0, 1, 2], strict=True))]]  # fmt: skip


def test_what_is_done_is_left_out_and_a_sender_keeps_its_lane() -> None:
    book = Book(ROWS, SEED)
    plan = plan_payments(book.senders, [2, 0], rate=10, lanes=4)
    left = sorted((due.row.line, due.nonce) for lane in plan for due in lane)
    assert left == [(3, 0), (5, 2)]
    whole = plan_payments(book.senders, [0, 0], rate=10, lanes=4)
    lanes_of_a = [lane for lane in whole if any(due.row.sender == "a" for due in lane)]
    assert len(lanes_of_a) == 1


def test_payments_wait_until_they_are_due() -> None:
    book = Book(ROWS, SEED)
    (plan,) = plan_payments(book.senders, [0, 0], rate=1, lanes=1)
    payments = Payments(book, TERMS, plan)
    assert len(payments.make(50.0, 10)) == 1
    assert payments.make(50.5, 10) == []
    later = payments.make(53.0, 2)
    assert [parcel.intended_at for parcel in later] == [51.0, 52.0]
    assert not payments.is_done()
    payments.make(53.0, 2)
    assert payments.is_done()


def test_funding_keeps_a_bounded_number_in_flight() -> None:
    rows = [Row(number, f"m{number}", "x", 1) for number in range(1_000)]
    funding = Funding(Book(rows, SEED), TERMS, first=10)
    made = []
    while batch := funding.make(0.0, 250):
        made.extend(batch)
    assert len(made) == 512
    for parcel in made[:100]:
        parcel.accept(0)
        parcel.settle(parcel.fate.FINAL, 1.0)
    assert len(funding.make(0.0, 250)) == 100
    assert not funding.is_done()


def test_two_runs_make_the_same_bytes_though_the_chain_has_grown() -> None:
    early, late = (Terms.at(bytes(32), 0, height) for height in (0, VALID_HEIGHTS - 1))
    book = Book(ROWS, SEED)
    first = early.pay(book.purse, 0, bytes(32), 5, 1.0)
    second = late.pay(book.purse, 0, bytes(32), 5, 2.0)
    assert first.raw == second.raw
