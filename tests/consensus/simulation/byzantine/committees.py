"""Committees whose quorums look right and are not, or are right and useless."""

from dataclasses import dataclass

from consensus.committee import Committee


@dataclass(frozen=True, slots=True)
class NaiveCommittee(Committee):
    """2f + 1, as many descriptions have it: enough only where n = 3f + 1."""

    @property
    def quorum(self) -> int:
        return 2 * self.faults + 1


@dataclass(frozen=True, slots=True)
class LiveCommittee(Committee):
    """n - f: as many as can be waited for when f are silent."""

    @property
    def quorum(self) -> int:
        return self.size - self.faults
