"""Takes a checked count in.

Invariant: a count's lines are its sheet's rows, all of them, against book quantities that were true in one moment. The
sheet's status follows the proposal of its differences and is moved by that room.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from decimal import Decimal, InvalidOperation

from django.db import connection, transaction
from django.utils import timezone

from core.access import roles_in
from core.errors import BadInput, StaleContent
from core.models import Upload
from core.money import plain, to_raw
from core.numbers import numbers_take
from core.sheets.kinds import Committed
from core.words import READERS
from inventory.models import CountSheet, StagedCheck

LINE_COLUMNS = (
    'lot_id, "row", book_quantity, counted_quantity, difference, value, counted_on, note, first_count, second_count'
)

# What the digest covers: version 2 adds the moment at which the book quantities were frozen, version 3 the tolerance
# and both counts of a lot.
VERSION = 3
# Lines hashed together; part of the digest.
CHUNK = 5000


@transaction.atomic
def count_sheet_commit(*, upload: Upload) -> Committed:
    """Make the count sheet and its lines from staging. StaleContent where a counted lot has moved since the check."""
    entity = upload.entity
    counted_on = entity.local_date(upload.as_of)
    number = f"CS-{counted_on.year}-{numbers_take(entity=entity, series=f'count:{counted_on.year}'):04d}"
    # The count is whose sheet it is; who commits it stands on the upload.
    sheet = CountSheet.objects.create(
        entity=entity,
        number=number,
        upload=upload,
        counted_on=counted_on,
        frozen_at=timezone.now(),
        tolerance=tolerance_of(upload),
        created_by=upload.created_by,
    )
    lines, differences = _lines_insert(sheet)
    _refuse_moved(upload)
    CountSheet.objects.filter(pk=sheet.pk).update(line_count=lines, difference_count=differences)
    message = f"{number}: {lines:,} lot{'' if lines == 1 else 's'} counted."
    if roles_in(entity, upload.created_by) & set(READERS):
        message = f"{number}: {lines:,} lots counted, {differences:,} differ from the books."
    return Committed(
        message=message, url=sheet.get_absolute_url(), told={"count": content_digest(sheet), "count_version": VERSION}
    )


def tolerance_of(upload: Upload) -> Decimal | None:
    """Percent of the book's units above which a lot is counted again; None where the sheet has no such rule. BadInput
    for what is no number from 0 to 100."""
    text = str(upload.options.get("tolerance", "") or "")
    if not text:
        return None
    try:
        tolerance = Decimal(text)
        to_raw(tolerance, 4)
    except (InvalidOperation, ValueError):
        tolerance = Decimal(-1)
    if not 0 <= tolerance <= 100:
        raise BadInput(
            f"Tolerance '{text}': expected a percentage of units from 0 to 100 with at most four decimals, like 2 or "
            "0.5."
        )
    return tolerance


def content_digest(sheet: CountSheet, version: int = VERSION) -> str:
    """SHA-256 (hex) over the count and all its lines, in chunks of a fixed length. Both engines give the same."""
    # As text, not as the date that SQLite's driver makes of a bare column.
    day = "to_char(counted_on, 'YYYY-MM-DD')" if connection.vendor == "postgresql" else "cast(counted_on as text)"
    head = [version, sheet.number, sheet.upload_id, sheet.counted_on.isoformat(), sheet.created_by_id]
    if version > 1:
        head.append(sheet.frozen_at.astimezone(dt.UTC).isoformat(timespec="microseconds"))
    if version > 2:
        head.append(None if sheet.tolerance is None else plain(sheet.tolerance))
    twice = ", first_count, second_count" if version > 2 else ""
    digest = hashlib.sha256(json.dumps(head).encode())
    with connection.cursor() as cursor:
        cursor.execute(
            'select lot_id, "row", book_quantity, counted_quantity, difference, value, '
            f'{day}, note{twice} from inventory_countline where sheet_id = %s order by "row", lot_id',
            [sheet.pk],
        )
        while chunk := cursor.fetchmany(CHUNK):
            digest.update(json.dumps(chunk, ensure_ascii=False, separators=(",", ":")).encode())
    return digest.hexdigest()


def _lines_insert(sheet: CountSheet) -> tuple[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"insert into inventory_countline (sheet_id, {LINE_COLUMNS}) select %s, {LINE_COLUMNS} "
            "from inventory_stagedcount where upload_id = %s",
            [sheet.pk, sheet.upload_id],
        )
        lines = int(cursor.rowcount)
        cursor.execute(
            "select count(*) from inventory_stagedcount where upload_id = %s and difference <> 0", [sheet.upload_id]
        )
        return lines, int(cursor.fetchone()[0])


def _refuse_moved(upload: Upload) -> None:
    """Asked after the lines are made: what moved before this moment is seen, what moves later is moved after the
    count."""
    checked = StagedCheck.objects.get(upload_id=upload.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            'select s."row", i.sku, l.code, p.code from inventory_movement m '
            "join inventory_stagedcount s on s.lot_id = m.lot_id and s.upload_id = %s "
            "join inventory_lot l on l.id = m.lot_id join inventory_item i on i.id = l.item_id "
            "join core_location p on p.id = l.location_id "
            'where m.entity_id = %s and m.sequence > %s order by s."row" limit 4',
            [upload.pk, upload.entity_id, checked.last_movement],
        )
        moved = cursor.fetchall()
    if moved:
        named = "; ".join(f"row {row}: lot '{code}' of {sku} at {place}" for row, sku, code, place in moved[:3])
        more = " and more" if len(moved) > 3 else ""
        raise StaleContent(
            f"Stock has moved since this count was checked ({named}{more}). Check the sheet again, so that its "
            "differences are against the books as they are now."
        )
