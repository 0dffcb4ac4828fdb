"""How parent and child talk: frames of marshalled tuples over a pipe, each behind its length.

Frames of the child, in order: ("head", {...}) or ("rows", [row numbers], [columns]) ..., then ("end", {...}); or, at
any point and as the last one, ("refused", sentence). Cells are str, float, int or bool; dates come as ISO text. Version
2 of marshal has no reference table: for sheets it writes and reads several times faster than the current one.
"""

from __future__ import annotations

import marshal
import struct
from typing import IO, Any

_LENGTH = struct.Struct("<I")
_VERSION = 2
MAX_FRAME = 256 * 1024 * 1024


class Refused(Exception):
    """The file cannot be used; the message is a sentence for the uploader."""


def write_frame(stream: IO[bytes], frame: tuple[Any, ...]) -> None:
    data = marshal.dumps(frame, _VERSION)
    stream.write(_LENGTH.pack(len(data)))
    stream.write(data)


def read_frame(stream: IO[bytes]) -> tuple[Any, ...] | None:
    """The next frame; None where the pipe has ended (also in the middle of a frame: the child died)."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME:
        return None
    data = stream.read(length)
    if len(data) < length:
        return None
    frame: tuple[Any, ...] = marshal.loads(data)  # noqa: S302 - our own child wrote it, and it holds plain values only
    return frame
