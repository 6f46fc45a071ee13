"""Scripts and styles: what others wrote is as they published it, and all of it is cached for good."""

import gzip
import json
from hashlib import sha256
from pathlib import Path

import pytest

from node.web import assets
from tests.node.api.conftest import Call

VENDOR = assets.FOLDERS[1]
LISTED = json.loads((VENDOR / "vendored.json").read_text())["files"]


@pytest.mark.parametrize("listed", LISTED, ids=lambda listed: str(listed["name"]))
def test_a_vendored_file_is_the_published_one_with_its_licence(listed: dict[str, str]) -> None:
    body = (VENDOR / listed["name"]).read_bytes()
    assert sha256(body).hexdigest() == listed["sha256"]
    assert listed["version"]
    assert listed["licence"]
    assert listed["licence_files"]
    for name in listed["licence_files"]:
        assert (VENDOR / "licences" / name).stat().st_size > 20


def test_what_tests_use_of_others_is_the_published_one() -> None:
    folder = Path(__file__).parent / "vendor"
    (listed,) = json.loads((folder / "vendored.json").read_text())["files"]
    assert sha256((folder / listed["name"]).read_bytes()).hexdigest() == listed["sha256"]
    assert (folder / "axe-licence.txt").exists()


def test_nothing_is_vendored_that_is_not_listed() -> None:
    files = {file.name for file in VENDOR.iterdir() if file.is_file()}
    assert files - {"vendored.json"} == {listed["name"] for listed in LISTED}


def test_our_own_files_name_no_other_host() -> None:
    for file in assets.FOLDERS[0].iterdir():
        text = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "//" not in text.replace("// ", ""), file.name


async def test_an_asset_is_kept_for_good_and_compressed(call: Call) -> None:
    asset = assets.load_assets()["htmx.min.js"]
    reply = await call(
        "GET", asset.path, headers={"Accept-Encoding": "gzip"}, auto_decompress=False
    )
    assert reply.status == 200
    assert "immutable" in reply.headers["Cache-Control"]
    assert reply.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert reply.headers["Content-Encoding"] == "gzip"
    assert reply.headers["Etag"] == f'"{asset.digest}"'
    assert gzip.decompress(reply.body) == asset.body
    plain = await call("GET", asset.path, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.body == asset.body
    again = await call("GET", asset.path, headers={"If-None-Match": f'"{asset.digest}"'})
    assert (again.status, again.body) == (304, b"")


def test_a_page_weighs_little(root: Path) -> None:
    """The scripts and styles of a page with charts, as they cross the wire."""
    names = (
        "htmx.min.js",
        "live.js",
        "style.css",
        "icon.svg",
        "uPlot.iife.min.js",
        "uPlot.min.css",
    )
    weight = sum(len(assets.load_assets()[name].pack()) for name in (*names, "charts.js"))
    assert weight < 60_000
