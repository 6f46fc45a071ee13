"""The manifests that come with the project can be played, and editors know their form."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from openapi_schema_validator import OAS31Validator

from node.manifests.manifest import make_schema
from node.manifests.reading import read_manifest

FOLDER = Path(__file__).parents[3] / "scripts" / "manifests"
EXAMPLES = sorted(FOLDER.glob("*.toml"))


def test_there_are_some() -> None:
    assert len(EXAMPLES) >= 6


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_whole_and_told_for_people(path: Path) -> None:
    manifest = read_manifest(path)
    assert manifest.title
    assert len(manifest.about.split()) > 20
    assert manifest.step
    schema = json.loads((FOLDER / "manifest.schema.json").read_text())
    OAS31Validator(schema).validate(tomllib.loads(path.read_text()))
    first, *_ = path.read_text().splitlines()
    assert re.match(rf"# quorate testnet run scripts/manifests/{path.name}", first)


def test_the_schema_has_not_drifted() -> None:
    assert json.loads((FOLDER / "manifest.schema.json").read_text()) == make_schema()
