"""Room in the pages of lots on PostgreSQL: a posting that changes some lots of a page then writes the new rows beside
the old ones and leaves the four indexes alone (a HOT update). Takes effect on what is written from now on."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps


def room(percent: str):
    def run(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"alter table inventory_lot {percent}")

    return run


class Migration(migrations.Migration):
    dependencies = [("inventory", "0002_proof")]

    operations = [migrations.RunPython(room("set (fillfactor = 80)"), room("reset (fillfactor)"))]
