"""Rows in sets, under the name by which this room knows them."""

from core.sets import among as among
from core.sets import ids as ids
from core.sets import rows_insert as rows_insert
from core.sets import rows_update as rows_update
