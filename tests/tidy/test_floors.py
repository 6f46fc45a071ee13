"""Each floor is shown to be watched, by a small breach of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tidy import floors
from tests.tidy.conftest import Write
from tests.tidy.sources import Breach, Source, find_imports

Rule = Callable[[Path], list[Breach]]


def places(breaches: list[Breach]) -> list[tuple[str, int]]:
    return [(breach.path, breach.line) for breach in breaches]


BREACHES: list[tuple[Rule, str, str]] = [
    (floors.find_floor_breaches, "consensus/pbft/replica.py", "import ledger.block"),
    (floors.find_floor_breaches, "consensus/engine.py", "from node import driver"),
    (floors.find_floor_breaches, "ledger/chain.py", "from consensus.committee import Committee"),
    (floors.find_floor_breaches, "ledger/chain.py", "from node.node import Node"),
    (floors.find_floor_breaches, "ledger/store/leveldb.py", "import node"),
    (floors.find_floor_breaches, "node/node.py", "from tests.helpers import x"),
    (floors.find_floor_breaches, "node/cli/main.py", "import scripts.bench"),
    (floors.find_sibling_breaches, "consensus/pbft/engine.py", "from consensus import paxos"),
    (floors.find_sibling_breaches, "consensus/pbft/engine.py", "from ..paxos.ballot import Ballot"),
    (floors.find_sibling_breaches, "consensus/pbft/engine.py", "import consensus.simulation"),
    (floors.find_sibling_breaches, "consensus/simulation/run.py", "import consensus.pbft.engine"),
    (floors.find_sibling_breaches, "consensus/exploration/flp.py", "from consensus.paxos import x"),
    (floors.find_sibling_breaches, "consensus/model/faults.py", "from consensus import pbft"),
    (floors.find_contract_breaches, "consensus/engine.py", "import pydantic"),
    (floors.find_contract_breaches, "consensus/events.py", "from consensus import catalog"),
    (floors.find_contract_breaches, "consensus/message.py", "from .catalog import get"),
    (floors.find_leveldb_breaches, "ledger/chain.py", "import plyvel"),
    (floors.find_leveldb_breaches, "node/node.py", "from plyvel import DB"),
    (floors.find_third_party_breaches, "consensus/pbft/engine.py", "import rich"),
    (floors.find_third_party_breaches, "ledger/chain.py", "from aiohttp import web"),
    *(
        (floors.find_impure_imports, "consensus/pow/engine.py", f"import {name}")
        for name in sorted(floors.IMPURE)
    ),
    (floors.find_impure_imports, "consensus/pow/engine.py", "import os.path"),
    (floors.find_impure_imports, "consensus/pow/engine.py", "from time import monotonic"),
    (floors.find_impure_imports, "ledger/state.py", "from random import Random as Dice"),
    (floors.find_impure_imports, "ledger/store/memory.py", "from threading import Lock"),
    (floors.find_impure_imports, "ledger/chain.py", "x = __import__('time')"),
]

ALLOWED: list[tuple[Rule, str, str]] = [
    (floors.find_floor_breaches, "node/node.py", "import consensus.catalog, ledger.chain"),
    (floors.find_floor_breaches, "tests/test_node.py", "import consensus, ledger, node, scripts"),
    (floors.find_floor_breaches, "scripts/bench.py", "import node"),
    (floors.find_sibling_breaches, "consensus/pbft/engine.py", "from . import messages"),
    (floors.find_sibling_breaches, "consensus/pbft/engine.py", "import consensus.pbft.messages"),
    (floors.find_sibling_breaches, "consensus/pbft/engine.py", "import consensus.model.faults"),
    (floors.find_sibling_breaches, "consensus/simulation/run.py", "import consensus.catalog"),
    (floors.find_contract_breaches, "consensus/engine.py", "import copy, msgspec"),
    (floors.find_contract_breaches, "consensus/engine.py", "from consensus import events"),
    (floors.find_contract_breaches, "consensus/engine.py", "from .events import Event"),
    (floors.find_leveldb_breaches, "ledger/store/leveldb.py", "import plyvel"),
    (floors.find_third_party_breaches, "ledger/keys.py", "import nacl.bindings"),
    (floors.find_impure_imports, "ledger/store/leveldb.py", "import os"),
    (floors.find_impure_imports, "node/timers.py", "import asyncio, time"),
    (floors.find_impure_imports, "ledger/chain.py", "from ledger.time import window"),
]


def arrange(write: Write, path: str, line: str) -> Path:
    for protocol in ("pbft", "paxos"):
        write(f"consensus/{protocol}/__init__.py", '"""A protocol."""\n')
    return write(path, f'"""A module."""\n\n{line}\n')


@pytest.mark.parametrize(("rule", "path", "line"), BREACHES)
def test_a_breach_is_found(write: Write, rule: Rule, path: str, line: str) -> None:
    assert places(rule(arrange(write, path, line))) == [(path, 3)]


@pytest.mark.parametrize(("rule", "path", "line"), ALLOWED)
def test_what_is_allowed_passes(write: Write, rule: Rule, path: str, line: str) -> None:
    assert rule(arrange(write, path, line)) == []


def test_imports_are_found_in_every_scope(write: Write) -> None:
    root = write(
        "consensus/pbft/engine.py",
        """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            import ledger.block
        def late():
            from ledger import chain
            import importlib
            return importlib.import_module("ledger.state")
        """,
    )
    source = Source(root, root / "consensus/pbft/engine.py")
    own = {item.name for item in find_imports(source) if item.top == "ledger"}
    assert own == {"ledger.block", "ledger.chain", "ledger.state"}
    assert len(floors.find_floor_breaches(root)) == 3


def test_relative_imports_are_resolved_from_a_package(write: Write) -> None:
    root = write("consensus/pbft/__init__.py", "from . import engine\nfrom ..paxos import ballot\n")
    source = Source(root, root / "consensus/pbft/__init__.py")
    assert [item.name for item in find_imports(source)] == [
        "consensus.pbft.engine",
        "consensus.paxos.ballot",
    ]


def test_scripts_without_a_suffix_are_read(write: Write) -> None:
    root = write("node/tool", "#!/usr/bin/env python3\nimport tests\n")
    assert places(floors.find_floor_breaches(root)) == [("node/tool", 2)]
