"""`make screenshots`: a picture of every page, to be looked at. Collected only when SCREENSHOTS is set."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.browser.shots import shoot
from tests.browser.site import Site


def test_a_screenshot_of_every_page_is_saved(chromium: Browser, site: Site) -> None:
    assert shoot(chromium, site) == []
