"""Who stands behind a block, as the engines' own seals and certificates tell."""

import pytest

from consensus import catalog
from consensus.chaining import messages as chained
from consensus.message import Signed
from consensus.paxos import messages as paxos
from consensus.paxos.ballot import Ballot
from consensus.pbft import messages as pbft
from ledger.block import Header
from ledger.blocks import StoredBlock
from node.api.backend import VotesView
from node.testimonies import read_votes

DIGEST = bytes(32)
SIGNATURE = bytes(64)


def make_block(seal: bytes = b"", certificate: bytes | None = None) -> StoredBlock:
    header = Header(1, DIGEST, DIGEST, DIGEST, DIGEST, DIGEST, 1, b"")
    return StoredBlock(header, DIGEST, (), seal, (), (), (), certificate)


def test_the_seal_of_pbft_bears_votes() -> None:
    spec = catalog.get("pbft")
    commit, checkpoint = pbft.Commit(3, 1, DIGEST), pbft.Checkpoint(1, DIGEST)
    seal = pbft.CommitSeal(tuple(Signed(who, commit, SIGNATURE) for who in (2, 0, 3)))
    signers = tuple(Signed(who, checkpoint, SIGNATURE) for who in (3, 1, 0))
    certificate = pbft.CheckpointCertificate(signers)
    block = make_block(spec.seals.encode(seal), spec.certificates.encode(certificate))
    assert read_votes(spec, block) == VotesView(3, None, (0, 2, 3), (0, 1, 3))


def test_the_seal_of_paxos_names_who_led() -> None:
    spec = catalog.get("paxos")
    certificate = paxos.CheckpointCertificate(
        tuple(Signed(who, paxos.Checkpoint(1, DIGEST), SIGNATURE) for who in (1, 0))
    )
    block = make_block(
        spec.seals.encode(paxos.ChosenSeal(Ballot(5, 2))), spec.certificates.encode(certificate)
    )
    assert read_votes(spec, block) == VotesView(5, 2, None, (0, 1))


def test_blocks_of_trees_have_neither() -> None:
    assert read_votes(catalog.get("pow"), make_block()) == VotesView()


@pytest.mark.parametrize("name", catalog.names())
def test_what_cannot_be_read_tells_nothing(name: str) -> None:
    spec = catalog.get(name)
    assert read_votes(spec, make_block(b"nonsense", b"nonsense")) == VotesView()
    assert read_votes(spec, make_block()) == VotesView()


@pytest.mark.parametrize("name", catalog.names())
def test_every_engine_of_decisions_can_read_its_own_proofs(name: str) -> None:
    spec = catalog.get(name)
    assert (spec.read_seal is None) == (spec.tree is not None)
    assert (spec.list_signers is None) == (spec.tree is not None)


def test_a_chain_of_agreements_bears_votes_where_members_may_lie() -> None:
    spec = catalog.get("benor")
    assert read_votes(spec, make_block(spec.seals.encode(chained.Word()))) == VotesView()
    checkpoint = chained.Checkpoint(1, DIGEST)
    signers = tuple(Signed(who, checkpoint, SIGNATURE) for who in (2, 1))
    certificate = spec.certificates.encode(chained.CheckpointCertificate(signers))
    assert read_votes(spec, make_block(certificate=certificate)).signers == (1, 2)
