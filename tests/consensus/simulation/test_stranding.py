"""The storm that aims."""

from consensus import catalog
from consensus.committee import Committee
from consensus.simulation.chance import Chance
from consensus.simulation.schedule import Schedule, play_schedule
from consensus.simulation.stranding import draw_stranding

PBFT = catalog.get("pbft").messages
CLUSTER = "cluster pbft n=4 timeout_ms=300 idle_block_ms=100 resend_ms=100 delay=1..20"
QUIET_MS = 4_000


def strand(seed: int) -> tuple[tuple[int, str], ...]:
    """A whole run."""
    drawn = draw_stranding(Chance(seed), Committee.of(4, 1), PBFT, 300)
    started = [(200 + after_ms, command) for after_ms, command in drawn]
    return ((0, "load 20"), *started, (started[-1][0] + QUIET_MS, "heads"))


def test_its_commands_come_in_order_and_can_be_read() -> None:
    actions = strand(seed=1)
    assert [at_ms for at_ms, _ in actions] == sorted(at_ms for at_ms, _ in actions)
    assert {command.split()[0] for _, command in actions} >= {"drop", "partition", "heal"}
    assert play_schedule(Schedule(CLUSTER, actions)).violation is None


def test_where_nobody_can_be_spared_it_does_nothing() -> None:
    assert draw_stranding(Chance(1), Committee.of(3, 0), PBFT, 300)
    assert not draw_stranding(Chance(1), Committee.of(1, 0), PBFT, 300)
    assert not draw_stranding(Chance(1), Committee.of(3, 1), PBFT, 300)


def test_two_leaders_in_a_row_fail_in_most_of_them() -> None:
    views = [
        max(host.engine.replica.view for host in played.cluster.hosts.values())
        for played in (play_schedule(Schedule(CLUSTER, strand(seed))) for seed in range(6))
    ]
    assert sum(view >= 2 for view in views) > 3
