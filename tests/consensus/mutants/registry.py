"""All mutants by name; the engine that a bug is in is the one that its storms run."""

from collections.abc import Mapping

from tests.consensus.acs.mutants import lying as acs_lying
from tests.consensus.benor.mutants import voting as benor_voting
from tests.consensus.lockstep.mutants import slots
from tests.consensus.mutants.planting import Mutant
from tests.consensus.paxos.mutants import memory as paxos_memory
from tests.consensus.paxos.mutants import reading as paxos_reading
from tests.consensus.paxos.mutants import voting as paxos_voting
from tests.consensus.pbft.mutants import host, progress, views, voting
from tests.consensus.pow.mutants import chains, headers, repair

LISTS = (
    acs_lying.MUTANTS,
    benor_voting.MUTANTS,
    slots.MUTANTS,
    paxos_voting.MUTANTS,
    paxos_memory.MUTANTS,
    paxos_reading.MUTANTS,
    host.MUTANTS,
    voting.MUTANTS,
    views.MUTANTS,
    progress.MUTANTS,
    headers.MUTANTS,
    chains.MUTANTS,
    repair.MUTANTS,
)
MUTANTS: Mapping[str, Mutant] = {mutant.name: mutant for some in LISTS for mutant in some}
assert len(MUTANTS) == sum(map(len, LISTS)), "two mutants have one name"
