"""Bare payloads: values are lines of text on a hash chain, and work waits its turn."""

from consensus.simulation.application import BareApplication, is_valid, items_of, make_value


def test_values_are_lines_of_text() -> None:
    value = make_value(2, 7, ["a", "b"])
    assert value == b"2/7: a b"
    assert items_of(value) == ["a", "b"]
    assert items_of(b"\xff") == []
    assert is_valid(value)
    assert not is_valid(make_value(2, 7, ["!a"]))
    assert is_valid(make_value(2, 7, ["a!"]))


def test_a_value_leaves_out_what_is_in_flight_and_what_is_censored() -> None:
    application = BareApplication(censored=frozenset({"c"}))
    for item in "abcdefg":
        assert application.submit(item)
    assert not application.submit("a")
    value = application.make_value(0, 2, [b"0/1: a"], required=False)
    assert value == b"0/2: b d e f"


def test_no_work_makes_no_value_unless_one_is_required() -> None:
    application = BareApplication()
    assert application.make_value(0, 1, [], required=False) is None
    assert application.make_value(0, 1, [], required=True) == b"0/1: "


def test_a_power_failure_takes_blocks_and_gives_work_back() -> None:
    application = BareApplication()
    application.submit("a")
    application.submit("b")
    application.execute(1, (b"0/1: a",), None)
    application.sync()
    application.execute(2, (b"0/2: b",), None)
    application.certify(2, "proof")
    assert list(application.waiting) == []
    assert application.crash(loses_unsynced=True) == 1
    assert list(application.waiting) == ["b"]
    assert set(application.executed) == {"a"}
    assert not application.certificates
    assert application.crash(loses_unsynced=False) == 0


def test_what_is_passed_over_for_long_is_overdue() -> None:
    application = BareApplication()
    application.submit("old")
    for height in range(1, 7):
        assert application.flags() == (True, False)
        application.submit(f"n{height}")
        application.execute(height, (make_value(0, height, [f"n{height}"]),), None)
    assert application.flags() == (True, True)


def test_a_block_id_names_the_whole_chain() -> None:
    one, two = BareApplication(), BareApplication()
    one.execute(1, (b"0/1: a",), None)
    two.execute(1, (b"0/1: b",), None)
    first = one.execute(2, (b"0/2: c",), None)
    assert first.block_id != two.execute(2, (b"0/2: c",), None).block_id
