import hashlib
import itertools

from hypothesis import given
from hypothesis import strategies as st

from consensus.simulation.request import Request
from consensus.simulation.run import expected_probes
from node.simulation.campaign import Campaign, OrderedDigest, per_second
from tests.node.simulation.outcomes import make_outcome

KEYS = [
    "engine", "nodes", "seeds", "violations", "decided", "events", "events_per_second",
    "sim_seconds_per_second", "probes", "digest",
]  # fmt: skip


def play(order: list[int], seeds: range) -> Campaign:
    campaign = Campaign(Request(), seeds)
    for seed in order:
        campaign.add(make_outcome(seed))
    return campaign


@given(st.permutations(range(4, 20)))
def test_the_account_does_not_depend_on_the_order(order: list[int]) -> None:
    seeds = range(4, 20)
    shuffled, straight = play(order, seeds), play(list(seeds), seeds)
    assert shuffled.to_plain(2.0) == straight.to_plain(2.0)
    assert not shuffled.digest.waiting


def test_the_digest_is_over_the_digests_in_order_of_seed() -> None:
    text = "".join(make_outcome(seed).digest for seed in range(5))
    found = play([4, 2, 0, 1, 3], range(5)).digest.hexdigest()
    assert found == hashlib.sha256(text.encode()).hexdigest()


def test_other_seeds_have_another_digest() -> None:
    digests = {play(list(seeds), seeds).digest.hexdigest() for seeds in (range(5), range(1, 6))}
    assert len(digests) == 2


def test_a_digest_with_gaps_is_that_of_what_there_is() -> None:
    some = [0, 1, 5, 3]
    found = {
        play(list(order), range(9)).digest.hexdigest() for order in itertools.permutations(some)
    }
    text = "".join(make_outcome(seed).digest for seed in sorted(some))
    assert found == {hashlib.sha256(text.encode()).hexdigest()}


def test_only_what_is_out_of_turn_waits() -> None:
    digest = OrderedDigest(0)
    for seed in (3, 2, 0):
        digest.add(seed, "x")
    assert sorted(digest.waiting) == [2, 3]
    digest.add(1, "x")
    assert not digest.waiting


def test_the_account_for_machines() -> None:
    plain = play(list(range(11)), range(11)).to_plain(2.0)
    assert list(plain) == KEYS
    assert plain["engine"], plain["nodes"] == ("pbft", 4)
    assert (plain["seeds"], plain["decided"], plain["events"]) == (11, 10, 1_100)
    assert (plain["events_per_second"], plain["sim_seconds_per_second"]) == (550.0, 110.0)
    assert plain["violations"] == [
        {
            "seed": seed,
            "property": "agreement",
            "replay": f"quorate simulate --engine pbft --nodes 4 --seed {seed} --trace",
        }
        for seed in (3, 10)
    ]
    assert plain["probes"]["nulls"] == 5


def test_situations_never_met_are_there_with_a_zero() -> None:
    campaign = Campaign(Request(), range(3))
    expected = expected_probes(Request())
    assert expected
    assert campaign.list_rare_probes() == sorted(expected)
    assert set(campaign.to_plain(1.0)["probes"]) == set(expected)
    assert set(campaign.to_plain(1.0)["probes"].values()) == {0}


def test_rare_situations_are_those_below_a_number() -> None:
    name = expected_probes(Request())[0]
    campaign = Campaign(Request(), range(3))
    campaign.probes[name] = 9
    assert name not in campaign.list_rare_probes()
    assert name in campaign.list_rare_probes(10)
    campaign.probes[name] = 10
    assert name not in campaign.list_rare_probes(10)
    assert campaign.list_rare_probes(0) == []


def test_no_time_is_no_rate() -> None:
    assert per_second(5, 0.0) == 0.0
