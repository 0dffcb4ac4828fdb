"""Lots whose unit cost a list gives in another currency: at the rate of the day they were bought (IAS 21.23).

Invariant: no cost is taken over at a rate that nobody gave; the row says currency and rate.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from babel import Locale

from core.money import EXCHANGE_SCALE, RAW_LIMIT, UNIT_COST_SCALE, foreign_unit_raw, from_raw, plain, to_raw
from core.sheets.texts import Complaint, decimal_mark_of, number_of
from inventory.kinds.complaints import Complaints

EXPECTED = (
    "Expected how many units of the entity's currency one unit was worth when the goods were bought, like 0.9215."
)


@dataclass(slots=True)
class Abroad:
    """The rates of one list as it is read. lots, pairs: what was translated so far."""

    mark: str = "."
    lots: int = 0
    pairs: dict[tuple[str, str], int] = field(default_factory=dict)
    rates: dict[str, int] = field(default_factory=dict)

    def read_marks(self, texts: list[str] | None) -> None:
        """One mark for all: 0,923 beside 1,234 says what the comma of both is."""
        if texts:
            self.mark = decimal_mark_of(filter(None, texts)) or self.mark

    @property
    def said(self) -> str:
        """ "USD at 0.95, GBP at 1.17 and more"."""
        named = [f"{currency} at {rate}" for currency, rate in self.pairs]
        return ", ".join(named[:4]) + (" and more" if len(named) > 4 else "")

    def rate(self, complaints: Complaints, row: int, own: str, currency: str, text: str, unit_cost: int | None) -> int:
        """The raw rate of the row, 0 where its cost is in the entity's own currency. ValueError after a complaint."""
        code = currency.upper()
        if not code:
            self._refuse(
                complaints, row, "currency", text, "there is an exchange rate and no currency. Name it, like USD."
            )
        if code == own:
            return 0
        if code not in Locale("en").currencies:
            self._refuse(
                complaints, row, "currency", currency, f"'{currency}' is no currency. Expected a code like USD."
            )
        if not text:
            self._refuse(
                complaints, row, "exchange_rate", "", f"the unit cost is in {code} and has no exchange rate. {EXPECTED}"
            )
        raw = self.rates.get(text)
        if raw is None:
            raw = self.rates[text] = self._read(complaints, row, text)
        self.lots += 1
        self.pairs[code, plain(from_raw(raw, EXCHANGE_SCALE))] = raw
        if unit_cost:
            own_cost = plain(from_raw(foreign_unit_raw(unit_cost, raw), UNIT_COST_SCALE))
            given, at = plain(from_raw(unit_cost, UNIT_COST_SCALE)), plain(from_raw(raw, EXCHANGE_SCALE))
            complaints.issues.warning(
                "bought_in_another_currency",
                row,
                "unit_cost",
                given,
                f"Row {row}: {given} {code} at {at} is {own_cost} {own} a unit, and stays so: cost keeps the rate of "
                "the day the goods were bought.",
            )
        return raw

    def _read(self, complaints: Complaints, row: int, text: str) -> int:
        try:
            raw = to_raw(number_of(text, self.mark), EXCHANGE_SCALE)
        except Complaint as complaint:
            self._refuse(complaints, row, "exchange_rate", text, f"{complaint.message} {EXPECTED}")
        except ValueError:
            self._refuse(complaints, row, "exchange_rate", text, f"'{text}' has more than {EXCHANGE_SCALE} decimals.")
        else:
            if 0 < raw <= RAW_LIMIT:
                return raw
            self._refuse(complaints, row, "exchange_rate", text, f"'{text}' cannot be a rate. {EXPECTED}")
        raise AssertionError("refused above")

    def _refuse(self, complaints: Complaints, row: int, column: str, value: str, what: str) -> None:
        said = f"Row {row}, {column.replace('_', ' ')}: {what}"
        complaints.issues.error("cost_in_another_currency", row, column, value, said)
        raise ValueError(said)
