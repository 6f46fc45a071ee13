"""Brings batches to a network and stays until every transaction was answered.

Whatever goes wrong on the way, the same bytes are sent again: to the same node when it is full, to
the next one when it does not answer. A transaction has effect at most once, so this is always safe.
"""

import asyncio
from collections.abc import Sequence
from itertools import batched

from node.api.backend import Outcome
from node.api.hot import BatchLine
from node.client import Client, ClientError, RefusedError
from node.load.parcel import SETTLED, Fate, Parcel

BATCH_MAX = 250
PAUSE_FIRST_S = 0.05
PAUSE_MAX_S = 2.0
_TRY_LATER = frozenset({408, 429, 502, 503, 504})
