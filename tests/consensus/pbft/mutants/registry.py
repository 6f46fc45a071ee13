"""All mutants, by name."""

from collections.abc import Mapping

from tests.consensus.pbft.mutants import host, progress, views, voting
from tests.consensus.pbft.mutants.planting import Mutant

MUTANTS: Mapping[str, Mutant] = {
    mutant.name: mutant
    for mutant in (*host.MUTANTS, *voting.MUTANTS, *views.MUTANTS, *progress.MUTANTS)
}
