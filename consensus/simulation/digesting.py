"""A digest over everything that happens in a run, cheap enough to be always on.

What is hashed: the bytes of every message that is put on a link, every arrival with its time, every
timer that runs out, every executed block. All else follows from these, step by step.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

PARTS_MAX = 2_048


@dataclass(slots=True)
class RunDigest:
    """A SHA-256 that is fed in large pieces."""

    hasher: Any = field(default_factory=hashlib.sha256)
    parts: list[bytes] = field(default_factory=list)

    def add(self, part: bytes) -> None:
        """Bytes that end where they end: callers add marks of their own."""
        self.parts.append(part)
        if len(self.parts) >= PARTS_MAX:
            self.flush()

    def flush(self) -> None:
        """Hash what was gathered."""
        self.hasher.update(b"\n".join(self.parts))
        self.parts.clear()

    def compute(self) -> str:
        """64 hexadecimal digits that name the run so far."""
        self.flush()
        return str(self.hasher.hexdigest())
