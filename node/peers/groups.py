"""Which addresses belong together: whoever owns one of a group can easily own many.

As in Bitcoin Core, addresses of version 4 are grouped by their first 16 bits and those of version 6
by their first 32, which is about what one provider hands out.
"""

import ipaddress
from collections import Counter

PREFIX_BITS = {4: 16, 6: 32}


def compute_group(host: str) -> str:
    """The group of an address, such as `10.1.0.0/16`; what is no address is a group of its own."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    bits = PREFIX_BITS[address.version]
    return str(ipaddress.ip_network((address, bits), strict=False))


class Crowd:
    """How many of each group are in, at most `most` (None: any number)."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._counts: Counter[str] = Counter()

    def enter(self, group: str) -> bool:
        """Let one more in, if there is room; then `leave` must follow."""
        if self._most is not None and self._counts[group] >= self._most:
            return False
        self._counts[group] += 1
        return True

    def leave(self, group: str) -> None:
        """One has gone."""
        self._counts[group] -= 1
        if not self._counts[group]:
            del self._counts[group]
