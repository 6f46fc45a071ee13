import re
from pathlib import Path

import pytest


def test_the_example_runs(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (root / "ledger" / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {}
    exec(example, scope)
    scope["chain"].close()  # type: ignore[attr-defined]
    assert (tmp_path / "data" / "db" / "CURRENT").is_file()


def test_every_module_is_in_the_table(root: Path) -> None:
    text = (root / "ledger" / "README.md").read_text(encoding="utf-8")
    table = text.split("## Where things stand")[1].split("##")[0]
    named = set(re.findall(r"`(\w+)`", table))
    modules = {file.stem for file in (root / "ledger").glob("*.py")} - {"__init__"}
    assert modules <= named
