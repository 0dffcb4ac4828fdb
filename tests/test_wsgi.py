"""What the web server's processes do before their first request."""

import subprocess
import sys


def test_modules_are_loaded_and_left_alone_by_the_collector() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import gc, sys, writeoffs.wsgi; print(gc.get_freeze_count() > 50_000, gc.isenabled(), "
            "'writeoffs.proposals.urls' in sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["True", "True", "True"], done.stdout + done.stderr
