"""What every report is made with: whose it is, which days it covers, where its figures lead."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.formats import date_format

from core.models import Entity
from writeoffs.reports.links import Links
from writeoffs.reports.selectors import People
from writeoffs.reports.statements.spans import Span
from writeoffs.reports.tables import Formats, Notice, Signature


@dataclass(frozen=True)
class Frame:
    """entity, span, compared: what is reported. links: none on paper. params: the address's own, for links
    back. standing: what the reader has to know of the periods behind it."""

    entity: Entity
    span: Span
    compared: Span | None = None
    links: Links = field(default_factory=lambda: Links(None))
    params: Mapping[str, str] = field(default_factory=dict)
    standing: tuple[Notice, ...] = ()

    @property
    def formats(self) -> Formats:
        return Formats(self.entity.currency, self.entity.locale)

    @property
    def period_params(self) -> dict[str, str]:
        """The part of the address that chooses the days."""
        return {k: v for k, v in self.params.items() if k in ("period", "from", "to", "compare")}

    def heading(self, words: str) -> str:
        """A column's heading with the currency: "Cost, EUR"."""
        return f"{words}, {self.entity.currency}"

    def generated(self) -> str:
        """When the report was made, at the entity's place."""
        moment = timezone.now().astimezone(zoneinfo.ZoneInfo(self.entity.time_zone))
        return f"{date_format(moment, 'Y-m-d H:i')} {moment.tzname()}"


def signatures(people: People) -> tuple[Signature, ...]:
    return (
        Signature("Prepared by", people.prepared),
        Signature("Approved by", people.approved),
        Signature("Posted by", people.posted),
    )
