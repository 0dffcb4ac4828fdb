"""Where the figures of a report lead. On paper and in files nothing leads anywhere: `Links(None)` gives no address."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from urllib.parse import urlencode

from django.urls import reverse

from core import refs
from core.models import Entity


class Links:
    """Addresses of one entity's records. entity None: no links at all."""

    def __init__(self, entity: Entity | None) -> None:
        self.entity = entity

    def _to(self, name: str, *args: object, **params: object) -> str:
        if self.entity is None:
            return ""
        query = {key: value for key, value in params.items() if value not in (None, "")}
        url = reverse(name, args=[self.entity.slug, *args])
        return f"{url}?{urlencode(query, safe=',:')}" if query else url

    def lot(self, pk: int) -> str:
        return self._to("stock:lot", pk)

    def entry(self, number: str) -> str:
        return self._to("ledger:entry", number) if number else ""

    def trace(self, number: str, line_number: int) -> str:
        """What one journal line sums."""
        return self._to("reports:trace", number, line_number)

    def document(self, source_ref: str) -> str:
        return refs.url_for(self.entity, source_ref) if self.entity else ""

    def assessment_line(self, number: str, pk: int) -> str:
        """How the figure of one lot came about."""
        return self._to("valuation:line", number, pk)

    def assessment(self, number: str) -> str:
        return self._to("valuation:assessment", number)

    def policy(self, pk: int) -> str:
        return self._to("valuation:policy", pk)

    def audit(self, *, kind: str, starts_on: dt.date, ends_on: dt.date) -> str:
        """The events of one kind on the audit page."""
        return self._to("desk:audit", kind=kind, starts_on=starts_on, ends_on=ends_on)

    def changes(self) -> str:
        return self._to("desk:changes")

    def quarantine(self) -> str:
        """What is overdue in the register."""
        return self._to("stock:quarantine", status="overdue")

    def marks(self) -> str:
        """The condition marks of lots."""
        return self._to("valuation:inputs", "condition")

    def events(self) -> str:
        """The list of events after reporting dates."""
        return self._to("proposals:events")

    def trial_balance(self, pk: int, codes: Sequence[str] = ()) -> str:
        """The balances of some accounts on a trial balance; of all without codes."""
        return self._to("ledger:trial_balance", pk, account=",".join(codes))

    def account(self, code: str) -> str:
        return self._to("ledger:account", code)

    def tie_out(self, code: str) -> str:
        return self._to("desk:tie_out", code)

    def register(self, params: dict[str, str], **changes: object) -> str:
        return self._to("reports:register", **{**params, **changes})

    def rollforward(self, *, starts_on: dt.date, ends_on: dt.date) -> str:
        return self._to("reports:rollforward", period="range", **{"from": starts_on, "to": ends_on})

    def impact(self, **params: object) -> str:
        return self._to("reports:impact", **params)

    def movements(
        self,
        *,
        starts_on: dt.date | None,
        ends_on: dt.date,
        kinds: Sequence[str] = (),
        class_id: int | None = None,
        part: str = "",
        lots: str = "",
    ) -> str:
        """lots: "lowered" for those whose write-down is still attached on the last day."""
        return self._to(
            "reports:movements",
            **{"from": starts_on and starts_on.isoformat(), "to": ends_on.isoformat(), "kind": ",".join(kinds)},
            category=class_id,
            part=part,
            lots=lots,
        )

    def lines(
        self,
        *,
        starts_on: dt.date | None = None,
        ends_on: dt.date | None = None,
        roles: Sequence[str] = (),
        origin: str = "",
        class_id: int | None = None,
        account: str = "",
        reason: str = "",
        leg: str = "",
        source_ref: str = "",
        part: str = "",
    ) -> str:
        days = {"from": starts_on and starts_on.isoformat(), "to": ends_on and ends_on.isoformat()}
        return self._to(
            "reports:lines",
            **days,
            role=",".join(roles),
            origin=origin,
            category=class_id,
            account=account,
            reason=reason,
            leg=leg,
            source=source_ref,
            part=part,
        )
