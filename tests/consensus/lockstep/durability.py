"""Which record has to be in the journal before which message of a synchronous engine may leave."""

from typing import Any

from consensus.lockstep.messages import Bound, Confirm, Said
from consensus.message import compute_digest


def is_covered(message: Any, records: tuple[Any, ...]) -> bool:
    """Would a restart from these records know what its confirmation bound it to."""
    match message:
        case Said(slot=slot, height=height, body=Confirm(digest)):
            return any(
                (record.height, record.slot) == (height, slot)
                and compute_digest(record.value) == digest
                for record in records
                if isinstance(record, Bound)
            )
    return True
