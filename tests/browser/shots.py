"""Saves a picture of every page at 1280 and 360 px, light and dark, into var/screenshots."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, Error

from tests.browser.pages import PAGES, Page
from tests.browser.site import ROOT, Site

FOLDER = ROOT / "var" / "screenshots"
WIDTHS = (1280, 360)
# Where a page is longer, what stays in view (bars) is shown once, at its end.
LONGEST = 6000


def shoot(browser: Browser, site: Site, pages: tuple[Page, ...] = PAGES, folder: Path = FOLDER) -> list[str]:
    """Take the pictures; gives one line for each page that could not be opened."""
    folder.mkdir(parents=True, exist_ok=True)
    failed = []
    for theme in ("light", "dark"):
        windows = {}
        for page in pages:
            if page.who not in windows:
                windows[page.who] = site.context(browser, page.who, color_scheme=theme).new_page()
            window = windows[page.who]
            window.set_viewport_size({"width": WIDTHS[0], "height": 900})
            try:
                page.open(window)
            except (AssertionError, Error) as error:
                failed.append(f"{page.name}: {error}")
                continue
            for width in WIDTHS:
                window.set_viewport_size({"width": width, "height": 900})
                height = min(window.evaluate("document.documentElement.scrollHeight"), LONGEST)
                window.set_viewport_size({"width": width, "height": max(height, 640)})
                window.screenshot(path=folder / f"{page.name}-{width}-{theme}.png")
        for window in windows.values():
            window.context.close()
    return failed
