"""The verbs: each does what it says, and says what is wrong with a command it cannot read."""

import pytest

from consensus.simulation import stage as stage_module
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.history import ViolationError
from consensus.simulation.links import Quality
from consensus.simulation.stage import Stage
from consensus.simulation.verbs.registry import VERBS
from consensus.simulation.words import ScenarioError

QUICK = {"timeout_ms": 300, "idle_block_ms": 100, "resend_ms": 80}


@pytest.fixture
def stage() -> Stage:
    cluster = make_cluster(parameters=QUICK, is_traced=True)
    cluster.start()
    return Stage(cluster)


def play(stage: Stage, *commands: str) -> Cluster:
    for command in commands:
        stage.do(command)
    return stage.cluster


BAD = """
fly 1
run
run -5
run 1 2
run soon
rest
crash 9
crash one
wipe 0 disk
wipe
fuse 0
fuse 0 0
fuse 0 1 sideways
habit 0 mood=3
habit 0 check=x
habit 0 drift=-1000
quality delay=9..2
quality loss=1001
quality speed=3
quality loss=1 loss=2
quality delay=5 on 1
quality delay=5 on 1 1
clog 1
clog 1 1
omit 0 forget 5
omit 0 send
core 7
core 0 1 speed=3
topology cube
topology 0-9
topology 0-1-2
behave 0
behave 0 nice
behave 0 slow 2000
twin
twin 9
censor 9 a
starve
load 5000
load fast
demand 100 9
account 9
""".strip().splitlines()


@pytest.mark.parametrize("command", BAD)
def test_a_command_that_cannot_be_read_is_refused_with_its_own_words(
    stage: Stage, command: str
) -> None:
    with pytest.raises(ScenarioError, match=command.split(maxsplit=1)[0]):
        stage.do(command)


def test_every_verb_is_described() -> None:
    words = (stage_module.__doc__ or "").split()
    assert not [verb for verb in VERBS if verb not in words]


def test_crash_power_and_restart(stage: Stage) -> None:
    cluster = play(stage, "submit a", "run 100", "crash 1", "power 2", "power 2")
    assert [host.is_up for host in cluster.hosts.values()] == [True, False, False, True]
    assert cluster.heights() == (1, 1, 0, 1)
    play(stage, "restart 0 1 2", "rest 20000")
    assert len(set(cluster.heights())) == 1


def test_a_wiped_disk_and_a_wiped_journal(stage: Stage) -> None:
    cluster = play(stage, "submit a", "rest 20000", "wipe 1 journal", "wipe 2")
    assert cluster.heights() == (8, 8, 0, 8)
    assert cluster.hosts[1].journal.is_lost
    assert cluster.history.probes["disk-wiped"] == 2


def test_links(stage: Stage) -> None:
    cluster = play(stage, "quality delay=3..9 loss=10", "quality delay=50 on 0 1", "oneway 0 1 | 2")
    assert cluster.links.quality == Quality(3, 9, loss_permille=10)
    assert cluster.links.own == {(0, 1): Quality(50, 50)}
    assert cluster.links.cut == {(0, 2), (1, 2)}
    play(stage, "partition 0 1 | 2", "heal", "topology ring")
    assert not cluster.links.cut
    assert cluster.links.topology is not None


def test_a_clogged_link_holds_and_lets_go(stage: Stage) -> None:
    cluster = play(stage, "clog 0 1", "clog 0 2", "submit a", "run 200")
    assert cluster.heights() == (0, 0, 0, 0)
    play(stage, "unclog 0 1", "unclog 0 2", "run 100")
    assert min(cluster.heights()) == 1


def test_whoever_leads_is_starved_and_then_heard(stage: Stage) -> None:
    cluster = play(stage, "starve 150", "submit a", "run 140")
    assert cluster.heights() == (0, 0, 0, 0)
    play(stage, "run 60")
    assert min(cluster.heights()) == 1
    assert cluster.history.probes["leader-starved"] == 1


def test_one_who_omits_to_send_is_not_heard(stage: Stage) -> None:
    cluster = play(stage, "omit 0 send 1000", "submit a", "run 200")
    assert cluster.heights() == (0, 0, 0, 0)
    cluster = play(stage, "omit 0 send 0", "rest 20000")
    assert min(cluster.heights()) >= 1


def test_a_load_goes_on_until_another_comes(stage: Stage) -> None:
    cluster = play(stage, "load 10", "run 1000", "load 0", "run 1000")
    assert stage.items == 11
    assert cluster.have_executed("w1", "w11")


def test_a_core_is_well_and_the_rest_is_not(stage: Stage) -> None:
    commands = ("crash 0 1", "pause 2", "partition 0 | 1 | 2 | 3", "clog 1 2", "core 1 2 3")
    cluster = play(stage, *commands)
    assert [host.is_up for host in cluster.hosts.values()] == [False, True, True, True]
    assert not cluster.links.is_connected(0, 1)
    assert not cluster.links.clogged
    play(stage, "submit a to 1 2 3", "demand 20000 1 2 3")
    assert cluster.have_executed("a", "new1")


def test_what_is_demanded_and_not_done_is_a_violation(stage: Stage) -> None:
    play(stage, "crash 0 1", "submit a")
    with pytest.raises(ViolationError, match=r"^bounded-progress: not at hosts 2 3 within 5250 ms"):
        stage.do("demand 5000 2 3")


def test_a_twin_has_the_same_key_and_an_engine_of_its_own(stage: Stage) -> None:
    cluster = play(stage, "twin 0", "submit a", "run 300")
    assert cluster.addresses[0] == [0, 4]
    assert cluster.history.byzantine == {0}
    assert cluster.have_executed("a")


def test_a_split_liar_shows_each_half_another_value(stage: Stage) -> None:
    cluster = play(stage, "split 0 1 | 2 3", "submit a", "run 8")
    assert cluster.trace is not None
    shown = {
        entry.peer: entry.detail
        for entry in cluster.trace.entries
        if (entry.kind, entry.name) == ("send", "PrePrepare")
    }
    assert shown[1] != shown[2] == shown[3]
    play(stage, "rest 60000")
    assert cluster.have_executed("a")


def test_a_censor_leaves_out_and_is_replaced(stage: Stage) -> None:
    cluster = play(stage, "censor 0 a", "submit a", "rest 60000")
    assert cluster.have_executed("a")
    assert all(host.engine.replica.view for host in cluster.correct)  # type: ignore[union-attr]


def test_what_is_printed_can_be_chosen(stage: Stage) -> None:
    play(stage, "hide broadcast", "show write", "submit a", "run 100", "heads", "account 1")
    assert any(" write " in line for line in stage.printed)
    assert not any(" all " in line for line in stage.printed)
    assert "heads 1 1 1 1" in stage.printed
    assert stage.printed[-1].startswith("1: normal in view 0")
