import json
import os
from pathlib import Path

import pytest

from node.testnet.errors import ClusterError
from node.testnet.processes import ProcessId, identify
from node.testnet.registry import REGISTRY_FILE, Registry


def me() -> ProcessId:
    process = identify(os.getpid())
    assert process is not None
    return process


def test_another_command_finds_the_processes(tmp_path: Path) -> None:
    assert Registry(tmp_path).living() == {}
    Registry(tmp_path).set(2, me())
    registry = Registry(tmp_path)
    assert registry.living() == {2: me()}
    assert (registry.get(2), registry.get(0)) == (me(), None)


def test_what_another_command_noted_meanwhile_stays(tmp_path: Path) -> None:
    mine, theirs = Registry(tmp_path), Registry(tmp_path)
    theirs.set(4, me())
    mine.set(3, me())
    assert Registry(tmp_path).living() == {3: me(), 4: me()}


def test_a_process_that_is_gone_is_nobodys(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    registry.set(0, ProcessId(me().pid, me().started - 1))
    assert registry.get(0) is None
    assert registry.living() == {}


def test_after_a_reboot_the_file_names_nobody(tmp_path: Path) -> None:
    Registry(tmp_path).set(0, me())
    path = tmp_path / REGISTRY_FILE
    table = json.loads(path.read_text())
    path.write_text(json.dumps(table | {"boot": "another"}))
    assert Registry(tmp_path).living() == {}


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_damaged_file_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / REGISTRY_FILE).write_text(text)
    with pytest.raises(ClusterError) as failure:
        Registry(tmp_path)
    assert failure.value.reason == "bad-process-file"
