"""Simulated failure detectors: true on their own clocks, forgetful after crashes, and able to lie."""

from typing import Any

import pytest

from consensus.effects import SetTimer, Watch
from consensus.engine_spec import EngineSpec
from consensus.errors import ContractError
from consensus.events import Suspected, Trusted
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.entry import Entry
from consensus.simulation.links import Quality
from consensus.simulation.stage import Stage
from consensus.simulation.telling import Teller
from consensus.simulation.words import ScenarioError
from tests.consensus.simulation import listening
from tests.consensus.simulation.listening import NAME, PERIOD_MS

SILENCE_MS, DELAY_MS = 200, 5
BOTH = [Suspected(0), Trusted(0)]


@pytest.fixture(autouse=True)
def _listeners(monkeypatch: pytest.MonkeyPatch) -> None:
    listening.enter_catalog(monkeypatch)


def started(*commands: str, **parameters: int | bool) -> Stage:
    cluster = make_cluster(
        NAME, 4, quality=Quality(DELAY_MS, DELAY_MS), parameters=parameters, is_traced=True
    )
    cluster.start()
    return play(Stage(cluster), *commands)


def play(stage: Stage, *commands: str) -> Stage:
    for command in commands:
        stage.do(command)
    return stage


def words(stage: Stage, place: int) -> list[Any]:
    engine: Any = stage.cluster.hosts[place].engine
    return list(engine.words)


def entries(cluster: Cluster, place: int, kind: str) -> list[Entry]:
    assert cluster.trace is not None
    return [e for e in cluster.trace.entries if (e.place, e.kind) == (place, kind)]


def when(cluster: Cluster, place: int, kind: str) -> list[int]:
    return [entry.at_ms for entry in entries(cluster, place, kind)]


def test_whoever_beats_is_never_suspected() -> None:
    stage = started("run 5000")
    assert [words(stage, place) for place in range(4)] == [[], [], [], []]


def test_a_crash_is_suspected_when_the_silence_is_too_long_and_a_restart_heard() -> None:
    stage = started("run 1020", "crash 0", "run 1000", "restart 0", "run 1000")
    last_ms = 1_000 + DELAY_MS
    for place in (1, 2, 3):
        assert words(stage, place) == BOTH
        assert when(stage.cluster, place, "suspect") == [last_ms + SILENCE_MS + 1]
        assert when(stage.cluster, place, "trust") == [2_020 + PERIOD_MS + DELAY_MS]


def test_each_mistake_makes_it_more_patient() -> None:
    stage = started()
    for _ in range(2):
        play(stage, "run 1000", "oneway 0 | 1", "run 3000", "heal", "run 200")
    first, second = when(stage.cluster, 1, "suspect")
    arrivals = [e.at_ms for e in entries(stage.cluster, 1, "receive") if e.peer == 0]
    for told_ms, patience_ms in ((first, SILENCE_MS), (second, 2 * SILENCE_MS)):
        last_ms = max(at_ms for at_ms in arrivals if at_ms < told_ms)
        assert told_ms == last_ms + patience_ms + 1


@pytest.mark.parametrize(("drift", "real_ms"), [(250, 161), (0, 201), (-200, 252)])
def test_a_skewed_clock_is_impatient_or_slow(drift: int, real_ms: int) -> None:
    stage = started(f"habit 1 drift={drift}", "run 1020", "crash 0", "run 1000")
    assert when(stage.cluster, 1, "suspect") == pytest.approx([1_005 + real_ms], abs=1)


def test_a_paused_host_does_not_look_and_blames_nobody_afterwards() -> None:
    stage = started("run 1000", "pause 1", "run 2000")
    assert words(stage, 1) == []
    play(stage, "resume 1", "run 1000")
    assert words(stage, 1) == []
    play(stage, "crash 0", "pause 1", "run 2000", "resume 1", "run 150")
    assert words(stage, 1) == []
    play(stage, "run 100")
    assert words(stage, 1) == [Suspected(0)]


def test_a_crash_forgets_suspicions_and_patience() -> None:
    stage = started("run 500", "crash 0", "run 500", "crash 1", "restart 1", "run 300")
    assert words(stage, 1) == [Suspected(0)]
    assert len(when(stage.cluster, 1, "suspect")) == 2


def test_a_newer_choice_replaces_an_older() -> None:
    stage = started("run 500", "crash 0 1", "run 3000", moves=True)
    assert words(stage, 2) == words(stage, 3) == [Suspected(0), Suspected(1)]
    play(stage, "restart 0", "run 1000")
    assert words(stage, 2) == [Suspected(0), Suspected(1)], "nobody asked about the first any more"


def test_a_word_that_waits_is_void_when_somebody_else_is_chosen_first() -> None:
    stage = started("run 500", "suspect 1")
    host = stage.cluster.hosts[1]
    engine: Any = host.engine
    assert words(stage, 1) == [Suspected(0)]
    host.is_busy = True
    play(stage, "trust 1")
    host.is_busy = False
    host.perform(Watch(2))
    play(stage, "run 50")
    assert engine.words == [Suspected(0)]


