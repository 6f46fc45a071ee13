"""The file in a network's home that says what the network is made of."""

from pathlib import Path
from typing import TypeVar

import msgspec

from node.errors import NodeError

PlanT = TypeVar("PlanT")


def write_plan(path: Path, plan: object) -> None:
    """Write a plan, for machines and people."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n")


def read_plan(path: Path, kind: type[PlanT], error: type[NodeError], command: str) -> PlanT:
    """The plan of an existing network, made by `command`.

    Raises `error`, with the reason `network-missing` or `network-malformed`.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError as missing:
        raise error(
            f"there is no network in {path.parent}",
            reason="network-missing",
            advice=f"make one with `{command}`, or name another folder with --home",
        ) from missing
    except (OSError, msgspec.MsgspecError) as malformed:
        detail = f"{path} cannot be read: {malformed}"
        raise error(detail, reason="network-malformed") from malformed
