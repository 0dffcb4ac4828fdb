"""The sheets of this room: what the ERP answered."""

from core.sheets.kinds import register
from writeoffs.posting.kinds.erp_answer import ErpAnswerKind


def register_all() -> None:
    register(ErpAnswerKind())
