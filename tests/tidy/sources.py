"""Reading a project's Python sources as syntax trees."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGES = ("consensus", "ledger", "node")


@dataclass(frozen=True)
class Breach:
    """One place where a rule is broken."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        """Show the place as editors understand it."""
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True)
class Source:
    """One Python file under a project's root."""

    root: Path
    file: Path

    @property
    def path(self) -> str:
        """The path from the root, with slashes."""
        return self.file.relative_to(self.root).as_posix()

    @property
    def module(self) -> str:
        """The dotted name that imports it."""
        parts = self.file.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def package(self) -> str:
        """The dotted name against which its relative imports are resolved."""
        if self.file.name == "__init__.py":
            return self.module
        return self.module.rpartition(".")[0]

    @cached_property
    def text(self) -> str:
        """The whole text."""
        return self.file.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, filename=self.path)

    def breach(self, line: int, message: str) -> Breach:
        """Say that a rule is broken here."""
        return Breach(self.path, line, message)


@dataclass(frozen=True)
class Import:
    """One imported name: `from a import b` imports `a.b`, whether `b` is a module or not."""

    name: str
    line: int

    @property
    def top(self) -> str:
        """The first part of the name."""
        return self.name.partition(".")[0]

    def reaches(self, module: str) -> bool:
        """Say whether this import touches `module` or anything inside it."""
        return self.name == module or self.name.startswith(f"{module}.")


def walk_sources(root: Path, *folders: str) -> Iterator[Source]:
    """Give every Python file in these folders of the root, scripts without a suffix too, by name."""
    for folder in folders:
        for file in sorted((root / folder).rglob("*")):
            if file.is_file() and (file.suffix == ".py" or is_python_script(file)):
                yield Source(root, file)


def is_python_script(file: Path) -> bool:
    """Say whether a file without a suffix is started by Python."""
    if file.suffix:
        return False
    with file.open("rb") as stream:
        first = stream.readline()
    return first.startswith(b"#!") and b"python" in first


def find_imports(source: Source) -> list[Import]:
    """List what a file imports, in any scope, relative and by `import_module` of a constant too."""
    imports: list[Import] = []
    for node in ast.walk(source.tree):
        match node:
            case ast.Import(names=names):
                imports.extend(Import(alias.name, node.lineno) for alias in names)
            case ast.ImportFrom():
                base = resolve_base(source, node)
                imports.extend(Import(f"{base}.{alias.name}", node.lineno) for alias in node.names)
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]) if last_name(
                function
            ) in {"import_module", "__import__"}:
                imports.append(Import(name, node.lineno))
            case _:
                continue
    return imports


def resolve_base(source: Source, node: ast.ImportFrom) -> str:
    """Turn the module of a `from` import into an absolute dotted name."""
    if node.level == 0:
        return node.module or ""
    parts = source.package.split(".")
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, *([node.module] if node.module else [])])


def last_name(expression: ast.expr) -> str | None:
    """Give the last identifier of `name` or `some.attribute`, else None."""
    match expression:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return None
