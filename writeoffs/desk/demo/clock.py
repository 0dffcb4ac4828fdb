"""The demo's own time: each step happens at the hour that its story says, so that the same demo comes out every time.

Only the builder uses it, in a process that does nothing else. `django.utils.timezone.now` reads the clock through the
name `datetime` of its module; every model and service asks that function.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator

from django.utils import timezone

# The day on which the story ends. Fixed, so that figures in tests, pictures and guides stay what they are.
TODAY = dt.date(2026, 11, 20)


class Clock:
    """Moves forward only: to a day, and a few minutes with every look."""

    def __init__(self, start: dt.date) -> None:
        self.moment = dt.datetime.combine(start, dt.time(8), tzinfo=dt.UTC)

    def go_to(self, day: dt.date, hour: int = 8) -> None:
        """Never backwards: what has happened keeps its order."""
        self.moment = max(self.moment, dt.datetime.combine(day, dt.time(hour), tzinfo=dt.UTC))

    def pass_minutes(self, minutes: int = 7) -> None:
        self.moment += dt.timedelta(minutes=minutes)

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """While it lasts, the product's time is this clock's."""
        clock = self

        class Told(dt.datetime):
            @classmethod
            def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # type: ignore[override]
                # A millisecond a look: two events of one step keep their order.
                clock.moment += dt.timedelta(milliseconds=1)
                return clock.moment.astimezone(tz) if tz else clock.moment.replace(tzinfo=None)

        real = timezone.datetime  # type: ignore[attr-defined]
        timezone.datetime = Told  # type: ignore[attr-defined]
        try:
            yield
        finally:
            timezone.datetime = real  # type: ignore[attr-defined]
