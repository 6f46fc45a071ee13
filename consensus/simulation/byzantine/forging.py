"""Lies about one thing: a message that differs from an honest one in a single place.

All lies here are genuine, in that every signature within verifies: the liar changes only what its
own key covers, and signs again.
"""

from collections.abc import Collection
from typing import Any

from consensus.message import (
    NULL_DIGEST,
    NULL_VALUE,
    Message,
    Signed,
    compute_digest,
    sign_message,
)
from consensus.simulation.byzantine.behaviour import Liar
from consensus.simulation.byzantine.fields import (
    Place,
    Role,
    find_height,
    walk_places,
)
from consensus.simulation.byzantine.memory import Memory
from consensus.simulation.byzantine.rewriting import (
    is_well_formed,
    make_value_table,
    replace_at,
    substitute,
    take_over,
)
from consensus.simulation.chance import Chance

AHEAD = 16
"""Beyond narrow windows, and within wide ones."""
FAR = 1_000_000
"""So far ahead that no run gets there."""
NUMBER_MAX = (1 << 64) - 1
CONSISTENT_PERMILLE = 700
VARIANTS = 8
"""Different forged values for a height."""
UNKNOWN_DIGEST = compute_digest(b"nobody knows this value")
ALL_ROLES = frozenset(Role)


def sign_own(liar: Liar, body: Message) -> Signed[Any]:
    """The body as a vote of the liar's own."""
    signed: Signed[Any] = sign_message(Signed(liar.name, body), liar.sign)
    return signed


def change_one(
    message: Any, liar: Liar, memory: Memory, roles: Collection[Role] = ALL_ROLES
) -> Any | None:
    """The message with one place changed, signed again; None if nothing there can be changed."""
    places = [place for place in walk_places(message, liar.name) if place.role in roles]
    if not places:
        return None
    place = choose_place(places, liar.chance)
    contents = list_alternatives(message, place, liar, memory)
    if not contents:
        return None
    return change_place(message, place, liar.chance.choose(contents), liar)


def choose_place(places: list[Place], chance: Chance) -> Place:
    """One of the places: on the way down all fields of a struct are equally likely.

    So a message that holds a long list is not always lied about somewhere within that list.
    """
    depth = 0
    while len(places) > 1:
        here = [place for place in places if len(place.path) == depth]
        below = [place for place in places if len(place.path) > depth]
        if here and (not below or chance.happens(500)):
            return here[0]
        depth += 1
        step = chance.choose(list(dict.fromkeys(place.path[:depth] for place in below)))
        places = [place for place in below if place.path[:depth] == step]
    return places[0]


def change_place(message: Any, place: Place, content: Any, liar: Liar) -> Any | None:
    """The message with this content there, signed again; None if it is malformed then.

    A value mostly takes its digests along: one that is not what was signed convinces nobody.
    """
    if place.role is Role.VALUE and liar.chance.happens(CONSISTENT_PERMILLE):
        return show_value(message, place.content, content, liar)
    changed = sign_message(replace_at(message, place.path, content, liar.name), liar.sign)
    return changed if is_well_formed(changed) else None


def show_value(message: Any, old: bytes, new: bytes, liar: Liar) -> Any:
    """The message with one value, and all digests of it, replaced by another."""
    table = make_value_table(old, new)
    return sign_message(substitute(message, table, liar.name), liar.sign)


def deny(message: Any, liar: Liar, *, whoever_signed: bool) -> Any:
    """The message with its votes for a value turned into ones for the null, and signed again.

    Votes of the latest view are what it says, older ones what it shows as evidence: that stays as
    it is unless there is nothing else, for nobody believes evidence that contradicts itself. With
    `whoever_signed` the votes of others are taken over first, and all are turned.
    """
    denied = take_over(message, None, liar.name) if whoever_signed else message
    places = list(walk_places(denied, liar.name))
    views = {place.path[:-1]: place.content for place in places if place.role is Role.VIEW}
    votes = [p for p in places if p.role is Role.DIGEST and p.path[:-1] in views]
    latest = max(views.values(), default=0)
    said = [p for p in votes if views[p.path[:-1]] == latest]
    for place in votes if whoever_signed or not said else said:
        denied = replace_at(denied, place.path, NULL_DIGEST, liar.name)
    return sign_message(denied, liar.sign)


def list_alternatives(message: Any, place: Place, liar: Liar, memory: Memory) -> list[Any]:
    """What might stand there instead, all different from what does."""
    match place.role:
        case Role.VIEW | Role.HEIGHT:
            return list_numbers(place.content, far=True)
        case Role.NUMBER:
            return list_numbers(place.content, far=False)
        case Role.FLAG:
            return [not place.content]
        case Role.DIGEST:
            height = find_height(message, place.path)
            digests = [*memory.find_digests(height), NULL_DIGEST, UNKNOWN_DIGEST]
            return [digest for digest in digests if digest != place.content]
        case Role.VALUE:
            height = find_height(message, place.path)
            forged = liar.forge_value(height, liar.chance.below(VARIANTS))
            values = [forged, NULL_VALUE, *memory.find_values()]
            return [value for value in values if value != place.content]
        case Role.PARTS:
            return list_tuples(place.content, liar, memory)
        case Role.SIGNED:
            return list_signed(place.content, liar, memory)


def list_numbers(number: int, *, far: bool) -> list[int]:
    """The neighbours; far numbers in both directions if wanted."""
    numbers = [number + 1, number - 1, *([number + AHEAD, number + FAR, 0] if far else [])]
    naturals = (n for n in dict.fromkeys(numbers) if 0 <= n <= NUMBER_MAX)
    return [n for n in naturals if n != number]


def list_tuples(parts: tuple[Any, ...], liar: Liar, memory: Memory) -> list[tuple[Any, ...]]:
    """None, one less, one twice, the other way round, or one from somewhere else."""
    if not parts:
        return []
    at = liar.chance.below(len(parts))
    before, part, after = parts[:at], parts[at], parts[at + 1 :]
    tuples = [(), (*before, *after), (*parts, part), parts[::-1], (*before, part, part, *after[1:])]
    if isinstance(part, Message) and (likes := memory.find_like(part)):
        like = liar.chance.choose(likes)
        tuples += [(*before, like, *after), (*parts, like)]
    return [other for other in dict.fromkeys(tuples) if other != parts]


def list_signed(part: Signed[Any], liar: Liar, memory: Memory) -> list[Any]:
    """In the place of what another signed: the same by the liar, a lie by the liar, another's."""
    own = sign_own(liar, part.body)
    lie = change_one(own, liar, memory, {Role.VIEW, Role.HEIGHT, Role.DIGEST})
    likes = memory.find_like(part)
    others = [liar.chance.choose(likes)] if likes else []
    return [own, *([] if lie is None else [lie]), *others]
