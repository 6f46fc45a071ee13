from consensus import catalog
from ledger.chain import Chain
from ledger.genesis import Genesis
from ledger.store.memory import MemoryStore
from node.roster import STRANGERS_FROM, Roster, compute_stranger, is_open
from node.seats import Seats

KEYS = [bytes([number]) * 32 for number in range(6)]
STRANGER, OTHER = KEYS[4], KEYS[5]
OPEN, CLOSED = catalog.get("pow"), catalog.get("pbft")


def seats(own: bytes, members: int = 3) -> Seats:
    genesis = Genesis(name="test", engine="any", validators=tuple(KEYS[:members]))
    return Seats(Chain.open(MemoryStore(), genesis), own)


def test_members_have_their_places_everywhere() -> None:
    for spec in (OPEN, CLOSED):
        roster = Roster(spec, seats(KEYS[1]))
        assert [roster.find(key) for key in KEYS[:3]] == [0, 1, 2]
        assert [roster.key(replica) for replica in range(3)] == KEYS[:3]
        assert roster.others == [KEYS[0], KEYS[2]]
        assert Roster(spec, seats(STRANGER)).others == KEYS[:3]


def test_a_committee_hears_nobody_else() -> None:
    assert not is_open(CLOSED)
    roster = Roster(CLOSED, seats(KEYS[0]))
    roster.on_peer_change(STRANGER, is_up=True)
    assert roster.find(STRANGER) is None
    assert roster.key(compute_stranger(STRANGER)) is None
    assert roster.others == KEYS[1:3]


def test_strangers_have_numbers_of_their_own_that_last() -> None:
    assert is_open(OPEN)
    numbers = {compute_stranger(key) for key in KEYS}
    assert len(numbers) == len(KEYS)
    assert all(STRANGERS_FROM <= number < 1 << 64 for number in numbers)
    one, another = Roster(OPEN, seats(KEYS[0])), Roster(OPEN, seats(OTHER, members=1))
    assert one.find(STRANGER) == another.find(STRANGER) == compute_stranger(STRANGER)


def test_strangers_are_reached_while_they_are_connected() -> None:
    roster = Roster(OPEN, seats(KEYS[0]))
    for key in (STRANGER, OTHER, KEYS[1]):
        roster.on_peer_change(key, is_up=True)
    assert roster.others == [*KEYS[1:3], STRANGER, OTHER]
    assert roster.key(compute_stranger(STRANGER)) == STRANGER
    for key in (STRANGER, KEYS[1], STRANGER):
        roster.on_peer_change(key, is_up=False)
    assert roster.key(compute_stranger(STRANGER)) is None
    assert roster.others == [*KEYS[1:3], OTHER]
