"""The child's entry: takes a request, limits itself, reads the file and answers in frames (see protocol).

Invariant: it can only read the file and write to its pipe; memory and time are limited before the file is opened.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
from typing import Any, BinaryIO

from core.sheets.child.protocol import Refused, write_frame

TOO_LARGE = (
    "The sheet needs more memory than reading it may take. Remove unused rows and columns (a single cell far outside "
    "the "
    "table is enough), or save it as .csv, and upload it again."
)


def limit(memory: int, seconds: int) -> None:
    """No more memory, time, files or core dumps than reading one sheet needs."""
    for what, amount in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (amount if hard == resource.RLIM_INFINITY else min(amount, hard), hard))


def read(request: dict[str, Any], out: BinaryIO) -> None:
    # Imported under the limits: a reader's own start-up counts as well.
    from core.sheets.child import archive, text, workbook

    path = request["path"]
    with open(path, "rb") as file:
        start = file.read(8)
    form = archive.form_of(path, start, request["name"])
    if request["mode"] == "farthest":
        write_frame(out, ("end", {"farthest": archive.farthest_cell(path) if form == "xlsx" else ""}))
    elif form == "text":
        text.read(request, out)
    else:
        workbook.read(request, form, out)


def main() -> None:
    request = json.loads(sys.stdin.buffer.readline())
    limit(request["memory"], request["seconds"])
    # One file is read and the process ends: collecting cycles would only cost time.
    gc.disable()
    out = sys.stdout.buffer
    try:
        read(request, out)
    except Refused as error:
        write_frame(out, ("refused", str(error)))
    except MemoryError:
        write_frame(out, ("refused", TOO_LARGE))
    except BrokenPipeError:
        return
    out.flush()
