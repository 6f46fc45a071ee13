"""Encodings that stand for no point of prime order, by what is wrong with them."""

from tests.ledger.coin import oracle

P = oracle.P
ORDER_EIGHT = next(
    point
    for y in range(2, 60)
    if (x := oracle.recover_x(y, 0)) is not None
    and oracle.times(4, point := oracle.times(oracle.L, (x, y))) != oracle.IDENTITY
)
SMALL_ORDER = [oracle.encode(oracle.times(number, ORDER_EIGHT)) for number in range(8)]
"""All eight of them, the identity first."""

GOOD = oracle.times(9, oracle.BASE)

BAD_POINTS = {
    **{f"small order {number}": point for number, point in enumerate(SMALL_ORDER)},
    "mixed order": oracle.encode(oracle.add(GOOD, ORDER_EIGHT)),
    "mixed order two": oracle.encode(oracle.add(GOOD, (0, P - 1))),
    "not canonical": (P + 3).to_bytes(32, "little"),
    "the identity, not canonical": (P + 1).to_bytes(32, "little"),
    "the identity, negative": (1 | 1 << 255).to_bytes(32, "little"),
    "off the curve": (2).to_bytes(32, "little"),
    "all ones": b"\xff" * 32,
    "too short": oracle.encode(GOOD)[:31],
    "too long": oracle.encode(GOOD) + b"\x00",
    "empty": b"",
}
