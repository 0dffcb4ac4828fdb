"""One Chromium and one served demo for the run. Skips with a plain sentence where there is no Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.site import FLAGS, Site, chromium_path, serving

NO_CHROMIUM = (
    "No Chromium found: install the package `chromium`, set CHROMIUM to its path, or run `playwright install chromium`."
)
# Pictures are for people to look at: `make screenshots` asks for them, a test run does not make them.
collect_ignore = [] if os.environ.get("SCREENSHOTS") else ["test_screenshots.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = chromium_path(playwright)
        if path is None:
            pytest.skip(NO_CHROMIUM)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(chromium: Browser, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Site]:
    # SITE_URL: a demo that is being served already, for whoever works on a page and looks at it again and again.
    if os.environ.get("SITE_URL"):
        yield Site(os.environ["SITE_URL"])
        return
    # After the browser: where there is none, nothing is built and no server started for nothing.
    demo = urlsplit(request.getfixturevalue("demo_template"))
    folder = tmp_path_factory.mktemp("site")
    if demo.scheme == "sqlite":
        shutil.copyfile(demo.path, folder / "writeoffs.sqlite3")
    with serving(folder) as running:
        yield running
