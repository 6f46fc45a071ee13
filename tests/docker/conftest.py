"""The container files, read once."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.docker import dockerfile
from tests.docker.dockerfile import Stage


def load_yaml(file: Path) -> dict[str, Any]:
    """The one document of a YAML file, with what its anchors stand for."""
    document: dict[str, Any] = YAML(typ="safe").load(file)
    return document


@pytest.fixture(scope="session")
def docker(root: Path) -> Path:
    """The folder with the container files."""
    return root / "docker"


@pytest.fixture(scope="session")
def stages(docker: Path) -> list[Stage]:
    """The stages of the image."""
    return dockerfile.load(docker / "Dockerfile")


@pytest.fixture(scope="session")
def compose(docker: Path) -> dict[str, Any]:
    """The Compose file."""
    return load_yaml(docker / "compose.yaml")
