"""The sheets of this room: stock lists, counts and ERP movements."""

from core.sheets.kinds import register
from inventory.kinds.counts import CountKind
from inventory.kinds.erp_movements import ErpMovementsKind
from inventory.kinds.stock_list import StockListKind


def register_all() -> None:
    register(StockListKind())
    register(CountKind())
    register(ErpMovementsKind())
