"""The stock list page in the test client: queries, milliseconds, and how many of those its own process worked.

python -m bench.page        in the database of the environment; prints one JSON line
"""

from __future__ import annotations

import json
import os
import statistics
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "writeoffs.settings")
PAGES = {
    "stock list": "",
    "filtered and sorted": "?expiry=expired&sort=-cost",
    "text": "?q=flange",
    "page 500": "?page=500",
}


def main() -> None:
    import django

    django.setup()
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from bench import company
    from core.models import User

    client = Client(SERVER_NAME="localhost")
    client.force_login(
        User.objects.get(email=company.email("preparer")), backend="django.contrib.auth.backends.ModelBackend"
    )
    found = {}
    for name, query in PAGES.items():
        address = f"/e/{company.SLUG}/stock/{query}"
        for _ in range(3):
            answer = client.get(address)
            assert answer.status_code == 200, answer.status_code
        times, cpu = [], []
        for _ in range(15):
            began, worked = time.perf_counter(), time.process_time()
            client.get(address)
            times.append((time.perf_counter() - began) * 1000)
            cpu.append((time.process_time() - worked) * 1000)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(address)
        found[name] = {
            "queries": len(queries),
            "ms": round(statistics.median(times), 1),
            "cpu_ms": round(statistics.median(cpu), 1),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
