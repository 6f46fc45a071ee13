"""Several ledgers that decide what a test tells them, certified as PBFT would."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from consensus.committee import Committee
from consensus.message import Signed, sign_message
from consensus.pbft.messages import Checkpoint, CheckpointCertificate
from consensus.simulation.signatures import make_sign
from node.simulation.ledger import LedgerApplication
from node.simulation.ledger_workload import Bodies, make_network

COMMITTEE = Committee.of(4, 1)


def make_certificate(height: int, block_id: bytes, signers: Iterable[int]) -> CheckpointCertificate:
    """Votes of these replicas for a block."""
    vote = Checkpoint(height, block_id)
    signed = (sign_message(Signed(name, vote), make_sign(name)) for name in signers)
    return CheckpointCertificate(tuple(signed))


@dataclass
class Ledgers:
    """Four hosts of one run."""

    bodies: Bodies = field(default_factory=lambda: Bodies(make_network("pbft")))
    hosts: list[LedgerApplication] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hosts += [LedgerApplication(self.bodies) for _ in range(4)]

    def __getitem__(self, name: int) -> LedgerApplication:
        return self.hosts[name]

    def submit(self, *items: str) -> None:
        """A client sends its work to everybody."""
        for host in self.hosts:
            for item in items:
                assert host.submit(item)

    def propose(self, proposer: int = 0) -> bytes:
        """What a host would order at its next height, if need be nothing."""
        host = self.hosts[proposer]
        value = host.make_value(proposer, host.chain.height + 1, (), required=True)
        assert value is not None
        return value

    def decide(self, *values: bytes, at: Iterable[int] = range(4)) -> None:
        """Some hosts execute these values as their next height."""
        for name in at:
            self.hosts[name].execute(self.hosts[name].chain.height + 1, values, None)

    def order(self, *items: str, proposer: int = 0) -> bytes:
        """Submit and decide; the result is the value."""
        self.submit(*items)
        value = self.propose(proposer)
        self.decide(value)
        return value

    def certify(self) -> None:
        """A quorum vouches for the head of every host."""
        for host in self.hosts:
            height = host.chain.height
            host.certify(height, make_certificate(height, host.blocks[-1].block_id, range(3)))

    def catch_up(self, name: int, other: int) -> None:
        """Hand a host the blocks that another has beyond it."""
        host = self.hosts[name]
        for block in self.hosts[other].blocks[host.chain.height :]:
            host.execute(block.height, block.values, block.seal)
