"""`manage.py serve` as a person meets it: real processes, real ports, real signals."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.models import Entity
from tests.conftest import make_company
from tests.plugins.database import ServerDatabase

READY = "Ctrl-C stops everything."


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """A server under test; `said` is everything it printed so far."""

    def __init__(self, database: ServerDatabase, port: int, *, demo: bool = False) -> None:
        self.port = port
        options = [] if demo else ["--no-demo"]
        self.log = database.folder / f"serve-{port}.log"
        self.out = self.log.open("w")
        self.process = database.start("serve", f"--port={port}", *options, stdout=self.out, start_new_session=True)

    @property
    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, text: str, times: int = 1, seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while self.said.count(text) < times:
            assert time.monotonic() < deadline, f"never said '{text}':\n{self.said}"
            assert self.process.poll() is None or self.said.count(text) >= times, self.said
            time.sleep(0.1)

    def get(self, path: str = "healthz") -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=5) as response:
            return str(response.read().decode())

    def family(self) -> dict[str, int]:
        """The children by what they are: "web server" and "job worker"."""
        text = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_text() for pid in text.split()}
        return {"web server" if "gunicorn" in line else "job worker": pid for pid, line in lines.items()}

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@contextlib.contextmanager
def serving(database: ServerDatabase, port: int | None = None, *, demo: bool = False) -> Iterator[Server]:
    server = Server(database, port or free_port(), demo=demo)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
        server.out.close()


def gone(pid: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                time.sleep(0.1)
                continue
        return True
    return False


@pytest.mark.database
def test_it_serves_says_its_address_and_stops_everything_on_ctrl_c_with_exit_code_0(
    server_database: ServerDatabase,
) -> None:
    with serving(server_database) as server:
        server.wait_for(READY)
        assert f"http://127.0.0.1:{server.port}/" in server.said
        assert server.get() == "ok"
        family = server.family()
        assert set(family) == {"web server", "job worker"}
        assert server.end(signal.SIGINT) == 0
        assert server.said.rstrip().endswith("Stopped.")
        assert all(gone(pid) for pid in family.values())
        assert "Traceback" not in server.said


def test_sigterm_stops_it_as_ctrl_c_does(server_database: ServerDatabase) -> None:
    with serving(server_database) as server:
        server.wait_for(READY)
        family = server.family()
        assert server.end(signal.SIGTERM) == 0
        assert all(gone(pid) for pid in family.values())


def test_its_children_die_with_it_even_when_it_is_killed(server_database: ServerDatabase) -> None:
    with serving(server_database) as server:
        server.wait_for(READY)
        family = server.family()
        server.process.kill()
        assert all(gone(pid, 20) for pid in family.values())


def test_a_port_in_use_is_named_with_one_that_is_free(server_database: ServerDatabase) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = server_database.manage("serve", "--no-demo", f"--port={port}")
    assert done.returncode == 1
    assert f"{port} is in use: make run PORT=" in done.stdout
    assert f"PORT={port}\n" not in done.stdout


def test_a_second_server_on_the_same_data_says_which_one_runs_and_leaves_it_alone(
    server_database: ServerDatabase,
) -> None:
    with serving(server_database) as server:
        server.wait_for(READY)
        done = server_database.manage("serve", "--no-demo", f"--port={free_port()}")
        assert done.returncode == 1
        assert f"already running, pid {server.process.pid}, http://127.0.0.1:{server.port}/" in done.stdout
        assert server.get() == "ok"


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_refused_with_what_was_expected(server_database: ServerDatabase, port: str) -> None:
    done = server_database.manage("serve", f"--port={port}")
    assert done.returncode == 1
    assert f"PORT is '{port}'; expected a number from 1 to 65535" in done.stdout


@pytest.mark.parametrize("name", ["web server", "job worker"])
def test_a_killed_child_is_said_and_started_again(server_database: ServerDatabase, name: str) -> None:
    with serving(server_database) as server:
        server.wait_for(READY)
        killed = server.family()[name]
        os.kill(killed, signal.SIGKILL)
        server.wait_for(f"The {name} was killed by signal 9; starting it again in 1 s.")
        deadline = time.monotonic() + 20
        while server.family().get(name, killed) == killed:
            assert time.monotonic() < deadline, server.said
            time.sleep(0.2)
        with contextlib.suppress(OSError):
            while time.monotonic() < deadline and server.get() != "ok":
                time.sleep(0.2)
        assert server.end(signal.SIGINT) == 0


@pytest.mark.database
def test_a_second_run_keeps_the_data_and_starts_in_seconds(server_database: ServerDatabase) -> None:
    with server_database.in_process():
        make_company("kept")
    with serving(server_database) as server:
        server.wait_for(READY)
        server.end(signal.SIGINT)
    started = time.monotonic()
    with serving(server_database) as again:
        again.wait_for(READY)
        assert time.monotonic() - started < 15
        again.end(signal.SIGINT)
    with server_database.in_process():
        assert Entity.objects.get().slug == "kept"


@pytest.mark.database
def test_it_refuses_to_serve_past_a_missing_guard(server_database: ServerDatabase) -> None:
    raw = server_database.connect()
    if server_database.is_postgres:
        name, table = raw.execute(
            "select tgname, relname from pg_trigger t join pg_class c on c.oid = t.tgrelid "
            "where tgname like 'guard_%' limit 1"
        ).fetchone()
        raw.execute(f'drop trigger "{name}" on "{table}"')
    else:
        (name,) = raw.execute(
            "select name from sqlite_master where type = 'trigger' and name like 'guard_%' limit 1"
        ).fetchone()
        raw.execute(f'drop trigger "{name}"')
    raw.close()
    done = server_database.manage("serve", "--no-demo", f"--port={free_port()}")
    assert done.returncode == 1
    assert "guard" in done.stdout


def test_make_run_is_the_server_itself_so_that_signals_reach_it(server_database: ServerDatabase) -> None:
    recipe = subprocess.run(["make", "-n", "run"], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert "exec .venv/bin/python manage.py serve" in recipe.stdout
