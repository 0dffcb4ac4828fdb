"""The sheets of this room: stock lists and counts."""

from core.sheets.kinds import register
from inventory.kinds.counts import CountKind
from inventory.kinds.stock_list import StockListKind


def register_all() -> None:
    register(StockListKind())
    register(CountKind())
