"""What every test may use, and the order in which tests run."""

import os
import shutil
import sys
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says something of the machine, and nothing of the code.
settings.register_profile("quorate", deadline=None)
settings.load_profile("quorate")

ROOT = Path(__file__).resolve().parent.parent


def keep_bytecode(folder: Path) -> None:
    """Compile each module once for all processes, in a folder of its own.

    An environment may forbid compiled modules beside the sources; then each of some hundred nodes and
    commands that the tests start would compile the whole project before it does anything.
    """
    sys.dont_write_bytecode = False
    sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = str(folder)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


if sys.dont_write_bytecode:
    keep_bytecode(ROOT / ".cache" / "bytecode")


def require_tool(name: str) -> Path:
    """Find a program; without it the test is skipped, or fails where CI says that all must run."""
    search = f"{ROOT / '.cache' / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    if found := shutil.which(name, path=search):
        return Path(found)
    reason = f"the program {name!r} is not installed; scripts/test fetches it where it can"
    if os.environ.get("CI", "").lower() in {"true", "1"}:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's root folder."""
    return ROOT


@pytest.fixture(scope="session")
def promtool() -> Path:
    """Prometheus's own checker for metrics, configuration and rules."""
    return require_tool("promtool")


@pytest.fixture(scope="session")
def prometheus() -> Path:
    """The server itself."""
    return require_tool("prometheus")


@pytest.fixture(scope="session")
def chromium() -> Path:
    """A real browser, for the pages."""
    return require_tool("chromium")


# With xdist the workers take what can run side by side; the tests marked `cluster` start real
# processes and want the machine to themselves, so the controller runs them after the workers are
# done. Without xdist they simply come last. Either way there is one closing line for all.


def is_worker(config: pytest.Config) -> bool:
    """Say whether this process is one of xdist's workers."""
    return hasattr(config, "workerinput")


def is_distributing(config: pytest.Config) -> bool:
    """Say whether this process hands tests to workers."""
    return not is_worker(config) and config.pluginmanager.has_plugin("dsession")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what this process runs, cluster tests last."""
    alone = [item for item in items if item.get_closest_marker("cluster")]
    together = [item for item in items if not item.get_closest_marker("cluster")]
    if is_worker(config):
        items[:] = together
    elif is_distributing(config):
        items[:] = alone
    else:
        items[:] = together + alone


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Run the cluster tests here, one at a time, once the workers have finished."""
    outcome = yield
    if is_distributing(session.config) and not session.config.option.collectonly:
        run_alone(session)
    return outcome


def run_alone(session: pytest.Session) -> None:
    """Collect in this process and run what was kept, as pytest's own loop does."""
    if reporter := session.config.pluginmanager.get_plugin("terminalreporter"):
        reporter.ensure_newline()
    by_workers = session.testscollected
    session.perform_collect()
    session.testscollected = by_workers + len(session.items)
    for index, item in enumerate(session.items):
        following = session.items[index + 1] if index + 1 < len(session.items) else None
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
