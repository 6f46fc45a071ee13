"""The coin in plain Python over plain numbers, written from the papers: slow, and nothing is shared.

The curve is -x^2 + y^2 = 1 + d x^2 y^2 over 2^255 - 19 (RFC 8032), the map onto it Elligator 2
(Bernstein, Hamburg, Krasnova and Lange 2013) on the Montgomery form v^2 = u^3 + 486662 u^2 + u.
"""

from collections.abc import Sequence
from hashlib import sha512
from typing import TypeAlias

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
A = 486662
ROOT = pow(2, (P - 1) // 4, P)

Point: TypeAlias = tuple[int, int]
IDENTITY: Point = (0, 1)


def recover_x(y: int, sign: int) -> int | None:
    """The x of a y, of the parity asked for."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT % P
    if x * x % P != square or (x == 0 and sign):
        return None
    return x if x % 2 == sign else P - x


def find_base() -> Point:
    y = 4 * pow(5, -1, P) % P
    x = recover_x(y, 0)
    assert x is not None
    return x, y


BASE = find_base()


def add(left: Point, right: Point) -> Point:
    (x1, y1), (x2, y2) = left, right
    product = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P) % P
    return x, (y1 * y2 + x1 * x2) * pow(1 - product, -1, P) % P


def times(number: int, point: Point) -> Point:
    result = IDENTITY
    for bit in f"{number:b}":
        result = add(result, result)
        if bit == "1":
            result = add(result, point)
    return result


def encode(point: Point) -> bytes:
    x, y = point
    return (y | (x % 2) << 255).to_bytes(32, "little")


def decode(data: bytes) -> Point:
    number = int.from_bytes(data, "little")
    y = number % 2**255
    x = recover_x(y, number >> 255)
    assert x is not None
    return x, y


def map_to_curve(data: bytes) -> Point:
    """Elligator 2, then into the subgroup of prime order; the top bit is the sign of x."""
    number = int.from_bytes(data, "little")
    r, sign = number % 2**255 % P, number >> 255
    u = -A * pow(1 + 2 * r * r, -1, P) % P
    value = (u**3 + A * u * u + u) % P
    if pow(value, (P - 1) // 2, P) == P - 1:
        u = (-u - A) % P
    y = (u - 1) * pow(u + 1, -1, P) % P
    x = recover_x(y, sign)
    assert x is not None
    return times(8, (x, y))


def draw(domain: bytes, *parts: bytes) -> int:
    """A number below L, by a hash."""
    return int.from_bytes(sha512(domain + b"".join(parts)).digest(), "little") % L


def list_coefficients(seed: bytes, threshold: int) -> list[int]:
    domain = b"quorate/coin-dealing/1\0"
    return [draw(domain, seed, degree.to_bytes(4, "big")) for degree in range(threshold)]


def compute_secret(coefficients: Sequence[int], index: int) -> int:
    return sum(one * pow(index + 1, degree, L) for degree, one in enumerate(coefficients)) % L


def compute_base(tag: bytes) -> Point:
    return map_to_curve(sha512(b"quorate/coin/1\0" + tag).digest()[:32])


def prove(secret: int, tag: bytes) -> tuple[bytes, bytes]:
    """The share of whoever holds a secret: its point, and the proof."""
    base, point = compute_base(tag), times(secret, compute_base(tag))
    own = secret.to_bytes(32, "little")
    nonce = draw(b"quorate/coin-nonce/1\0", own, tag)
    said = [base, times(secret, BASE), point, times(nonce, BASE), times(nonce, base)]
    shown = draw(b"quorate/coin-proof/1\0", *map(encode, said))
    answer = (nonce + shown * secret) % L
    return encode(point), shown.to_bytes(32, "little") + answer.to_bytes(32, "little")


def compute_face(seed: bytes, threshold: int, tag: bytes) -> int:
    """What the coin shows, by whoever knows the dealer's polynomial."""
    value = encode(times(list_coefficients(seed, threshold)[0], compute_base(tag)))
    return sha512(b"quorate/coin-face/1\0" + value + tag).digest()[0] % 2
