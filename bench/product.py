"""The product at work as people meet it: a real server, a real worker, forms sent over HTTP; what each step cost."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import company
from bench.client import Client
from bench.processes import command, cpu_seconds, family, memory
from tests.plugins import kept
from tests.plugins.database import ServerDatabase, template_make
from tests.plugins.postgres import EmbeddedPostgres

LIST_AS_OF = "2025-12-31T23:00"
COUNT_AS_OF = "2026-03-31T18:00"


@dataclass
class Run:
    """CPU and wall seconds by step; growth: bytes that the largest web process grew by through the uploads."""

    cpu: dict[str, float] = field(default_factory=dict)
    wall: dict[str, float] = field(default_factory=dict)
    growth: int = 0
    pages: dict[str, dict[str, float]] = field(default_factory=dict)


class Product:
    """One server on one fresh database."""

    def __init__(self, database: ServerDatabase, postgres: EmbeddedPostgres | None, port: int, pid: int) -> None:
        self.database = database
        self.postgres = postgres
        self.pid = pid
        self.raw = database.connect()
        self.run = Run()
        self.people = {}
        for key in company.PEOPLE:
            self.people[key] = Client(f"http://127.0.0.1:{port}")
            self.people[key].sign_in(company.email(key), company.PASSWORD)

    def cpu(self) -> float:
        """Web, worker and readers; on PostgreSQL the backends too, the ended ones as well."""
        total = cpu_seconds(self.pid)
        return total + self.postgres_cpu() if self.postgres else total

    def postgres_cpu(self) -> float:
        assert self.postgres is not None
        server = self.postgres.pid
        backends = [pid for pid in family(server) if pid == server or "127.0.0.1(" in command(pid)]
        return cpu_seconds(*backends, alone=True)

    def measured(self, step: str, work: Callable[[], Any]) -> Any:
        cpu, wall = self.cpu(), time.perf_counter()
        result = work()
        self.run.wall[step] = time.perf_counter() - wall
        self.run.cpu[step] = self.cpu() - cpu
        return result

    def web_processes(self) -> list[int]:
        """gunicorn's workers: its children's children."""
        return [pid for pid in family(self.pid) if "gunicorn" in command(pid)]

    def work(self, folder: Path) -> Run:
        before = {pid: memory(pid) for pid in self.web_processes()}
        self.measured("load", lambda: self.take_in("stock_list", folder / "lots.xlsx", LIST_AS_OF))
        self.measured("count", lambda: self.take_in("count", folder / "counts.xlsx", COUNT_AS_OF))
        self.run.growth = max(memory(pid, "VmHWM") - size for pid, size in before.items())
        number = self.approved()
        post = f"{self.proposals}{number}/post/"
        digest = self.value(f"select digest from proposals_proposal where number = '{number}'")
        status, _, _ = self.measured("post", lambda: self.people["controller"].post(post, {"digest": digest}))
        state = self.value(f"select status from proposals_proposal where number = '{number}'")
        if status != 302 or state != "POSTED":
            raise RuntimeError(f"{number} was not posted: {status}, {state}")
        self.measured("document", lambda: self.people["controller"].get(f"{self.proposals}{number}/"))
        self.run.pages = self.pages()
        return self.run

    def take_in(self, kind: str, file: Path, as_of: str) -> None:
        """From the press on "Upload" to what is stored: checked by the worker, looked at, committed by the worker."""
        person, uploads = self.people["preparer"], f"/e/{company.SLUG}/uploads/"
        status, body, where = person.post(f"{uploads}new/{kind}/", {"as_of": as_of}, file)
        if status != 302:
            raise RuntimeError(f"{file} was not taken: {status} {body[:2000]}")
        person.get(where)
        self.wait_for("CHECKED")
        person.get(where)
        person.post(f"{where}commit/", {"difference": "seen"})
        self.wait_for("COMMITTED")
        person.get(where)

    def wait_for(self, status: str) -> None:
        deadline = time.monotonic() + 600
        while (now := self.value("select status from core_upload order by id desc limit 1")) != status:
            if now in ("FAILED", "REFUSED") or time.monotonic() > deadline:
                raise RuntimeError(f"upload is {now}: {self.value('select message from core_upload order by id desc')}")
            time.sleep(0.05)

    def approved(self) -> str:
        """A proposal of the count's differences, submitted and approved."""
        sheet = self.value("select number from inventory_countsheet")
        preparer, approver = self.people["preparer"], self.people["approver"]
        self.measured("propose", lambda: preparer.post(f"{self.proposals}from-count/{sheet}/", {}))
        number = self.value("select number from proposals_proposal")
        version = str(self.value("select version from proposals_proposal"))
        self.measured("submit", lambda: preparer.post(f"{self.proposals}{number}/submit/", {"version": version}))
        digest = self.value("select digest from proposals_proposal")
        self.measured("approve", lambda: approver.post(f"{self.proposals}{number}/approve/", {"digest": digest}))
        return str(number)

    @property
    def proposals(self) -> str:
        return f"/e/{company.SLUG}/proposals/"

    def value(self, sql: str) -> Any:
        row = self.raw.execute(sql).fetchone()
        return row[0] if row else None

    def pages(self) -> dict[str, dict[str, float]]:
        done = subprocess.run(
            [sys.executable, "-m", "bench.page"], env=self.database.env, capture_output=True, text=True, check=True
        )
        found: dict[str, dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
        return found


@contextlib.contextmanager
def serving(database: ServerDatabase, postgres: EmbeddedPostgres | None) -> Iterator[Product]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = database.folder / "serve.log"
    with log.open("w") as out:
        server = database.start("serve", "--no-demo", f"--port={port}", stdout=out)
        try:
            deadline = time.monotonic() + 60
            while "Ctrl-C" not in log.read_text():
                if server.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"The server did not start:\n{log.read_text()}")
                time.sleep(0.1)
            yield Product(database, postgres, port, server.pid)
        except BaseException:
            sys.stderr.write(log.read_text())
            raise
        finally:
            server.terminate()
            server.wait(30)


def template(url: str, folder: Path) -> str:
    """A migrated database with the bench's company in it, at the address."""
    template_make(url, folder, kept.MIGRATED, ["migrate", "--verbosity=0"])
    database = ServerDatabase(url, folder)
    subprocess.run([sys.executable, "-m", "bench.company"], env=database.env, check=True, cwd=os.getcwd())
    return url
