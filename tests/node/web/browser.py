"""A real browser for tests: Debian's Chromium, and a watch over all that it does and asks for."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Browser, ConsoleMessage, Page, Route, async_playwright

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)
AXE = Path(__file__).parent / "vendor" / "axe.min.js"
"""Deque's accessibility checks; see `vendored.json` beside it."""
PHONE = {"viewport": {"width": 320, "height": 640}, "is_mobile": True}
DESKTOP = {"viewport": {"width": 1200, "height": 850}}
PATIENCE_MS = 15_000
NOTE_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""
FIND_FAULTS = """
async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map((one) =>
  `${one.id} (${one.impact}): ${one.nodes.map((node) => node.target.join(" ")).join(", ")}`)
"""
IS_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@dataclass
class Watched:
    """One page, and what it did: `faults` of any kind, and `asked`, every address it asked for."""

    page: Page
    url: str
    faults: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def open(self, path: str) -> None:
        """Go to a page of the node, and wait until its scripts have run."""
        await self.page.goto(self.url + path, wait_until="load")

    async def find_faults(self) -> list[str]:
        """Everything that went wrong on the page that is open, accessibility included."""
        violations: list[str] = await self.page.evaluate("window.violations")
        await self.page.evaluate(AXE.read_text(encoding="utf-8"))
        inaccessible: list[str] = await self.page.evaluate(FIND_FAULTS)
        too_wide = ["scrolls sideways"] if await self.page.evaluate(IS_TOO_WIDE) else []
        return [*self.faults, *violations, *inaccessible, *too_wide]

    async def text(self, selector: str) -> str:
        """What an element says."""
        return (await self.page.locator(selector).inner_text()).strip()


@contextlib.asynccontextmanager
async def open_browser(program: Path) -> AsyncIterator[Browser]:
    """Chromium, started and ended."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def open_page(browser: Browser, url: str, **options: Any) -> AsyncIterator[Watched]:
    """A page in a context of its own; what it asks of another host is a fault, and never sent."""
    context = await browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    watched = Watched(await context.new_page(), url)

    async def judge(route: Route) -> None:
        watched.asked.append(route.request.url)
        if urlsplit(route.request.url).netloc == urlsplit(url).netloc:
            await route.continue_()
        else:
            watched.faults.append(f"asked for {route.request.url}")
            await route.abort()

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            watched.faults.append(f"console: {message.text}")

    await context.route(lambda address: not address.startswith("data:"), judge)
    watched.page.on("console", hear)
    watched.page.on("pageerror", lambda error: watched.faults.append(f"script: {error}"))
    if options.get("java_script_enabled", True):
        await watched.page.add_init_script(NOTE_VIOLATIONS)
    try:
        yield watched
    finally:
        await context.close()
