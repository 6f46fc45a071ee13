"""Who stands behind a block: from the engine's own bytes to replica ids."""

from consensus.engine_spec import EngineSpec
from consensus.errors import DecodeError
from ledger.blocks import StoredBlock
from node.api.backend import VotesView


def read_votes(spec: EngineSpec, block: StoredBlock) -> VotesView:
    """What seal and certificate of a block say; nothing where it has none, as the genesis block.

    The bytes were judged before they were stored. What cannot be read all the same tells nothing.
    """
    view = VotesView()
    try:
        if block.seal and spec.read_seal is not None:
            told = spec.read_seal(spec.seals.decode(block.seal))
            view = VotesView(told.view, told.leader, told.voters)
        if block.certificate and spec.list_signers is not None:
            signers = spec.list_signers(spec.certificates.decode(block.certificate))
            view = VotesView(view.view, view.leader, view.voters, signers)
    except DecodeError:
        return view
    return view
