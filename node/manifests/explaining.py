"""What the types of a manifest say of a table that does not fit them, in words that help."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from node.manifests.faults import Fault
from node.manifests.manifest import Expectations, Load, Manifest
from node.manifests.steps import DEEDS, EXPECT, Expect, name_verb


def explain(error: ValidationError, table: Mapping[str, Any]) -> Iterator[Fault]:
    """Every fault in plain words, with the nearest known name where one is unknown."""
    for fault in error.errors():
        place = drop_tags(fault["loc"], table)
        match fault["type"]:
            case "extra_forbidden":
                yield Fault(place, explain_unknown(str(place[-1]), list_keys(place, table)))
            case "missing":
                yield Fault(place[:-1], f"`{place[-1]}` is missing")
            case "union_tag_invalid" | "union_tag_not_found":
                step = get_table(place, table)
                yield Fault((*place, "do") if "do" in step else place, explain_verb(step))
            case "value_error":
                yield Fault(place, fault["msg"].removeprefix("Value error, "))
            case _:
                what = fault["msg"][0].lower() + fault["msg"][1:]
                yield Fault(place, f"{what}, not {fault['input']!r:.60}")


def drop_tags(place: Sequence[str | int], table: Mapping[str, Any]) -> tuple[str | int, ...]:
    """The path as the file has it: without the verb that the checker puts after a step's number."""
    is_step = len(place) > 2 and place[0] == "step"
    if is_step and place[2] == name_verb(get_table(place[:2], table)):
        place = (*place[:2], *place[3:])
    known = tuple(place)
    while len(known) > 1 and not has(known[:-1], table):
        known = known[:-1]
    return known


def get_table(place: Sequence[str | int], table: Mapping[str, Any]) -> Mapping[str, Any]:
    """The table at a path; empty where there is none."""
    found: Any = table
    for part in place:
        try:
            found = found[part]
        except (KeyError, IndexError, TypeError):
            return {}
    return found if isinstance(found, Mapping) else {}


def has(place: Sequence[str | int], table: Mapping[str, Any]) -> bool:
    """Is there a table at a path, or a list of them."""
    found: Any = table
    for part in place:
        try:
            found = found[part]
        except (KeyError, IndexError, TypeError):
            return False
    return isinstance(found, Mapping | list)


def list_keys(place: Sequence[str | int], table: Mapping[str, Any]) -> list[str]:
    """The keys that may stand where an unknown one does."""
    models: dict[str | int, type[BaseModel]] = {"load": Load, "expect": Expectations}
    model = models.get(place[0], Manifest) if len(place) > 1 else Manifest
    if place[0] == "step" and len(place) > 2:
        verb = name_verb(get_table(place[:2], table))
        model = Expect if verb == EXPECT else DEEDS[verb]
    return list(model.model_fields)


def explain_unknown(name: str, known: Sequence[str]) -> str:
    """An unknown name, and what may have been meant."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"known are {', '.join(known)}"
    return f"unknown key `{name}`; {hint}"


def explain_verb(step: Mapping[str, Any]) -> str:
    """A step that does not say what it is."""
    verb = step.get("do")
    if verb is None:
        return f'a step has `do = "…"` or `expect = "…"`; `do` is one of {", ".join(DEEDS)}'
    near = difflib.get_close_matches(str(verb), DEEDS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(DEEDS)}"
    return f"nothing does {verb!r}; {hint}"
