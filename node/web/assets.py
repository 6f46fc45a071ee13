"""Scripts, styles and the icon: read once, named by their content, kept by browsers for good.

The path of an asset holds a part of its SHA-256, so a new version has a new path and an old one can
never be shown by mistake. Everything is served from this process; no page names another host.
"""

import asyncio
import functools
import gzip
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from aiohttp import web

from node.api.problems import Problem

FOLDERS = (Path(__file__).parent / "static", Path(__file__).parent / "vendor")
MEDIA = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
DIGEST_CHARS = 16
YEAR_S = 31_536_000


@dataclass(slots=True)
class Asset:
    """One file; `packed` is its gzip form, made when it is first asked for."""

    name: str
    media: str
    body: bytes
    digest: str
    packed: bytes | None = field(default=None, repr=False)

    @property
    def path(self) -> str:
        """Where it is served."""
        return f"/static/{self.digest}/{self.name}"

    def pack(self) -> bytes:
        """The gzip form; the same bytes each time."""
        return gzip.compress(self.body, compresslevel=9, mtime=0)


@functools.cache
def load_assets() -> dict[str, Asset]:
    """All files of the two folders that a browser can use, by name."""
    files = [file for folder in FOLDERS for file in folder.iterdir() if file.suffix in MEDIA]
    return {file.name: _load(file) for file in sorted(files)}


def _load(file: Path) -> Asset:
    body = file.read_bytes()
    digest = sha256(body).hexdigest()[:DIGEST_CHARS]
    return Asset(file.name, MEDIA[file.suffix], body, digest)


def get_path(name: str) -> str:
    """Where an asset is served; raises KeyError for a name that is none."""
    return load_assets()[name].path


async def serve_asset(request: web.Request) -> web.StreamResponse:
    """An asset under the path that names its content; compressed where the browser takes it."""
    asset = load_assets().get(request.match_info["name"])
    if asset is None or request.match_info["digest"] != asset.digest:
        raise Problem("path-unknown")
    headers = {
        "ETag": f'"{asset.digest}"',
        "Cache-Control": f"public, max-age={YEAR_S}, immutable",
        "Vary": "Accept-Encoding",
    }
    if any(tag.value == asset.digest for tag in request.if_none_match or ()):
        return web.Response(status=304, headers=headers)
    body = asset.body
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        if asset.packed is None:
            asset.packed = await asyncio.to_thread(asset.pack)
        body, headers["Content-Encoding"] = asset.packed, "gzip"
    return web.Response(body=body, headers=headers, content_type=asset.media, charset="utf-8")
