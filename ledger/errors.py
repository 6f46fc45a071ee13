"""The error tree of the ledger package.

```text
LedgerError
├── AddressError        a text that is not an address
├── KeyMaterialError    a seed that is not a key
├── TransactionError    a transaction that is refused
├── PayloadError        a payload that no correct proposer would make
├── GenesisError        a genesis file that is unreadable, contradictory or another network's
├── CoinError           keys or shares of a common coin that do not fit
├── StoreError          the database: locked, corrupt, of another format, or the disk failed
├── ChainError          a call that does not fit the chain as it stands
│   └── MissingBodiesError   a decided payload names transactions that nobody has handed in
└── ProofError          a proof that cannot be given, or that does not convince
```
"""

from collections.abc import Sequence

from ledger.reasons import Blame, Reason


class LedgerError(Exception):
    """Root of the package's errors: `reason` is stable, `detail` is for people."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail

    @property
    def blame(self) -> Blame:
        """Whose mistake it is."""
        return self.reason.blame

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}" if self.detail else str(self.reason)


class AddressError(LedgerError):
    """A text that is not an address."""


class KeyMaterialError(LedgerError):
    """Bytes that cannot be a key."""


class TransactionError(LedgerError):
    """A transaction is refused."""


class PayloadError(LedgerError):
    """A payload that no correct proposer would make, or whose time has not come."""


class GenesisError(LedgerError):
    """A genesis that is unreadable, contradicts itself, or belongs to another network."""


class CoinError(LedgerError):
    """Keys or shares of a common coin that do not fit."""


class StoreError(LedgerError):
    """The database cannot be used."""


class ChainError(LedgerError):
    """A call that does not fit the chain as it stands."""


class MissingBodiesError(ChainError):
    """A decided payload names transactions whose bodies are not here; nothing was changed."""

    def __init__(self, ids: Sequence[bytes]) -> None:
        super().__init__(Reason.CHAIN_MISSING_BODIES, f"{len(ids)} bodies are missing")
        self.ids = tuple(ids)


class ProofError(LedgerError):
    """A proof cannot be given now, or does not convince."""
