"""A report as PDF. The typesetter runs in a process of its own, so that the memory that it takes (some 400 MB for 2,000
lines) goes back to the system with it; the child imports neither Django nor anything else of ours.

Archive format PDF/A-2a and accessible PDF/UA-1 in one file, set in the fonts that come with the typesetter. Where a
text has a sign that they lack, the archive format refuses it: then the system's fonts are tried, at last plain PDF.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

TEMPLATE = Path(__file__).parent / "typst" / "report.typ"
STANDARDS: list[Literal["a-2a", "ua-1"]] = ["a-2a", "ua-1"]
SECONDS = 120

logger = logging.getLogger(__name__)


class TypesettingFailed(Exception):
    """The typesetter gave no file; the message is its own."""


def pdf(data: dict[str, Any], *, seconds: int = SECONDS) -> bytes:
    """The PDF of present.typeset_data."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(Path(__file__).resolve())],
            input=json.dumps(data).encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TypesettingFailed(f"the report took longer than {seconds} seconds") from error
    if done.returncode or not done.stdout.startswith(b"%PDF"):
        raise TypesettingFailed(done.stderr.decode(errors="replace")[-2000:])
    if done.stderr:
        logger.warning("PDF of %s: %s", data.get("title"), done.stderr.decode(errors="replace")[:500])
    return done.stdout


def main() -> int:
    """The child: JSON on standard input, PDF on standard output."""
    import typst

    data = sys.stdin.read()
    inputs = {"data": data}
    for own_fonts, archivable in ((True, True), (False, True), (False, False)):
        try:
            made = typst.compile(
                TEMPLATE,
                format="pdf",
                sys_inputs=inputs,
                ignore_system_fonts=own_fonts,
                pdf_standards=[*STANDARDS] if archivable else [],
                timestamp=json.loads(data).get("made_at"),
            )
        except typst.TypstError as error:
            sys.stderr.write(f"{'archivable' if archivable else 'plain'} PDF: {error}\n")
            continue
        if isinstance(made, bytes):
            sys.stdout.buffer.write(made)
            return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
