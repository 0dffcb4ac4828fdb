"""The product as people run it: `manage.py serve` with the demo company, in a folder and on a port of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, StorageState

from writeoffs.desk.demo.people import PASSWORD

ROOT = Path(__file__).resolve().parent.parent.parent
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
# Building the demo takes some 20 s of processor time; a machine that does other things besides takes longer.
START_SECONDS = 300


def chromium_path(playwright: Playwright) -> str | None:
    """CHROMIUM from the environment, the system's, or Playwright's own; None where there is none."""
    candidates = [
        os.environ.get("CHROMIUM"),
        shutil.which("chromium"),
        shutil.which("chromium-browser"),
        shutil.which("google-chrome"),
        playwright.chromium.executable_path,
    ]
    return next((path for path in candidates if path and Path(path).exists()), None)


@dataclass
class Site:
    """A running server. Each person signs in once, through the sign-in page; their session is kept."""

    url: str
    sessions: dict[str, StorageState] = field(default_factory=dict)

    def context(self, browser: Browser, who: str = "", **options: object) -> BrowserContext:
        """A new window of a demo person (their key: "approver"), or of nobody."""
        if not who:
            return browser.new_context(base_url=self.url, **options)
        if who not in self.sessions:
            context = browser.new_context(base_url=self.url)
            page = context.new_page()
            page.goto("/accounts/login/")
            page.get_by_label("E-mail").fill(f"{who}@demo.example")
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(lambda url: "/accounts/login/" not in url)
            self.sessions[who] = context.storage_state()
            context.close()
        return browser.new_context(base_url=self.url, storage_state=self.sessions[who], **options)


class Watch:
    """Notes what a page complains of in the console: errors, warnings, what the content security policy blocked."""

    def __init__(self, page: Page) -> None:
        self.complaints: list[str] = []
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(f"{kind}: {text}")

    def take(self) -> list[str]:
        taken, self.complaints = self.complaints, []
        return taken


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Site]:
    """Run `manage.py serve` on a folder, which builds the demo where it is empty. RuntimeError with its output where it
    never answers."""
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "TEST_DATABASE", "PORT")}
    # The warnings filter of a test run is not the product's.
    env = {**kept, "WRITEOFFS_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "writeoffs.settings", "PYTHONWARNINGS": ""}
    with (folder / "serve.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "serve", "--port", str(port)],
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            site = Site(f"http://127.0.0.1:{port}")
            _wait(site, server, folder / "serve.log")
            yield site
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait(site: Site, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(f"{site.url}/healthz"):
            return
        time.sleep(0.2)
    raise RuntimeError(f"manage.py serve did not answer:\n{log.read_text()}")
