"""Every page, as people see it: no axe violation in light, dark, on paper and at 360 px; nothing in the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from playwright.sync_api import Page as BrowserPage

from tests.browser.pages import PAGES, Page
from tests.browser.site import Site, Watch

AXE = Axe()
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 780}
# What a theme or paper can change; the rest is the same markup. Of what is right nothing is told, which takes long.
COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"], "resultTypes": ["violations"]}
EVERYTHING = {"resultTypes": ["violations"]}
# The rows of a table come from one loop; the first ones stand for all.
ROWS = {"exclude": [["tbody > tr:nth-child(n+41)"]]}


@pytest.fixture(scope="module")
def window(chromium: Browser, site: Site) -> Iterator[Callable[[str], tuple[BrowserPage, Watch]]]:
    """One window a person, kept for all the pages they look at."""
    windows: dict[str, tuple[BrowserPage, Watch]] = {}

    def of(who: str) -> tuple[BrowserPage, Watch]:
        if who not in windows:
            page = site.context(chromium, who, viewport=WIDE).new_page()
            windows[who] = page, Watch(page)
        return windows[who]

    yield of
    for page, _ in windows.values():
        page.context.close()


def violations(page: BrowserPage, variant: str, options: dict[str, list[str]] = EVERYTHING) -> list[str]:
    found = AXE.run(page, context=ROWS, options=options).response["violations"]
    return [
        f"{variant}: {rule['id']} ({rule['help']}): {node['html'][:160]}"
        for rule in found
        for node in rule["nodes"][:3]
    ]


@pytest.mark.parametrize("wanted", PAGES, ids=lambda page: page.name)
def test_a_page_is_accessible_quiet_and_no_wider_than_the_screen(
    window: Callable[[str], tuple[BrowserPage, Watch]], wanted: Page
) -> None:
    page, watch = window(wanted.who)
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light", media="screen")
    watch.take()
    policy = [part.strip() for part in wanted.open(page).split(";")]
    found = violations(page, "light")
    page.emulate_media(color_scheme="dark")
    found += violations(page, "dark", COLOURS)
    page.emulate_media(color_scheme="light", media="print")
    found += violations(page, "print", COLOURS)
    page.emulate_media(media="screen")
    page.set_viewport_size(PHONE)
    found += violations(page, "360 px")
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    # The not-found page answers 404, which the console repeats for the page itself.
    said = [
        line for line in watch.take() if "Failed to load resource: the server responded with a status of 4" not in line
    ]
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'"} <= set(policy)
    assert found == []
    assert said == []
    assert wider <= 0, f"{wanted.name} is {wider} px wider than a phone"
