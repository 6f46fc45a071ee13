"""What an engine made of agreements keeps, and standing up again from it; see `standing_up`."""

from collections.abc import Iterator
from typing import Any

from consensus.agreement import Opened, Propose
from consensus.chaining.chain import Chain
from consensus.chaining.driving import drive, open_instance
from consensus.chaining.messages import CheckpointCertificate, Given, Noted
from consensus.chaining.refusals import Refusal
from consensus.chaining.standing_up import stand_up, take_applied
from consensus.effects import Effect, Ignore
from consensus.events import Applied, Started


def on_started(chain: Chain, event: Started) -> Iterator[Effect]:
    """Stand up with what each height has written."""
    yield from stand_up(
        chain.keeper, event, list_records(chain), lambda records: restore(chain, records)
    )


def restore(chain: Chain, records: tuple[Any, ...]) -> Iterator[Effect]:
    """Each instance above the ledger gets back what it wrote, and the value that was brought in."""
    keeper = chain.keeper
    for record in records:
        match record:
            case CheckpointCertificate():
                keeper.certificate, keeper.certified = record, record.height
            case Noted() | Given() if record.height > keeper.decided:
                chain.records.setdefault(record.height, []).append(record)
    if not keeper.is_voting:
        return
    for height, kept in sorted(chain.records.items()):
        keeper.count("reopened")
        instance = open_instance(chain, height)
        notes = tuple(record.record for record in kept if isinstance(record, Noted))
        values = [record.value for record in kept if isinstance(record, Given)]
        instance.has_value = bool(values)
        yield from drive(chain, height, Opened(notes))
        for value in values[:1]:
            yield from drive(chain, height, Propose(value))


def on_applied(chain: Chain, event: Applied) -> Iterator[Effect]:
    """The ledger executed a height: its records have served."""
    if event.height <= chain.keeper.applied:
        yield Ignore(event, Refusal.DUPLICATE)
        return
    for old in [height for height in chain.records if height <= event.height]:
        del chain.records[old]
    yield from take_applied(chain.keeper, event, list_records(chain))


def list_records(chain: Chain) -> list[Any]:
    """What all heights have written."""
    return [record for _, kept in sorted(chain.records.items()) for record in kept]
