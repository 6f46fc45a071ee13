"""Properties as values: each promise is shown to notice its own breach."""

from typing import Any

import pytest

from consensus import catalog
from consensus.message import Signed
from consensus.pbft.messages import Checkpoint, Commit, Prepare, ViewChange
from consensus.simulation.application import Block, is_valid
from consensus.simulation.history import (
    Accusation,
    Divergence,
    Execution,
    History,
    Saying,
    ViolationError,
)
from consensus.simulation.properties import (
    Watch,
    explain_proposed,
    promises_of,
    sometimes,
    watch,
)


def make_watch() -> Watch:
    return watch(History(byzantine={3}), promises_of(catalog.get("pbft"), is_valid))


def block(height: int, *values: bytes, block_id: bytes = b"one") -> Block:
    return Block(height, values, None, block_id)


def saying(name: int, body: Any) -> Saying:
    return Saying(name, Signed(name, body))


def test_one_vote_per_kind_view_and_height() -> None:
    promises = make_watch()
    for name, body in (
        (1, Commit(0, 1, bytes(32))),
        (1, Prepare(0, 1, bytes(32))),
        (1, Commit(0, 1, bytes(32))),
        (2, Commit(0, 1, b"x" * 32)),
        (1, Checkpoint(8, bytes(32))),
    ):
        promises.see(saying(name, body))
    with pytest.raises(ViolationError, match=r"^one-vote: replica 1 signed two"):
        promises.see(saying(1, Commit(0, 1, b"x" * 32)))


def test_a_lost_journal_binds_at_heights_and_to_later_checkpoints_in_views() -> None:
    promises = make_watch()
    promises.see(saying(1, ViewChange(1, 8, (), ())))
    promises.see(saying(1, Checkpoint(8, bytes(32))))
    with pytest.raises(ViolationError, match=r"^one-vote"):
        promises.see(saying(1, ViewChange(1, 16, (), ())))
    promises.history.forgetful.add(1)
    promises.see(saying(1, ViewChange(1, 16, (), ())))
    with pytest.raises(ViolationError, match=r"^one-vote"):
        promises.see(saying(1, ViewChange(1, 8, (), ())))
    with pytest.raises(ViolationError, match=r"^one-vote"):
        promises.see(saying(1, Checkpoint(8, b"x" * 32)))


def test_prefix() -> None:
    with pytest.raises(ViolationError, match=r"^prefix: host 0 executed height 2"):
        make_watch().see(Execution(0, block(2)))


def test_external_validity() -> None:
    promises = make_watch()
    promises.see(Execution(0, block(1, b"0/1: good")))
    with pytest.raises(ViolationError, match=r"^validity: host 1 executed invalid"):
        promises.see(Execution(1, block(1, b"0/1: !bad")))


def test_what_nobody_proposed() -> None:
    history = History()
    assert explain_proposed(history, Execution(0, block(1, b"0/1: a")))
    assert not explain_proposed(history, Execution(0, block(1)))


def test_divergence_and_unjust_accusations() -> None:
    promises = make_watch()
    with pytest.raises(ViolationError, match=r"^no-divergence: host 2"):
        promises.see(Divergence(2, 8))
    promises.see(Accusation(0, 3))
    with pytest.raises(ViolationError, match=r"^just-accusation: host 0 accuses 1"):
        promises.see(Accusation(0, 1))


def test_a_sometimes_property_is_a_probe() -> None:
    history = History()
    wanted = sometimes("null-executed", [Execution], lambda _h, fact: not fact.block.values)
    promises = watch(history, [wanted])
    promises.see(Execution(0, block(1, b"a")))
    promises.see(Execution(0, block(2)))
    assert history.probes == {"null-executed": 1}
