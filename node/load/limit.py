"""The signature limit: what the machine could verify if nodes did nothing else.

Verifications a second with all cores at it, measured here and now, divided by the validators, each
of which has to verify every transaction.
"""

import os
import time
from concurrent.futures import ProcessPoolExecutor

from ledger.keys import KeyPair, verify_many
from ledger.transaction import Transfer, build, signing_bytes

SAMPLES = 250
ROUND_S = 2.0


def count_verifications(seconds: float) -> float:
    """Verifications a second in this process, one thread, over distinct transfers."""
    key = KeyPair(os.urandom(32))
    made = [build(bytes(32), key, nonce, 0, 1, Transfer(bytes(32), 1)) for nonce in range(SAMPLES)]
    signed = [(key.public_key, signing_bytes(one), one.transaction.signature) for one in made]
    started = now = time.perf_counter()
    count = 0
    while now - started < seconds:
        assert all(verify_many(signed))
        count += SAMPLES
        now = time.perf_counter()
    return count / (now - started)


def measure_verifications(pool: ProcessPoolExecutor, cores: int, seconds: float = ROUND_S) -> float:
    """Verifications a second of the whole machine: one warm process per core, all at once."""
    warm = [pool.submit(count_verifications, 0.05) for _ in range(cores)]
    for future in warm:
        future.result()
    running = [pool.submit(count_verifications, seconds) for _ in range(cores)]
    return sum(future.result() for future in running)
