"""What two small victims come to, searched once."""

import pytest

from consensus.exploration.flp import VICTIMS, Finding, examine


@pytest.fixture(scope="session")
def finding() -> Finding:
    """Ben-Or's agreement with its coins on a tape, from mixed inputs."""
    return examine(VICTIMS["benor-p"], [(0, 1, 1)])


@pytest.fixture(scope="session")
def duel() -> Finding:
    """Paxos whose rivals never rest."""
    return examine(VICTIMS["paxos"], [(0, 0, 1)])
