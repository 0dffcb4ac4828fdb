"""The chart of accounts as a sheet: what is new, changed, unchanged and gone, and its commit.

Invariant: an account with lines keeps its code and its section, since closed statements stand on both; what is mapped
is never retired. A changed section of an account is policy: another controller than the uploader commits it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.urls import reverse

from core import audit
from core.errors import SegregationOfDuties, StaleContent
from core.models import Entity, Upload, User
from core.sheets.kinds import Cell, Chunk, Column, Committed, Issues, Option, SheetKind, Summary
from core.words import Role
from writeoffs.ledger.chart import accounts_told
from writeoffs.ledger.kinds.words import active_of, liquidity_of, section_of
from writeoffs.ledger.models import Account, AccountMap, JournalLine, StagedAccount
from writeoffs.ledger.roles import Section

CODE = "chart"
# What a sheet says of an account, beside its code.
_KEPT = ("name", "section", "active", "liquidity")
_SECTIONS = ", ".join(section.value for section in Section)

COLUMNS = (
    Column(
        "code",
        "Account",
        Cell.TEXT,
        required=True,
        filled=True,
        max_length=30,
        aliases=("account", "account code", "account number", "account no", "no", "number", "konto", "kontonummer",
                 "compte", "numéro de compte", "gl account", "g/l account"),
        help="Its number in your ledger. It never changes: another number is another account.",
        example="5100",
    ),
    Column(
        "name",
        "Name",
        Cell.TEXT,
        required=True,
        filled=True,
        max_length=120,
        aliases=("account name", "description", "title", "bezeichnung", "kontobezeichnung", "libellé", "intitulé"),
        example="Inventory write-downs",
    ),
    Column(
        "section",
        "Section",
        Cell.TEXT,
        required=True,
        filled=True,
        max_length=60,
        aliases=("type", "account type", "class", "category", "kontoart", "kontentyp", "art", "type de compte"),
        help=f"Where it stands in the statements: {_SECTIONS}. Common words are read too: Assets, Aktiva, Actif.",
        example="COST_OF_SALES",
    ),
    Column(
        "active",
        "Active",
        Cell.TEXT,
        max_length=20,
        aliases=("is active", "status", "in use", "aktiv", "actif"),
        help="Yes or no. A retired account takes no new rule of the map. Empty: as it is.",
        example="yes",
    ),
    Column(
        "liquidity",
        "Liquidity",
        Cell.TEXT,
        max_length=40,
        aliases=("current or non-current", "maturity", "fristigkeit"),
        help="Of assets and liabilities, for the ratios: quick (cash, receivables), current (stock, payables) or "
        "non-current. Empty: as it is.",
        example="current",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Known:
    """An account as it stands. used: it has lines; mapped: a rule of the map leads to it."""

    id: int
    name: str
    section: str
    active: bool
    used: bool
    mapped: bool
    liquidity: str = ""


@dataclass(slots=True)
class ChartCheck:
    """What the check knows and has found. seen: code -> row."""

    known: dict[str, Known]
    retire: bool
    seen: dict[str, int] = field(default_factory=dict)
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    sections: int = 0


def accounts_known(entity: Entity) -> dict[str, Known]:
    """code -> account, with whether it is used and mapped; one query."""
    found = (
        Account.objects.filter(entity=entity)
        .annotate(
            used=Exists(JournalLine.objects.filter(account=OuterRef("pk"))),
            mapped=Exists(AccountMap.objects.filter(account=OuterRef("pk"))),
        )
        .values_list("code", "pk", "name", "section", "active", "used", "mapped", "liquidity")
    )
    return {
        code: Known(pk, name, section, active, used, mapped, liquidity)
        for code, pk, name, section, active, used, mapped, liquidity in found
    }


class ChartKind(SheetKind):
    code = CODE
    title = "Chart of accounts"
    lead = "Your own accounts. Which role of an entry leads to which of them is decided under Journal, Mapping."
    columns = COLUMNS
    upload_roles = (Role.CONTROLLER,)
    commit_roles = (Role.CONTROLLER,)
    asks_control_total = False
    options = (
        Option(
            "gone",
            "Accounts that are not on the sheet",
            (("keep", "Stay as they are"), ("retire", "Are retired, unless they are mapped or have lines")),
            help="Choose retire only where the sheet is the whole chart.",
        ),
    )
    staging_table = StagedAccount._meta.db_table
    staging_columns = ("row", "code", "name", "section", "active", "liquidity")

    def begin(self, upload: Upload) -> ChartCheck:
        return ChartCheck(accounts_known(upload.entity), upload.options.get("gone") == "retire")

    def check_chunk(self, context: ChartCheck, chunk: Chunk, issues: Issues) -> list[tuple[Any, ...]]:
        empty = [""] * len(chunk.rows)
        cells = (chunk.columns.get(name, empty) for name in ("code", "name", "section", "active", "liquidity"))
        rows = zip(chunk.rows, *cells, strict=True)
        checked = (_row(context, issues, *row) for place, row in enumerate(rows) if place not in chunk.bad)
        return [row for row in checked if row is not None]

    def finish(self, context: ChartCheck, upload: Upload, issues: Issues) -> Summary:
        gone = {code: known for code, known in context.known.items() if code not in context.seen}
        kept = {code: known for code, known in gone.items() if known.used or known.mapped}
        for code, known in kept.items():
            why = "has lines" if known.used else "is mapped to a role"
            issues.warning(
                "gone_but_needed",
                None,
                "code",
                code,
                f"Account {code} {known.name} is not on the sheet, but it {why}: it stays. Map its roles elsewhere "
                "first where it is to go.",
            )
        retired = sum(1 for known in gone.values() if known.active) - sum(1 for k in kept.values() if k.active)
        words = f"{len(gone)}, of which {len(kept)} are mapped or have lines"
        notes = []
        if context.sections:
            notes.append(
                "The section of an account decides where it stands in the statements, so another controller than the "
                "uploader commits this sheet."
            )
        return Summary(
            rows=len(context.seen),
            figures=[
                ("New", str(context.new)),
                ("Changed", str(context.changed)),
                ("Unchanged", str(context.unchanged)),
                ("Not on the sheet", words if gone else "0"),
                ("Retired by this sheet", str(retired if context.retire else 0)),
            ],
            commit_label=f"Take in the chart: {context.new} new, {context.changed} changed",
            needs_controller=bool(context.sections),
            notes=notes,
        )

    def commit(self, upload: Upload, user: User) -> Committed:
        return chart_commit(upload, user)


def _row(
    check: ChartCheck,
    issues: Issues,
    row: int,
    code: str,
    name: str,
    section_text: str,
    active_text: str,
    liquidity_text: str,
) -> tuple[Any, ...] | None:
    """The staging row of a good one; every complaint of a bad one."""
    before = issues.errors
    first = check.seen.setdefault(code, row)
    if first != row:
        issues.error(
            "account_twice", row, "code", code,
            f"Rows {first} and {row} are both account {code}. An account stands once on a chart: keep one of them.",
        )  # fmt: skip
    section, known = section_of(section_text), check.known.get(code)
    if section is None:
        issues.error(
            "unknown_section", row, "section", section_text,
            f"Row {row}, section: '{section_text}' is not known. Expected one of {_SECTIONS}.",
        )  # fmt: skip
    active = active_of(active_text) if active_text else (known.active if known else True)
    if active is None:
        issues.error(
            "unknown_active", row, "active", active_text,
            f"Row {row}, active: '{active_text}' is neither yes nor no. Expected yes, no or an empty cell.",
        )  # fmt: skip
    liquidity = liquidity_of(liquidity_text) if liquidity_text else (known.liquidity if known else "")
    if liquidity is None:
        issues.error(
            "unknown_liquidity", row, "liquidity", liquidity_text,
            f"Row {row}, liquidity: '{liquidity_text}' is not known. Expected quick, current, non-current or an empty "
            "cell.",
        )  # fmt: skip
    if known is not None and section is not None:
        refused = change_refused(code, known, section.value, bool(active))
        if refused:
            issues.error("account_in_use", row, "code", code, f"Row {row}: {refused}")
    if issues.errors > before or section is None:
        return None
    _count(check, known, name, section.value, bool(active), str(liquidity))
    return row, code, name, section.value, bool(active), str(liquidity)


def change_refused(code: str, known: Known, section: str, active: bool) -> str:
    """Why an account cannot become so, or an empty text."""
    if section != known.section and (known.used or known.mapped):
        why = "has lines" if known.used else "is mapped to a role"
        return (
            f"account {code} {known.name} {why}, so its section stays {known.section}; the sheet says {section}. "
            "Take a new account number for the other section, or map the role elsewhere first."
        )
    if known.active and not active and known.mapped:
        return (
            f"account {code} {known.name} is mapped to a role, so it cannot be retired. Map the role elsewhere first, "
            "under Journal, Mapping."
        )
    return ""


def _count(check: ChartCheck, known: Known | None, name: str, section: str, active: bool, liquidity: str) -> None:
    if known is None:
        check.new += 1
    elif (name, section, active, liquidity) == (known.name, known.section, known.active, known.liquidity):
        check.unchanged += 1
    else:
        check.changed += 1
        check.sections += section != known.section


@transaction.atomic
def chart_commit(upload: Upload, user: User) -> Committed:
    """Make and change accounts as the sheet says. StaleContent where one came into use since the check."""
    entity = Entity.objects.select_for_update(no_key=True).get(pk=upload.entity_id)
    known = accounts_known(entity)
    staged = list(StagedAccount.objects.filter(upload_id=upload.pk).order_by("row"))
    made, changed = [], []
    told: list[dict[str, Any]] = []
    for row in staged:
        old = known.get(row.code)
        values = {name: getattr(row, name) for name in _KEPT}
        if old is None:
            made.append(Account(entity=entity, code=row.code, **values))
        elif values != {name: getattr(old, name) for name in _KEPT}:
            _refuse_stale(upload, user, row, old)
            changed.append(Account(pk=old.id, **values))
            before = [getattr(old, name) for name in _KEPT]
            told.append({"code": row.code, "before": before, "after": list(values.values())})
    Account.objects.bulk_create(made, batch_size=500)
    Account.objects.bulk_update(changed, _KEPT, batch_size=500)
    retired = _retire(upload, known, {row.code for row in staged})
    new = [account.code for account in made]
    message = f"The chart has {len(made)} new and {len(changed)} changed accounts; {len(retired)} are retired."
    audit.record(
        entity=entity,
        actor=user,
        kind="accounts.uploaded",
        subject=f"upload:{upload.pk}",
        message=f"{user} took in {upload.file_name}. {message}",
        data={
            "new": new,
            "changed": told,
            "retired": retired,
            **accounts_told(entity, {*new, *(one["code"] for one in told), *retired}),
        },
    )
    return Committed(message=message, url=reverse("ledger:accounts", args=[entity.slug]))


def _refuse_stale(upload: Upload, user: User, row: StagedAccount, old: Known) -> None:
    refused = change_refused(row.code, old, row.section, row.active)
    if refused:
        raise StaleContent(f"'{upload.file_name}' no longer fits the books: {refused} Check the sheet again.")
    if row.section != old.section and user.pk == upload.created_by_id:
        raise SegregationOfDuties(
            f"'{upload.file_name}' changes the section of account {row.code}, so a controller other than its uploader "
            "commits it."
        )


def _retire(upload: Upload, known: dict[str, Known], listed: set[str]) -> list[str]:
    """The codes of those that leave with this sheet."""
    if upload.options.get("gone") != "retire":
        return []
    gone = {
        code: account
        for code, account in known.items()
        if code not in listed and account.active and not account.used and not account.mapped
    }
    Account.objects.filter(pk__in=[account.id for account in gone.values()]).update(active=False)
    return sorted(gone)
