"""A headless Chromium, driven by Playwright, and pages that record their errors and requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright
from support import ROOT
from system_parts import CHROMIUM, find_program, missing_for_browser

TIMEOUT_MS = 120_000
# The first three for root and for machines without a display; the others keep Chromium from asking the network itself.
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run"),
    *("--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@dataclass
class Opened:
    """An opened page, with the errors on its console and the addresses it requested from the network."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """Start Chromium with an empty profile."""
    missing = missing_for_browser()
    if missing:
        pytest.fail("\n".join(missing))
    with sync_playwright() as driver:
        context = driver.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=find_program(*CHROMIUM),
            headless=True,
            args=ARGUMENTS,
            timeout=TIMEOUT_MS,
        )
        context.set_default_timeout(TIMEOUT_MS)
        yield context
        context.close()


@pytest.fixture
def open_page(browser: BrowserContext) -> Iterator[Callable[..., Opened]]:
    """Return a function that opens a file in a page; the pages are closed with the test."""
    pages: list[Page] = []

    def open_file(path: Path, *, width: int, scheme: str, stand_in: str | None = None) -> Opened:
        """Open a file; an empty script answers requests for the address `stand_in`."""
        page = browser.new_page()
        pages.append(page)
        opened = Opened(page)
        page.on("console", lambda said: opened.errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: opened.errors.append(str(error)))
        page.on("request", lambda request: opened.requests.append(request.url) if _is_remote(request.url) else None)
        if stand_in is not None:
            page.route(stand_in, lambda route: route.fulfill(content_type="text/javascript", body=""))
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.goto(path.as_uri(), wait_until="load")
        return opened

    yield open_file
    for page in pages:
        page.close()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Return the folder of the screenshots, which people may look at afterwards."""
    folder = ROOT / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _is_remote(address: str) -> bool:
    return not address.startswith(("file:", "data:", "blob:", "about:"))
