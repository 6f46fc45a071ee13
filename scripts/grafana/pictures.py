from pathlib import Path


def draw(url: str, file: Path, *, network: str, seconds: float) -> None: ...
