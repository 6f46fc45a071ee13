"""Pictures of the explorer, taken from real networks under a light load.

One network of each kind is made in a folder that is thrown away, runs for a while, and is looked at
with a real browser.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from node.client import Client
from node.testnet.demo import start_demo
from node.testnet.network import create_network
from node.testnet.plan import Plan
from node.testnet.supervisor import Supervisor
from tests.node.web.browser import open_browser, open_page

FOLDER = Path(__file__).resolve().parent.parent / "docker" / "pictures"
WIDTH = 960
SIZE_BYTES_MAX = 150_000
RATE_PER_S = 40.0


@dataclass(frozen=True)
class Picture:
    """A page, how it is called, and how it is looked at; `{transaction}` is a final one."""

    name: str
    path: str
    height: int
    is_dark: bool = False

    @property
    def options(self) -> dict[str, Any]:
        """For the browser."""
        scheme = "dark" if self.is_dark else "light"
        return {"viewport": {"width": WIDTH, "height": self.height}, "color_scheme": scheme}


VOTES = (
    Picture("explorer", "/", 1040),
    Picture("validators", "/validators", 660, is_dark=True),
    Picture("transaction", "/transactions/{transaction}", 880),
)
WORK = (Picture("forks", "/forks", 540),)
MINING = {"first_bits": 0x1F00FFFF, "interval_ms": 500, "window": 16, "depth": 8}
PLANS: tuple[tuple[Plan, tuple[Picture, ...]], ...] = (
    (Plan(base_port=28_400), VOTES),
    (Plan(engine="pow", validators=3, base_port=28_500, parameters=MINING, mining_workers=1), WORK),
)


async def find_transaction(client: Client) -> str:
    """A transaction of one of the latest final blocks."""
    height = (await client.status()).final_height
    while not (ids := (await client.block(str(height))).transactions):
        height -= 1
    return ids[0].hex()


async def take(browser: Browser, url: str, picture: Picture, path: str, folder: Path) -> None:
    """One picture; raises RuntimeError where the page is not clean."""
    async with open_page(browser, url, **picture.options) as watched:
        await watched.open(path)
        await watched.page.wait_for_timeout(1_500)  # until charts are drawn
        if watched.faults:
            raise RuntimeError(f"{path}: {watched.faults}")
        file = folder / f"{picture.name}.png"
        await watched.page.screenshot(path=file)
        size_bytes = file.stat().st_size
        print(f"{file} {size_bytes:,} bytes")
        if size_bytes > SIZE_BYTES_MAX:
            raise RuntimeError(f"{file} is larger than {SIZE_BYTES_MAX:,} bytes")


async def draw(
    browser: Browser, plan: Plan, pictures: Sequence[Picture], seconds: float, folder: Path
) -> None:
    """Run one network for so long, then take its pictures."""
    with tempfile.TemporaryDirectory() as home:
        network = create_network(Path(home) / "network", plan)
        supervisor = Supervisor(network)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(supervisor.kill)
            supervisor.start()
            await supervisor.wait_ready()
            clients = [
                await stack.enter_async_context(Client(member.url)) for member in network.members
            ]
            load = await start_demo(clients, network.demo_keys(), RATE_PER_S)
            stack.push_async_callback(load.close)
            await asyncio.sleep(seconds)
            transaction = await find_transaction(clients[0])
            for picture in pictures:
                path = picture.path.format(transaction=transaction)
                await take(browser, network.members[0].url, picture, path, folder)


async def run(seconds: float, folder: Path) -> None:
    """All pictures."""
    program = shutil.which("chromium")
    if program is None:
        raise RuntimeError("chromium is missing")
    async with open_browser(Path(program)) as browser:
        for plan, pictures in PLANS:
            await draw(browser, plan, pictures, seconds, folder)


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="pictures", description="Pictures of the explorer.")
    parser.add_argument("--seconds", type=float, default=40.0, help="how long each network runs")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(run(options.seconds, options.folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
