"""Following the logs of a network's nodes in one stream."""

import asyncio
from collections.abc import Callable, Sequence

from node.testnet.log_entries import LogEntry, Wanted
from node.testnet.log_streams import HoldBack, LogStream, read_last
from node.testnet.waiting import finish_unless

LOOK_S = 0.1
HOLD_BACK_S = 0.5
"""Five looks: later than that a line of another node is shown where it comes."""


async def follow_logs(
    streams: Sequence[LogStream],
    wanted: Wanted,
    show: Callable[[LogEntry], None],
    stopping: asyncio.Event,
    lines: int,
) -> None:
    """The last lines of each, then whatever comes, in the order of time, until `stopping`."""
    for entry in read_last(streams, wanted, lines):
        show(entry)
    held, clock = HoldBack(HOLD_BACK_S), asyncio.get_running_loop().time
    while not stopping.is_set():
        for stream in streams:
            held.put(filter(wanted.takes, stream.read()), clock())
        for entry in held.take(clock()):
            show(entry)
        await finish_unless(stopping, asyncio.sleep(LOOK_S))
    for stream in streams:
        held.put(filter(wanted.takes, [*stream.read(), *stream.finish()]), clock())
    for entry in held.take_all():
        show(entry)
