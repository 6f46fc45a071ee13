"""No secret stands in a log: masked by the name it goes under, by its shape, and by its value.

- by name: whatever is logged as `seed`, `private_key`, `authorization`, …, in nested tables too
- by shape, anywhere in a text: private keys in PEM, the members of a key file, `Bearer …`, the
  password in a URL
- by value: what `protect` was told, such as the seed that this process signs with, in all the forms
  in which bytes get into texts

A private key has no shape that would tell it from a hash, so the last of the three is what holds.
"""

import base64
import functools
import re
from collections import deque
from collections.abc import Mapping, MutableMapping
from typing import Any

MASK = "***"
PROTECTED_MAX = 64
"""Forms of secrets that are looked for in every text: four of each."""
DEPTH_MAX = 4
"""Tables within tables; what lies deeper is shown as its text."""

_NAMES = (
    "seed|secret|password|passphrase|token|cookie|authorization|credentials"
    "|(?:private|signing|secret|api)[_-]?key"
)
SECRET_NAME = re.compile(rf"(?:^|[_\W])(?:{_NAMES})(?:$|[_\W])", re.IGNORECASE)
_VALUE = r"""b?"[^"]*"|b?'(?:[^'\\]|\\.)*'|[^\s,;&}\])]+"""
_ASSIGNED = re.compile(
    rf"""((?<![a-z])(?:{_NAMES})["']?\s*[:=]\s*)(?:(?:Bearer|Basic|Digest)\s+)?(?:{_VALUE})""",
    re.IGNORECASE,
)
_SHAPES = (
    (
        re.compile(
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)",
            re.DOTALL,
        ),
        MASK,
    ),
    (_ASSIGNED, rf"\g<1>{MASK}"),
    (re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9+/_.~=-]{8,}", re.IGNORECASE), rf"\g<1> {MASK}"),
    (re.compile(r"(://)[^/\s:@]+:[^/\s@]+@"), rf"\g<1>{MASK}@"),
)
_HINTS = (
    "seed", "secret", "pass", "token", "cookie", "author", "creden", "key", "bearer", "basic", "://",
)  # fmt: skip
"""What any of the shapes needs; most texts have none of it, and looking for these costs little."""

_protected: deque[str] = deque(maxlen=PROTECTED_MAX)


def protect(secret: bytes) -> None:
    """Never show these bytes from here on: not as hex, base64 or Python writes them."""
    forms = (
        secret.hex(),
        base64.b64encode(secret).decode().rstrip("="),
        base64.urlsafe_b64encode(secret).decode().rstrip("="),
        repr(secret)[2:-1],
    )
    _protected.extend(form for form in forms if form not in _protected)


def mask_secrets(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """The processor, last before a line becomes text."""
    for name, value in event.items():
        if value is not None and is_secret(name):
            event[name] = MASK
        elif type(value) not in _PLAIN:
            event[name] = mask_value(value)
    return event


@functools.lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    """Does what goes under this name never get into a log."""
    return SECRET_NAME.search(name) is not None


_PLAIN = frozenset({int, float, bool, type(None)})


def mask_value(value: Any, depth: int = 0) -> Any:
    """The same value without secrets; bytes as hex, other objects as their text."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, bytes | bytearray):
        return mask_text(bytes(value).hex())
    if depth < DEPTH_MAX and isinstance(value, Mapping):
        return {
            mask_text(str(key)): MASK if is_secret(str(key)) else mask_value(inner, depth + 1)
            for key, inner in value.items()
        }
    if depth < DEPTH_MAX and isinstance(value, list | tuple | set | frozenset):
        return [mask_value(inner, depth + 1) for inner in value]
    return mask_text(repr(value))


def mask_text(text: str) -> str:
    """The text without secrets."""
    for form in _protected:
        if form in text:
            text = text.replace(form, MASK)
    lower = text.lower()
    if any(hint in lower for hint in _HINTS):
        for shape, instead in _SHAPES:
            text = shape.sub(instead, text)
    return text
