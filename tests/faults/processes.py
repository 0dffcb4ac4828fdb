"""Real processes for faults: forked from a warmed parent, each with a connection of its own.

A forked process starts in milliseconds, where a new Python that loads Django takes a second and more of both cores.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, connections

Action = Callable[[], Any]
BROKE = 70


@dataclass
class Child:
    """A forked process. `answer()` waits for what its action gave; it is None where the process was killed."""

    pid: int
    gun: int
    out: int
    status: int | None = field(default=None)

    def fire(self) -> None:
        os.close(self.gun)

    def answer(self) -> Any:
        with os.fdopen(self.out) as pipe:
            text = pipe.read()
        self.wait()
        if self.status is not None and os.WIFEXITED(self.status) and os.WEXITSTATUS(self.status) == BROKE:
            raise AssertionError(f"a process broke:\n{text}")
        return json.loads(text) if text else None

    def wait(self) -> int:
        if self.status is None:
            _, self.status = os.waitpid(self.pid, 0)
        return self.status

    @property
    def was_killed(self) -> bool:
        return os.WIFSIGNALED(self.wait()) and os.WTERMSIG(self.wait()) == signal.SIGKILL


def forked(action: Action, *, others: Sequence[Child] = ()) -> Child:
    """Start a process that waits for `fire` and then does the action; what it returns is sent back as JSON."""
    connections["default"].close()
    wait, gun = os.pipe()
    into, out = os.pipe()
    pid = os.fork()
    if pid:
        os.close(wait)
        os.close(out)
        return Child(pid, gun, into)
    code = 0
    try:
        os.close(gun)
        os.close(into)
        for other in others:
            os.close(other.gun)
        os.read(wait, 1)
        text = json.dumps(action(), default=str)
    except BaseException:
        text, code = traceback.format_exc(), BROKE
    try:
        connections["default"].close()
    except Exception:
        code = code or 0
    with os.fdopen(out, "w") as pipe:
        pipe.write(text)
    sys.stdout.flush()
    os._exit(code)


def together(*actions: Action) -> list[Any]:
    """Do all actions at the same moment, each in a process of its own; what each gave, in their order."""
    children: list[Child] = []
    for action in actions:
        children.append(forked(action, others=children))
    for child in children:
        child.fire()
    return [child.answer() for child in children]


def alone(action: Action) -> Child:
    """One process, running."""
    child = forked(action)
    child.fire()
    return child


class Statements:
    """Counts what a process sends to the database, and does something when the n-th is reached.

    Counted are execute and executemany (BEGIN on SQLite among them), each COPY, and each COMMIT, before and after it.
    """

    def __init__(self, at: int, then: Callable[[], None]) -> None:
        self.at, self.then, self.count = at, then, 0

    def reached(self) -> None:
        self.count += 1
        if self.count == self.at:
            self.then()

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        self.reached()
        return execute(sql, params, many, context)

    def watch(self) -> None:
        """Watch the process's connection from now on; only for a process that ends with it."""
        connection.ensure_connection()
        connection.execute_wrappers.append(self)
        commit = connection._commit  # type: ignore[attr-defined]

        def committing() -> None:
            self.reached()
            commit()
            self.reached()

        connection._commit = committing  # type: ignore[attr-defined]
        if connection.vendor == "postgresql":
            self._watch_copy()

    def _watch_copy(self) -> None:
        import psycopg

        copy = psycopg.Cursor.copy

        def copying(cursor: Any, *args: Any, **options: Any) -> Any:
            self.reached()
            return copy(cursor, *args, **options)

        psycopg.Cursor.copy = copying  # type: ignore[method-assign]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def killed_at(n: int, action: Action) -> Child:
    """Do the action in a process that is killed (SIGKILL) at its n-th statement; where it has fewer, it ends well."""

    def run() -> Any:
        Statements(n, die).watch()
        return action()

    child = alone(run)
    child.wait()
    return child
