"""The parent's side of reading a sheet: starts the child under its limits and turns whatever happens to it into
sentences.

Invariant: a file can end the child, never this process; every way in which the child ends gives frames or a BadSheet.
"""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import python_calamine
from django.conf import settings

from core.errors import BadInput
from core.sheets.child.main import TOO_LARGE
from core.sheets.child.protocol import read_frame

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent.parent
MAX_COLUMNS = 200
CHILD_SECONDS = 120
# -I -S: no user site, no environment, no .pth files; the two folders that the child needs come by themselves.
COMMAND = [
    sys.executable,
    "-I",
    "-S",
    "-c",
    f"import sys; sys.path += {[str(ROOT), str(Path(python_calamine.__file__).parent.parent)]!r}; "
    "from core.sheets.child.main import main; main()",
]


class BadSheet(BadInput):
    """The file as a whole cannot be read as a sheet."""


@dataclass(slots=True)
class Head:
    """The top of a sheet. rows: the first rows as they stand; first_row: the sheet's number of the first of them."""

    sheets: list[str]
    sheet: str
    first_row: int
    rows: list[list[Any]]
    encoding: str = ""
    delimiter: str = ""


@dataclass(slots=True)
class Ending:
    """What the child learned on the way. ragged: (row, number of cells) of rows longer than the header."""

    total: int = 0
    formulas_not_calculated: bool = False
    ragged: list[tuple[int, int]] = field(default_factory=list)


@contextlib.contextmanager
def file_on_disk(content: bytes | memoryview) -> Iterator[str]:
    """The bytes as a temporary file, since the readers need to seek in it; gone when the block ends."""
    with tempfile.NamedTemporaryFile(prefix="sheet-") as file:
        file.write(content)
        file.flush()
        yield file.name


def head_read(path: str, name: str, sheet: str = "") -> Head:
    """The first rows. BadSheet with a sentence where the file cannot be read."""
    for frame in _frames({"mode": "head", "path": path, "name": name, "sheet": sheet}):
        if frame[0] == "head":
            return Head(**frame[1])
    raise BadSheet(f"'{name}' could not be read. Save it as .xlsx or .csv and upload it again.")


def rows_read(
    path: str, name: str, *, sheet: str, header_row: int, width: int, columns: list[int], ending: Ending
) -> Iterator[tuple[list[int], list[list[Any]]]]:
    """Chunks of (row numbers, the wanted columns' cells) behind the header; `ending` is filled on the way."""
    request = {
        "mode": "rows",
        "path": path,
        "name": name,
        "sheet": sheet,
        "header_row": header_row,
        "width": width,
        "columns": columns,
    }
    for frame in _frames(request):
        if frame[0] == "rows":
            yield frame[1], frame[2]
        elif frame[0] == "begin":
            ending.total = frame[1]
        elif frame[0] == "end":
            ending.formulas_not_calculated = frame[1]["formulas_not_calculated"]
            ending.ragged = frame[1]["ragged"]


def _frames(request: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    limits = {
        "memory": settings.SHEET_CHILD_MEMORY,
        "seconds": CHILD_SECONDS,
        "max_rows": settings.SHEET_MAX_ROWS,
        "max_columns": MAX_COLUMNS,
    }
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, cwd="/")
        assert child.stdin
        assert child.stdout
        try:
            with contextlib.suppress(BrokenPipeError):
                child.stdin.write(json.dumps({**limits, **request}).encode() + b"\n")
                child.stdin.close()
            while frame := read_frame(child.stdout):
                if frame[0] == "refused":
                    raise BadSheet(frame[1])
                yield frame
                if frame[0] in ("head", "end"):
                    return
        finally:
            # Also reached when the reader of these frames stops early: the child must not stay behind.
            child.kill()
            child.stdout.close()
            code = child.wait()
        raise BadSheet(_epitaph(request, code, errors))


def _epitaph(request: dict[str, Any], code: int, errors: IO[bytes]) -> str:
    """Why the child died, for the uploader; the details go to the log."""
    errors.seek(0)
    last_words = errors.read()[-2000:].decode("utf-8", "replace")
    logger.warning("sheet reader died (%s) on %s: %s", code, request["name"], last_words)
    name = request["name"]
    if code == -signal.SIGXCPU:
        return (
            f"'{name}' took longer than {CHILD_SECONDS} seconds to read. Remove what is not the table, or split the "
            "list."
        )
    out_of_memory = "MemoryError" in last_words or code in (-signal.SIGABRT, -signal.SIGKILL)
    if request["mode"] == "farthest" or not out_of_memory:
        return (
            f"'{name}' could not be read: it is damaged, or not quite a sheet. Save it as .xlsx or .csv and upload "
            "it again."
        )
    with contextlib.suppress(BadSheet):
        for frame in _frames({"mode": "farthest", "path": request["path"], "name": name}):
            if place := frame[1]["farthest"]:
                return (
                    f"'{name}' has a cell at {place}, far outside the table, so that reading it would fill the memory. "
                    "Delete "
                    "the rows and columns around the table and upload it again."
                )
    return f"'{name}': {TOO_LARGE}"
