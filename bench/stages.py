"""Where the time goes: the whole work in one process, stage by stage, with a profile where asked for.

    WRITEOFFS_DATA=/tmp/x DATABASE_URL=... python -m bench.stages 100000 [--profile check|commit|count|post]

The database must be migrated and empty. Readers run as children, and a PostgreSQL backend counts for itself, so these
seconds are for finding hot spots; `bench.run` gives the ratios.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import pstats
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "writeoffs.settings")
os.environ["JOBS_INLINE"] = "1"


def measured(name: str, profile: str, work: Callable[[], Any]) -> Any:
    own, children, wall = time.process_time(), _children(), time.perf_counter()
    if name == profile:
        profiler = cProfile.Profile()
        result = profiler.runcall(work)
        pstats.Stats(profiler).sort_stats("tottime").print_stats(30)
    else:
        result = work()
    print(
        f"{name:10} own {time.process_time() - own:7.3f}  children {_children() - children:7.3f}  "
        f"wall {time.perf_counter() - wall:7.3f}",
        flush=True,
    )
    return result


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("rows", type=int)
    parser.add_argument("--profile", default="")
    parser.add_argument("--data", default="bench-data")
    options = parser.parse_args()
    import django

    django.setup()
    from bench import company
    from core.models import Entity, User
    from core.sheets import pipeline
    from inventory.models import CountSheet
    from writeoffs.proposals import services

    company.company_create()
    entity = Entity.objects.get()
    people = {key: User.objects.get(email=company.email(key)) for key in company.PEOPLE}
    folder = Path(options.data) / str(options.rows)

    def taken_in(kind: str, file: str, as_of: Any, names: tuple[str, str, str]) -> None:
        content = (folder / file).read_bytes()
        upload = measured(
            names[0],
            options.profile,
            lambda: pipeline.upload_receive(
                entity=entity, kind=kind, name=file, content=content, as_of=as_of, user=people["preparer"]
            ),
        )
        measured(names[1], options.profile, lambda: pipeline.upload_check(upload=upload, user=people["preparer"]))
        done = measured(
            names[2], options.profile, lambda: pipeline.upload_commit(upload=upload, user=people["preparer"])
        )
        print(done.status, done.message)

    taken_in("stock_list", "lots.xlsx", company.LIST_AS_OF, ("receive", "check", "commit"))
    taken_in("count", "counts.xlsx", company.COUNT_AS_OF, ("receive2", "check2", "count"))
    sheet = CountSheet.objects.get()
    proposal = measured(
        "propose",
        options.profile,
        lambda: services.proposal_create_from_count(
            entity=entity, user=people["preparer"], sheet=sheet, posting_on=company.POSTING_ON
        ),
    )
    services_submit = services.proposal_submit
    proposal = measured("submit", options.profile, lambda: services_submit(proposal=proposal, user=people["preparer"]))
    digest = proposal.digest
    proposal = measured(
        "approve",
        options.profile,
        lambda: services.proposal_approve(proposal=proposal, user=people["approver"], digest=digest),
    )
    posted = measured(
        "post",
        options.profile,
        lambda: services.proposal_post(proposal=proposal, user=people["controller"], digest=digest),
    )
    print(posted.message)


if __name__ == "__main__":
    main()
