"""Opening a home's event log, with those who write it and pass it on."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from ledger.store.leveldb import LevelStore
from ledger.store.memory import MemoryStore
from ledger.store.store import Store
from node.core import Core
from node.events.hub import EventHub
from node.events.log import EventLog
from node.events.recorder import EventRecorder
from node.events.telling import Teller
from node.tasks import OnFailure
from node.watched_store import WatchedStore

WRITE_BUFFER_BYTES = 2 * 1024 * 1024
BLOCK_CACHE_BYTES = 1024 * 1024
"""Little is read back, and mostly what was written last."""


@dataclass(frozen=True, slots=True)
class Events:
    """What happened here: who writes it down, and who passes it on."""

    recorder: EventRecorder
    hub: EventHub


def open_events(core: Core, stack: AsyncExitStack, on_failure: OnFailure) -> Events:
    """The event log of a home; `stack` closes it, after noting that the node stopped.

    Raises `EventLogError` or `StoreError`.
    """
    section = core.config.events
    store: Store = MemoryStore()
    if section.enabled:
        store = LevelStore(
            core.config.events_path,
            write_buffer_bytes=WRITE_BUFFER_BYTES,
            block_cache_bytes=BLOCK_CACHE_BYTES,
        )
    stack.callback(store.close)
    log = EventLog(
        WatchedStore(store, on_failure),
        count_max=section.records_max,
        bytes_max=section.size_bytes_max,
    )
    hub = EventHub(
        log,
        Teller(core.chain),
        core.metrics,
        subscribers_max=section.subscribers_max if section.enabled else 0,
        on_failure=on_failure,
    )
    recorder = EventRecorder(log, hub, core.chain, core.mempool)
    return Events(recorder, hub)
