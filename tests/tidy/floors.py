"""Who may import whom, and what the pure packages may not import at all."""

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.tidy.sources import PACKAGES, Breach, Import, Source, find_imports, walk_sources

# Which of our own top-level folders a package may never reach.
FORBIDDEN_FLOORS = {
    "consensus": ("ledger", "node", "scripts", "tests"),
    "ledger": ("consensus", "node", "scripts", "tests"),
    "node": ("scripts", "tests"),
}

# The contract between engines and their hosts: standard library, msgspec, and each other.
CONTRACT = ("engine", "events", "effects", "message", "block", "committee", "errors")
CONTRACT_MODULES = frozenset(f"consensus.{name}" for name in CONTRACT)

# Packages of consensus that are not protocols: the runners take engines from the catalog, and the
# system model is values that everybody may use.
RUNNERS = frozenset({"simulation", "exploration", "bounds"})
SHARED = frozenset({"model", "chaining"})

# Nondeterminism and I/O: they enter an engine as events, and the ledger not at all.
IMPURE = frozenset(
    {"asyncio", "time", "datetime", "random", "secrets", "os", "socket", "threading", "logging"}
)
LEVELDB_MODULE = "plyvel"
LEVELDB_FILE = "ledger/store/leveldb.py"

# What is not in the standard library and may be used all the same.
THIRD_PARTY = {
    "consensus": frozenset({"msgspec"}),
    "ledger": frozenset({"msgspec", "nacl", "cffi", LEVELDB_MODULE}),
}


def find_floor_breaches(root: Path) -> list[Breach]:
    """Neither consensus nor ledger knows the other or the node; nothing imports scripts or tests."""
    return [
        source.breach(item.line, f"{package} must not import {item.name}")
        for package, forbidden in FORBIDDEN_FLOORS.items()
        for source in walk_sources(root, package)
        for item in find_imports(source)
        if item.top in forbidden
    ]


def find_sibling_breaches(root: Path) -> list[Breach]:
    """Protocols never import each other or a runner; runners and the model import no protocol."""
    protocols = list_protocols(root)
    return [
        source.breach(item.line, f"consensus.{home} must not import {item.name}")
        for home in sorted(protocols | RUNNERS | SHARED)
        for source in walk_sources(root, f"consensus/{home}")
        for item in find_imports(source)
        if reached_package(item) in forbidden_siblings(home, protocols)
    ]


def list_protocols(root: Path) -> frozenset[str]:
    """Name the folders of consensus that hold a protocol."""
    folders = (file.name for file in (root / "consensus").glob("*") if file.is_dir())
    return frozenset(name for name in folders if name.isidentifier()) - RUNNERS - SHARED


def forbidden_siblings(home: str, protocols: frozenset[str]) -> frozenset[str]:
    """Name the packages of consensus that the package `home` may not import."""
    if home in RUNNERS:
        return protocols
    return (protocols | RUNNERS) - {home}


def reached_package(item: Import) -> str | None:
    """Name the package of consensus that an import reaches, if any."""
    parts = item.name.split(".")
    return parts[1] if parts[0] == "consensus" and len(parts) > 1 else None


def find_contract_breaches(root: Path) -> list[Breach]:
    """Contract modules use the standard library, msgspec and each other."""
    files = (Source(root, root / "consensus" / f"{name}.py") for name in CONTRACT)
    return [
        source.breach(item.line, f"a contract module must not import {item.name}")
        for source in files
        if source.file.exists()
        for item in find_imports(source)
        if not is_contract_import(item)
    ]


def is_contract_import(item: Import) -> bool:
    """Say whether a contract module may import this."""
    if item.top == "consensus":
        return any(item.reaches(module) for module in CONTRACT_MODULES)
    return item.top == "msgspec" or item.top in sys.stdlib_module_names


def find_leveldb_breaches(root: Path) -> list[Breach]:
    """One file knows which database holds the ledger."""
    return [
        source.breach(item.line, f"only {LEVELDB_FILE} imports {LEVELDB_MODULE}")
        for source in walk_sources(root, *PACKAGES)
        if source.path != LEVELDB_FILE
        for item in find_imports(source)
        if item.top == LEVELDB_MODULE
    ]


def walk_pure_sources(root: Path) -> Iterator[Source]:
    """Give every file that must be deterministic."""
    for source in walk_sources(root, "consensus", "ledger"):
        if source.path != LEVELDB_FILE:
            yield source


def find_impure_imports(root: Path) -> list[Breach]:
    """No clock, randomness, I/O, thread or logger in consensus or the pure part of the ledger."""
    return [
        source.breach(item.line, f"{item.name} brings nondeterminism or I/O into pure code")
        for source in walk_pure_sources(root)
        for item in find_imports(source)
        if item.top in IMPURE
    ]


def find_third_party_breaches(root: Path) -> list[Breach]:
    """The two pure packages rest on a handful of libraries."""
    return [
        source.breach(item.line, f"{package} must not depend on {item.top}")
        for package, allowed in THIRD_PARTY.items()
        for source in walk_sources(root, package)
        for item in find_imports(source)
        if item.top not in sys.stdlib_module_names | allowed | set(PACKAGES)
    ]
