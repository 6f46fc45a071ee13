"""What an engine's messages are, told by their types."""

from consensus import catalog
from consensus.simulation.kinds import list_kinds, list_proofs, list_votes

PBFT = catalog.get("pbft").messages


def test_all_kinds_have_the_names_that_traces_show() -> None:
    kinds = list_kinds(PBFT)
    assert len(kinds) == len(set(kinds))
    assert {"PrePrepare", "Prepare", "ViewChange", "Standing", "Decision"} <= set(kinds)


def test_votes_are_signed_and_plain_and_about_a_view() -> None:
    assert list_votes(PBFT) == ("Prepare", "Commit")


def test_proofs_hold_a_quorum() -> None:
    assert list_proofs(PBFT) == ("Decision", "CheckpointCertificate")
