"""Dealing the common coin of a network that is being made."""

import secrets
from typing import Any

from consensus.engine_spec import EngineSpec
from ledger.coin.dealing import SEED_SIZE_BYTES, Dealing, deal


def deal_coin(spec: EngineSpec, parameters: Any, faults: int, members: int) -> Dealing | None:
    """Deal the coin; None where the network's engine needs none.

    The seed is drawn here and forgotten here: whoever runs this is the trusted dealer.
    """
    if not spec.tosses_common(parameters):
        return None
    return deal(secrets.token_bytes(SEED_SIZE_BYTES), faults + 1, members)
