"""Shapes of code that a type checker does not see and that hide faults."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tests.tidy.sources import PACKAGES, Breach, last_name, walk_sources

COMMITTEE_FILE = "consensus/committee.py"
FAULT_NAMES = frozenset({"f", "t", "faults", "faulty", "faults_max", "max_faults"})
TYPER_REGISTRARS = frozenset({"command", "callback"})
BROAD_ERRORS = frozenset({"Exception", "BaseException"})

Function = ast.FunctionDef | ast.AsyncFunctionDef


def find_dropped_effects(root: Path) -> list[Breach]:
    """In consensus, calling a handler without `yield from` silently does nothing.

    Engines, simulator and models are siblings, so a name means what it does in its own package.
    """
    handlers = {
        (name_package(source.path), name)
        for source in walk_sources(root, "consensus")
        for name in effect_functions(source.tree)
    }
    return [
        source.breach(line, f"effects of {name}() are dropped: write `yield from`")
        for source in walk_sources(root, "consensus")
        for name, line in bare_calls(source.tree)
        if (name_package(source.path), name) in handlers
    ]


def name_package(path: str) -> tuple[str, ...]:
    """The package that a file belongs to, one below the top; subpackages belong to theirs."""
    return PurePosixPath(path).parent.parts[:2]


def effect_functions(tree: ast.Module) -> Iterator[str]:
    """Name the functions that are annotated to give effects one by one."""
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.returns is not None:
            annotation = ast.unparse(node.returns).strip("'\"")
            if re.search(r"\b(Iterator|Iterable|Generator)\[(\w+\.)*Effect\b", annotation):
                yield node.name


def bare_calls(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Give name and line of each call whose result nobody takes."""
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Call(func=function)):
                if name := last_name(function):
                    yield name, node.lineno
            case _:
                continue


def find_quorum_arithmetic(root: Path) -> list[Breach]:
    """Thresholds are computed in the committee; elsewhere they are asked for by name.

    The system model states bounds as data: which multiple of the faults n has to exceed.
    """
    return [
        source.breach(node.lineno, f"quorum arithmetic outside {COMMITTEE_FILE}")
        for source in walk_sources(root, *PACKAGES)
        if source.path != COMMITTEE_FILE
        for node in ast.walk(source.tree)
        if isinstance(node, ast.expr) and is_quorum_arithmetic(node)
    ]


def is_quorum_arithmetic(node: ast.expr) -> bool:
    """Recognise a multiple of the faults, a third of anything, and a half plus one."""
    match node:
        case ast.BinOp(ast.Constant(value=int()), ast.Mult(), faults):
            return is_fault_count(faults)
        case ast.BinOp(faults, ast.Mult(), ast.Constant(value=int())):
            return is_fault_count(faults)
        case ast.BinOp(_, ast.FloorDiv(), ast.Constant(value=3)):
            return True
        case ast.BinOp(
            ast.BinOp(_, ast.FloorDiv(), ast.Constant(value=2)), ast.Add(), ast.Constant(value=1)
        ):
            return True
        case _:
            return False


def is_fault_count(expression: ast.expr) -> bool:
    """Say whether an expression names the number of faults."""
    return last_name(expression) in FAULT_NAMES


def find_unawaited_commands(root: Path) -> list[Breach]:
    """Typer accepts a coroutine function as a command and never awaits it: wrap it first."""
    return [
        source.breach(node.lineno, f"async command {node.name}() would never be awaited")
        for source in walk_sources(root, "node", "scripts")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.AsyncFunctionDef) and is_registered_bare(node)
    ]


def is_registered_bare(node: ast.AsyncFunctionDef) -> bool:
    """Say whether the decorator nearest to the function hands it to Typer unwrapped."""
    if not node.decorator_list:
        return False
    nearest = node.decorator_list[-1]
    called = nearest.func if isinstance(nearest, ast.Call) else nearest
    return isinstance(called, ast.Attribute) and called.attr in TYPER_REGISTRARS


def find_swallowed_cases(root: Path) -> list[Breach]:
    """`case _: pass` hides a forgotten message; name what is ignored, or assert_never."""
    return [
        source.breach(node.pattern.lineno, "`case _: pass` hides what was forgotten")
        for source in walk_sources(root, *PACKAGES)
        for node in ast.walk(source.tree)
        if isinstance(node, ast.match_case) and is_wildcard(node) and does_nothing(node.body)
    ]


def is_wildcard(node: ast.match_case) -> bool:
    """Recognise `case _` without a guard."""
    return node.guard is None and ast.unparse(node.pattern) == "_"


def find_swallowed_errors(root: Path) -> list[Breach]:
    """A broad except that does nothing confuses our bugs, their lies and bad luck."""
    return [
        source.breach(node.lineno, "a broad error is caught and nothing is done")
        for source in walk_sources(root, *PACKAGES, "scripts")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler | ast.Call) and swallows_errors(node)
    ]


def swallows_errors(node: ast.ExceptHandler | ast.Call) -> bool:
    """Recognise a do-nothing handler of all errors, and `suppress(Exception)`."""
    if isinstance(node, ast.ExceptHandler):
        return is_broad(node.type) and does_nothing(node.body)
    return last_name(node.func) == "suppress" and any(is_broad(arg) for arg in node.args)


def is_broad(caught: ast.expr | None) -> bool:
    """Recognise `except:`, `except Exception` and a tuple with one of the like."""
    if isinstance(caught, ast.Tuple):
        return any(is_broad(item) for item in caught.elts)
    return caught is None or last_name(caught) in BROAD_ERRORS


def does_nothing(body: list[ast.stmt]) -> bool:
    """Recognise a body of only `pass`, `...`, `continue` or text."""
    return all(
        isinstance(node, ast.Pass | ast.Continue)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in body
    )


def find_engine_questions(root: Path) -> list[Breach]:
    """Nothing in the node or the ledger asks which engine it is running."""
    names = engine_names(root)
    return [
        source.breach(node.lineno, "the node and the ledger must not ask for an engine by name")
        for source in walk_sources(root, "node", "ledger")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Compare | ast.MatchValue) and names & set(compared_texts(node))
    ]


def engine_names(root: Path) -> frozenset[str]:
    """Take the names of the protocol packages for names of engines."""
    folders = (file.name for file in (root / "consensus").glob("*") if file.is_dir())
    return frozenset(folders) - {"model", "simulation", "exploration", "broadcast", "rounds"}


def compared_texts(node: ast.Compare | ast.MatchValue) -> Iterator[str]:
    """Give the string constants of a comparison or a `case`."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value