def test_a_momentary_lie_is_corrected_by_the_next_message() -> None:
    stage = started("run 1020", "suspect 1")
    assert words(stage, 1) == [Suspected(0)]
    play(stage, "run 100")
    assert words(stage, 1) == BOTH
    assert when(stage.cluster, 1, "trust") == [1_055]
    assert stage.cluster.history.probes["falsely-suspected"] == 1
    play(stage, "run 1000")
    assert words(stage, 1) == BOTH, "and it taught nothing"


def test_a_lasting_suspicion_ends_when_the_lie_does() -> None:
    stage = started("run 1020", "suspect 1 2 for 700", "run 650")
    assert words(stage, 1) == words(stage, 2) == [Suspected(0)]
    assert words(stage, 3) == []
    play(stage, "run 50")
    assert words(stage, 1) == words(stage, 2) == BOTH
    assert when(stage.cluster, 1, "trust") == [1_720]


def test_a_lasting_trust_hides_a_crash_until_the_lie_ends() -> None:
    stage = started("run 1020", "trust 1 for 2000", "crash 0", "run 1500")
    assert words(stage, 1) == []
    assert words(stage, 2) == [Suspected(0)]
    assert stage.cluster.history.probes["falsely-trusted"] == 1
    play(stage, "run 500")
    assert words(stage, 1) == [Suspected(0)]


def test_trust_that_is_false_for_a_moment() -> None:
    stage = started("run 1020", "crash 0", "run 500", "trust 1", "run 150")
    assert words(stage, 1) == BOTH
    play(stage, "run 100")
    assert words(stage, 1) == [*BOTH, Suspected(0)]


def test_a_lie_goes_on_about_whoever_is_watched_next() -> None:
    stage = started("run 1000", "suspect 2 for 3000", "run 3000", moves=True)
    said = words(stage, 2)
    assert len(said) > 4
    assert {word.replica for word in said} == {0, 1, 2, 3}
    moments = when(stage.cluster, 2, "suspect")
    assert len(set(moments)) == len(moments), "never twice at one moment"


def test_a_newer_lie_replaces_an_older_and_a_crash_ends_both() -> None:
    stage = started("run 1020", "suspect 1 for 300", "trust 1 for 1000", "run 600")
    assert words(stage, 1) == BOTH
    play(stage, "suspect 1 for 5000", "crash 1", "restart 1", "run 1000")
    assert words(stage, 1) == []


def test_detectors_of_a_healed_core_tell_the_truth() -> None:
    stage = started("run 1020", "suspect 1 3 for 90000", "core 0 1 2", "run 500")
    assert words(stage, 1) == BOTH
    assert words(stage, 3) == [Suspected(0)]


def test_a_lie_told_to_a_paused_host_is_told_when_it_wakes() -> None:
    stage = started("run 1020", "pause 1", "suspect 1 for 1000", "run 100")
    assert words(stage, 1) == []
    play(stage, "resume 1", "run 300")
    assert words(stage, 1) == [Suspected(0)]


@pytest.mark.parametrize("command", ["suspect 9", "suspect 1 for", "trust 1 for soon", "trust x"])
def test_what_cannot_be_read(command: str) -> None:
    with pytest.raises(ScenarioError):
        started(command)


def test_engines_that_watch_nobody_have_no_detector_to_lie() -> None:
    cluster = make_cluster("pbft", 4)
    with pytest.raises(ScenarioError, match="watches nobody"):
        Stage(cluster).do("suspect 1")
    assert cluster.hosts[1].watchman is None
    with pytest.raises(ContractError, match="silence_ms"):
        cluster.hosts[1].perform(Watch(0))


def test_the_spread_is_drawn_from_a_stream_of_its_own() -> None:
    steady, spread = started("run 2000"), started("run 2000", spread_ms=20)
    beats = [when(stage.cluster, 2, "timer") for stage in (steady, spread)]
    assert beats[0] == list(range(50, 2_001, 50))
    pauses = [later - sooner for sooner, later in zip(beats[1], beats[1][1:], strict=False)]
    assert 50 <= min(pauses) < 55
    assert 65 < max(pauses) <= 70
    assert when(spread.cluster, 1, "timer") != beats[1]
    again = started("run 2000", spread_ms=20)
    assert when(again.cluster, 2, "timer") == beats[1]
    assert steady.cluster.hosts[2].spread.blocks == 0


def test_what_a_trace_says_of_a_spread() -> None:
    assert Teller().tell(SetTimer(("beat",), 50)) == ("set", "beat", "50 ms")
    assert Teller().tell(SetTimer(("beat",), 50, 20)) == ("set", "beat", "50 to 70 ms")


def test_a_spec_without_a_silence_computes_none() -> None:
    spec: EngineSpec = listening.SPEC
    assert spec.compute_silence_ms(listening.Parameters(silence_ms=70)) == 70
    assert make_cluster("pbft").spec.compute_silence_ms(None) == 0
