"""Flights and lives, as entries tell them."""

from consensus.simulation.drawing.story import LOST, OPEN, RECEIVED, Life, Story, tell_story
from consensus.simulation.entry import Entry


def send(number: int, at_ms: int = 0, place: int = 0, peer: int | None = None) -> Entry:
    return Entry(at_ms, place, "send", peer, "Vote", "", number, place)


def receive(number: int, at_ms: int, place: int, origin: int = 0) -> Entry:
    return Entry(at_ms, place, "receive", origin, "Vote", "", number, origin)


def lose(number: int, at_ms: int, target: int, origin: int = 0) -> Entry:
    return Entry(at_ms, origin, "lose", target, "Vote", "", number, origin)


def happen(kind: str, at_ms: int, place: int = 0) -> Entry:
    return Entry(at_ms, place, kind, None, "", "")


def ways(story: Story) -> list[tuple[int, int, str, int, int]]:
    return [
        (flight.origin, flight.target, flight.fate, flight.sent_ms, flight.ended_ms)
        for flight in story.flights
    ]


def test_every_copy_has_a_flight() -> None:
    story = tell_story([send(1), lose(1, 0, 3), receive(1, 5, 1)], nodes=4)
    assert ways(story) == [(0, 3, LOST, 0, 0), (0, 1, RECEIVED, 0, 5), (0, 2, OPEN, 0, 0)]


def test_duplicates_are_flights_of_their_own() -> None:
    story = tell_story([send(1, peer=1), receive(1, 5, 1), receive(1, 9, 1)], nodes=2)
    assert ways(story) == [(0, 1, RECEIVED, 0, 5), (0, 1, RECEIVED, 0, 9)]


def test_a_message_to_one_is_open_to_one() -> None:
    assert ways(tell_story([send(1, peer=2)], nodes=4)) == [(0, 2, OPEN, 0, 0)]


def test_a_message_reaches_all_hosts_of_a_replica_but_its_own() -> None:
    replicas = (0, 1, 2, 1)
    assert [way[1] for way in ways(tell_story([send(1, peer=1)], 3, replicas))] == [1, 3]
    story = tell_story([send(1, place=3)], 3, replicas)
    assert [way[:2] for way in ways(story)] == [(3, 0), (3, 2)]


def test_what_was_never_sent_arrives_at_once() -> None:
    assert ways(tell_story([receive(1, 5, 1)], 2)) == [(0, 1, RECEIVED, 5, 5)]


def test_an_origin_that_is_not_told_is_where_it_was_sent() -> None:
    entry = Entry(5, 1, "receive", 0, "Vote", "", 1)
    assert ways(tell_story([send(1, peer=1), entry], 2)) == [(0, 1, RECEIVED, 0, 5)]


def test_places_are_all_that_were_named() -> None:
    entries = [happen("event", 0, -1), happen("crash", 0, 6), receive(1, 5, 1, origin=4)]
    assert tell_story(entries, 2).places == [0, 1, 4, 6]


def test_a_hop_is_the_median_delay() -> None:
    entries = [send(1), receive(1, 0, 1), receive(1, 4, 2), receive(1, 6, 3), receive(1, 90, 4)]
    assert tell_story(entries, 5).hop_ms == 6
    assert tell_story([], 5).hop_ms == 1


def test_lives_follow_each_other() -> None:
    turns = [("pause", 3), ("resume", 5), ("event", 6), ("crash", 7), ("crash", 8), ("restart", 9)]
    story = tell_story([happen(kind, at_ms) for kind, at_ms in turns], 2)
    assert story.lives == [
        Life(0, "up", None, 3),
        Life(0, "paused", 3, 5),
        Life(0, "up", 5, 7),
        Life(0, "down", 7, 9),
        Life(0, "up", 9, None),
        Life(1, "up", None, None),
    ]


def test_kinds_are_in_order_of_appearance() -> None:
    names = ["Prepare", "Commit", "Prepare", "Ask"]
    entries = [Entry(0, 0, "send", 1, name, "", 1, 0) for name in names]
    assert tell_story([happen("timer", 0), *entries], 2).kinds == ["Prepare", "Commit", "Ask"]
