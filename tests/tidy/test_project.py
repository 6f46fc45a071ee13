"""Every rule, applied to this project."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tidy import bans, floors, repository, sizes
from tests.tidy.sources import PACKAGES, Breach, walk_sources

RULES: tuple[Callable[[Path], list[Breach]], ...] = (
    floors.find_floor_breaches,
    floors.find_sibling_breaches,
    floors.find_contract_breaches,
    floors.find_leveldb_breaches,
    floors.find_impure_imports,
    floors.find_third_party_breaches,
    bans.find_dropped_effects,
    bans.find_quorum_arithmetic,
    bans.find_unawaited_commands,
    bans.find_swallowed_cases,
    bans.find_swallowed_errors,
    bans.find_engine_questions,
    sizes.find_long_files,
    sizes.find_long_functions,
    repository.find_unwanted_words,
    repository.find_missing_readmes,
    repository.find_top_level_strangers,
    repository.find_sleeping_scripts,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_project_keeps_the_rule(root: Path, rule: Callable[[Path], list[Breach]]) -> None:
    breaches = rule(root)
    assert not breaches, "\n".join(str(breach) for breach in breaches)


@pytest.mark.parametrize("package", PACKAGES)
def test_the_rules_see_the_sources(root: Path, package: str) -> None:
    assert any(walk_sources(root, package))


def test_no_rule_is_forgotten() -> None:
    written = {
        rule
        for module in (floors, bans, sizes, repository)
        for name, rule in vars(module).items()
        if name.startswith("find_") and rule.__module__ == module.__name__
    }
    assert written == set(RULES)
