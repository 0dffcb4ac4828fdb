"""What `manage.py serve` stands on: one server per data folder, a free port, and children that live and die with it.

Invariants: the lock file's owner is the only server of its data folder; a child never outlives the server, even when
that is killed (PDEATHSIG); a child that dies is said and started again, later and later when it keeps dying.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"
LONGEST_PAUSE = 30.0
# A child that has lived this long was well: its next death starts at the shortest pause again.
WELL_AFTER = 60.0
# Longer than a request or a page of a job takes; a job cut short is taken up again by the next worker.
PATIENCE = 10.0

Say = Callable[[str], None]


class CannotServe(Exception):
    """The server cannot start; the message says why and what to do."""


def address(port: int) -> str:
    return f"http://{HOST}:{port}/"


@contextlib.contextmanager
def serve_lock(folder: Path, port: int | None = None) -> Iterator[None]:
    """Hold the data folder's lock. CannotServe names the process that has it and its address. port: None for a command
    that only must not run beside a server."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "serve.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotServe(_owner(file.name)) from error
        file.truncate(0)
        json.dump({"pid": os.getpid(), "url": address(port) if port else ""}, file)
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _owner(path: str) -> str:
    try:
        owner = json.loads(Path(path).read_text())
    except ValueError:
        return "Another server is starting on this data folder. Wait a moment, or stop it first."
    if not owner["url"]:
        return f"A command is rebuilding this data folder (pid {owner['pid']}). Wait until it is done."
    return f"already running, pid {owner['pid']}, {owner['url']}"


def port_probe(port: int) -> None:
    """CannotServe where the port is taken or not ours to take, with the next one that is free."""
    try:
        _bind(port)
    except PermissionError as error:
        raise CannotServe(f"{port} needs root: make run PORT={_free_port(8000)}") from error
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise CannotServe(f"{port} is in use: make run PORT={_free_port(port + 1)}") from error


def _bind(port: int) -> None:
    with contextlib.closing(socket.socket()) as probe:
        # As the web server does it: a port in TIME_WAIT is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))


def _free_port(first: int) -> int:
    for port in range(first, min(first + 100, 65536)):
        with contextlib.suppress(OSError):
            _bind(port)
            return port
    return first


@dataclass
class Child:
    """One process that the server keeps alive. `pause` is how long it waits before the next start."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = 1.0
    due_at: float = field(default=0.0)

    def start(self) -> None:
        self.process = subprocess.Popen(
            list(self.command),
            env=dict(self.env),
            stdin=subprocess.DEVNULL,
            # A session of its own: Ctrl-C reaches the server alone, which stops its children in order.
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        self.started_at = time.monotonic()

    def look_after(self, say: Say) -> None:
        """Start it when it is due; when it has died, say so and set the time of the next start."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.due_at:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        if now - self.started_at > WELL_AFTER:
            self.pause = 1.0
        how = f"was killed by signal {-code}" if code < 0 else f"stopped with exit code {code}"
        say(f"The {self.name} {how}; starting it again in {self.pause:.0f} s.")
        self.process = None
        self.due_at = now + self.pause
        self.pause = min(self.pause * 2, LONGEST_PAUSE)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, deadline: float) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            # Its whole session: a web worker or a reader must not stay behind.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _die_with_parent() -> None:
    pr_set_pdeathsig = 1
    ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGTERM)


def children(port: int) -> list[Child]:
    """The web server (2 processes of 4 threads) and the job worker."""
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    web = [sys.executable, "-m", "gunicorn", "writeoffs.wsgi:application", f"--bind={HOST}:{port}"]
    # stop in time: a request in flight may end, an idle browser connection may not hold the server up.
    web += ["--workers=2", "--threads=4", "--graceful-timeout=5", "--timeout=120"]
    web += ["--log-level=warning", "--no-control-socket"]
    return [
        Child("web server", web, env),
        Child("job worker", [sys.executable, "manage.py", "worker", "--sole"], env),
    ]


def interrupt_on_signals() -> None:
    """SIGTERM and a closed terminal end the server as Ctrl-C does, whatever it is doing."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


def supervise(family: Sequence[Child], *, ready: Callable[[], None], say: Say, port: int) -> None:
    """Run the children until Ctrl-C; `ready` is called once, when the first page can be served."""
    announced = False
    try:
        while True:
            for child in family:
                child.look_after(say)
            if not announced and answers(port):
                announced = True
                ready()
            time.sleep(0.2)
    finally:
        # An impatient second Ctrl-C must not leave half of the family behind.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        deadline = time.monotonic() + PATIENCE
        for child in family:
            child.stop()
        for child in family:
            child.wait(deadline)


def answers(port: int) -> bool:
    """Whether the web server serves and reaches its database."""
    try:
        with urllib.request.urlopen(f"{address(port)}healthz", timeout=1) as response:  # noqa: S310
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
