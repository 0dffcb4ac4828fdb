"""make soak: every fault at its full count on SQLite and PostgreSQL, its figures kept in docs/measurements.md.

    python -m tests.faults.soak [--engines sqlite postgres] [--operations 10000] [--files 500] [--every 1]
                                [--seed N] [--write docs/measurements.md] [--dry]

--every: which statements a process is killed at (1: each). The section of the file between its two marks is renewed,
the rest of the file stays. Exits 1 where a test failed; nothing is written then.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- make soak: begin -->", "<!-- make soak: end -->"
ENGINES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}


@dataclass
class Result:
    """One engine's run. figures: what the tests counted; rooms: test file -> (tests, seconds)."""

    engine: str
    failed: bool
    figures: dict[str, str] = field(default_factory=dict)
    rooms: dict[str, tuple[int, float]] = field(default_factory=dict)


def run(engine: str, options: argparse.Namespace) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        env = {
            **os.environ,
            "FAULTS": "soak",
            "TEST_DATABASE": engine,
            "FAULTS_OPERATIONS": str(options.operations),
            "FAULTS_FILES": str(options.files),
            "FAULTS_EVERY": str(options.every),
            **({"FAULTS_SEED": str(options.seed)} if options.seed else {}),
        }
        command = [sys.executable, "-m", "pytest", "-q", "-m", "faults", f"--junit-xml={report}", "tests/faults"]
        done = subprocess.run(command, env=env, cwd=ROOT)
        result = Result(engine, done.returncode != 0)
        if report.exists():
            _read(report, result)
    return result


def _read(report: Path, result: Result) -> None:
    # Our own report, written a moment ago.
    for case in ElementTree.parse(report).iter("testcase"):
        room = case.get("classname", "").rpartition(".")[2].removeprefix("test_")
        tests, seconds = result.rooms.get(room, (0, 0.0))
        result.rooms[room] = (tests + 1, seconds + float(case.get("time", 0)))
        for figure in case.iter("property"):
            result.figures[figure.get("name", "")] = figure.get("value", "")


def section(results: list[Result], options: argparse.Namespace) -> str:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    names = [ENGINES[result.engine] for result in results]
    lines = [
        BEGIN,
        "## Faults: `make soak`",
        f"{dt.datetime.now(dt.UTC):%Y-%m-%d}, commit {commit}, {os.cpu_count()} cores ({platform.machine()}), "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}. "
        f"Real processes; after each fault every verifier is clean. Killed at every "
        f"{'statement' if options.every == 1 else f'statement in {options.every}'}; {options.operations:,} operations, "
        f"{options.files:,} files.",
        "",
        f"| what was tried | {' | '.join(names)} |",
        f"|---|{'---:|' * len(names)}",
    ]
    names_of = dict.fromkeys(name for result in results for name in result.figures)
    lines += [f"| {name} | {' | '.join(r.figures.get(name, '–') for r in results)} |" for name in names_of]
    for room in dict.fromkeys(room for result in results for room in result.rooms):
        cells = [f"{tests} tests, {seconds:,.0f} s" for tests, seconds in (r.rooms.get(room, (0, 0)) for r in results)]
        lines.append(f"| all of `test_{room}.py` | {' | '.join(cells)} |")
    return "\n".join([*lines, END])


def renewed(text: str, new: str) -> str:
    """The file with its section renewed, or added at the end."""
    before, mark, rest = text.partition(BEGIN)
    if not mark:
        return f"{text.rstrip()}\n\n{new}\n"
    return f"{before}{new}{rest.partition(END)[2]}"


def kept(path: Path) -> str:
    """The section as it stands in the file, for a command that writes the rest of it anew."""
    _, mark, rest = (path.read_text() if path.exists() else "").partition(BEGIN)
    return f"\n{mark}{rest.partition(END)[0]}{END}\n" if mark else ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engines", nargs="+", default=list(ENGINES), choices=list(ENGINES))
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--write", type=Path, default=ROOT / "docs/measurements.md")
    parser.add_argument("--dry", action="store_true", help="print the section, write nothing")
    options = parser.parse_args()
    results = [run(engine, options) for engine in options.engines]
    new = section(results, options)
    print(new)  # noqa: T201
    if any(result.failed for result in results):
        return 1
    if not options.dry:
        options.write.write_text(renewed(options.write.read_text(), new))
    return 0


if __name__ == "__main__":
    sys.exit(main())
