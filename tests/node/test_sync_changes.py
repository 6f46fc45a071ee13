"""Catch-up after changes of the committee: the certificates without which nobody is led any further."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from consensus.message import Signed, compute_digest
from consensus.pbft.messages import (
    CERTIFICATES,
    SEALS,
    Checkpoint,
    CheckpointCertificate,
    Commit,
    CommitSeal,
)
from node import sync as module
from node.light import verify_proof
from node.stages import Stages
from node.sync import read_blocks
from node.votes import Votes
from node.wire import BlockBundle, Blocks, GetBlocks
from tests.ledger.apps.test_committee import NEW, RULE, Assembly
from tests.ledger.support import ALICE, GENESIS, VALIDATORS
from tests.node.support import leaving_nothing, until
from tests.node.test_sync import CONTEXT, KEYS, Bench

SIGNERS = [Votes(CONTEXT, {}, key, Stages()) for key in (*VALIDATORS, NEW)]
FIRST, SECOND, THIRD = (0, 1, 2), (0, 1, 2, 4), (1, 2, 4)
"""Quorums of the committees up to 8, up to 16, and above."""
SEALERS = (1, 2, 3, 4)


def make_certificate(height: int, block_id: bytes, signers: tuple[int, ...]) -> bytes:
    votes = (Signed(signer, Checkpoint(height, block_id)) for signer in signers)
    return CERTIFICATES.encode(
        CheckpointCertificate(tuple(SIGNERS[vote.signer].sign(vote) for vote in votes))
    )


def make_seal(bundle: BlockBundle) -> bytes:
    (value,) = bundle.values
    body = Commit(0, bundle.height, compute_digest(value))
    return SEALS.encode(CommitSeal(tuple(SIGNERS[one].sign(Signed(one, body)) for one in SEALERS)))


class Changed(Assembly):
    """Two changes, and a certificate for each fourth height."""

    def grow(self) -> None:
        self.reach(4)
        self.vote(*VALIDATORS[:3], add=NEW.public_key)
        self.reach(12)
        self.vote(*VALIDATORS, remove=KEYS[0])
        self.reach(20)
        for height in (4, 8, 12, 16, 20):
            signers = FIRST if height <= 8 else SECOND if height <= 16 else THIRD
            block_id = self.chain.block(height).id
            self.chain.certify(height, make_certificate(height, block_id, signers))


class ChangedBench(Bench):
    """A node that has executed all that the source has, and holds the first certificate alone."""

    def __init__(self, home: Path) -> None:
        super().__init__(home, 0, rule=RULE, newcomers=(NEW,))
        self.changed = Changed()
        self.changed.grow()
        chain, source = self.core.decisions, self.changed.chain
        for height in range(1, 21):
            block = source.block(height)
            chain.execute(height, block.values, b"", self.changed.bodies.get)
        chain.certify(4, source.block(4).certificate or b"")
        self.core.seats.refresh()
        self.liars = dict.fromkeys(KEYS, self.serve)

    def serve(self, request: GetBlocks) -> Blocks:
        bundles = read_blocks(self.changed.chain, request, 64)
        return Blocks(0, tuple(replace(one, seal=make_seal(one)) for one in bundles))


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ChangedBench]:
    for name, seconds in {"TICK_S": 0.005, "PATIENCE_S": 0.02, "SHUN_S": 0.02}.items():
        monkeypatch.setattr(module, name, seconds)
    monkeypatch.setattr(module, "CERTIFICATE_PAUSE_S", 0.01)
    async with leaving_nothing():
        bench = ChangedBench(tmp_path)
        bench.sync.start()
        yield bench
        await bench.sync.close()
        bench.log.close()
        bench.verifier.close()
        assert bench.failures == []


async def test_the_ends_of_all_committees_are_asked_for(bench: ChangedBench) -> None:
    assert [last.height for last in bench.core.decisions.uncertified_changes()] == [8, 16]
    bench.peers.add(KEYS[1], height=20, certified=20)
    await until(lambda: bench.chain.certified_height == 20, 5)
    assert bench.core.decisions.uncertified_changes() == []
    verify_proof(GENESIS, bench.chain.follow(bench.chain.prove_account(ALICE.public_key)))
    assert bench.peers.penalties == []


async def test_only_that_of_the_latest_change_is_for_the_engine(bench: ChangedBench) -> None:
    bench.peers.add(KEYS[1], height=20, certified=16)
    await until(lambda: bench.chain.certified_height >= 16, 5)
    offered = {one.height for one in bench.ordering.offered if one.certificate}
    assert 16 in offered
    assert 8 not in offered


async def test_nobody_is_asked_who_is_not_that_far(bench: ChangedBench) -> None:
    bench.peers.add(KEYS[1], height=20, certified=4)
    bench.peers.add(KEYS[2], height=20, certified=8)
    await until(lambda: bench.chain.certified_height == 8, 5)
    assert bench.asked(KEYS[1]) == []


def sign_with(signers: tuple[int, ...], bundle: BlockBundle) -> BlockBundle:
    certificate = CERTIFICATES.decode(bundle.certificate)
    body = certificate.votes[0].body
    return replace(bundle, certificate=make_certificate(body.height, body.block_id, signers))


@pytest.mark.parametrize(
    "certificate",
    [
        lambda bundle: sign_with((0, 1), bundle).certificate,
        lambda bundle: sign_with((0, 1, 4), bundle).certificate,
        lambda bundle: make_certificate(bundle.height, bytes(32), FIRST),
        lambda bundle: make_certificate(bundle.height + 4, bytes(32), FIRST),
        lambda _: b"\xff",
    ],
)
async def test_what_does_not_certify_the_last_block_is_penalised(
    bench: ChangedBench, certificate: object
) -> None:
    def lie(request: GetBlocks) -> Blocks:
        honest = bench.serve(request).blocks
        return Blocks(0, tuple(replace(one, certificate=certificate(one)) for one in honest))  # type: ignore[operator]

    bench.liars[KEYS[1]] = lie
    bench.peers.add(KEYS[1], height=20, certified=8)
    await until(lambda: bool(bench.peers.penalties), 5)
    assert {peer for peer, _ in bench.peers.penalties} == {KEYS[1]}
    assert bench.chain.certified_height == 4


async def test_who_does_not_have_it_after_all_is_left_alone_for_a_while(
    bench: ChangedBench,
) -> None:
    def forget(request: GetBlocks) -> Blocks:
        return Blocks(
            0, tuple(replace(one, certificate=b"") for one in bench.serve(request).blocks)
        )

    bench.liars[KEYS[1]] = forget
    bench.peers.add(KEYS[1], height=4, certified=8)
    await until(lambda: KEYS[1] in bench.sync._shunned, 5)
    assert bench.peers.penalties == []
    bench.peers.add(KEYS[2], height=20, certified=20)
    await until(lambda: bench.chain.certified_height == 20, 5)
