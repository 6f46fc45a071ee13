"""From a home to its coin service, where the engine tosses common coins."""

from collections.abc import Callable
from typing import Any

from consensus.events import Event
from ledger.coin.keys import CoinKeys
from node.coins.service import Coins
from node.coins.share_file import load_share
from node.config import ConfigError
from node.core import Core
from node.logs.masking import protect
from node.tasks import OnFailure


def open_coins(
    core: Core,
    parameters: Any,
    *,
    post: Callable[[Event], None],
    on_failure: OnFailure,
) -> Coins | None:
    """The service of a node whose engine tosses common coins; None for any other.

    Raises `ConfigError` (coin-missing) where the genesis has no coin, `CoinError` where its
    commitments are bad, and what `load_share` raises for a validator's own share.
    """
    if not core.spec.tosses_common(parameters):
        return None
    genesis = core.chain.genesis
    if not genesis.commitments:
        raise ConfigError(
            f"{core.config.genesis_path} names no common coin, and {core.spec.name} tosses one",
            reason="coin-missing",
            advice="make the network anew: its genesis and the validators' shares belong together",
        )
    keys = CoinKeys.derive(genesis.commitments, len(genesis.validators))
    secret = None
    if core.me is not None:
        secret = load_share(core.config.coin_share_path, keys, core.me)
        protect(secret.scalar)
    return Coins(core, keys, secret, post=post, on_failure=on_failure)
