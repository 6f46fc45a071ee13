"""Filters: by kind, and transactions by whom they are about."""

from node.events.cursor import Position
from node.events.forms import Event
from node.events.kinds import Filter, Kind
from node.events.records import Party

A, B, C = (bytes([number]) * 32 for number in (1, 2, 3))


def event(kind: Kind, party: Party | None = None) -> Event:
    return Event(Position(1, 1, 0), kind, 0, {}, None, party)


def test_kinds_choose_and_gaps_always_come() -> None:
    wanted = Filter(frozenset({Kind.BLOCK}))
    assert event(Kind.BLOCK).matches(wanted)
    assert not event(Kind.FINAL).matches(wanted)
    assert event(Kind.GAP).matches(wanted)
    assert all(event(kind).matches(Filter()) for kind in Kind)


def test_accounts_and_ids_choose_among_transactions_alone() -> None:
    wanted = Filter(frozenset({Kind.TRANSACTION, Kind.BLOCK}), frozenset({A}), frozenset({C}))
    assert event(Kind.BLOCK).matches(wanted)
    assert event(Kind.TRANSACTION, Party(B, A, B)).matches(wanted)
    assert event(Kind.TRANSACTION, Party(B, B, A)).matches(wanted)
    assert event(Kind.TRANSACTION, Party(C, B, B)).matches(wanted)
    assert not event(Kind.TRANSACTION, Party(B, B, B)).matches(wanted)
    assert not event(Kind.TRANSACTION, Party(A, b"", b"")).matches(wanted)
    assert wanted.is_narrow
    assert not Filter().is_narrow
