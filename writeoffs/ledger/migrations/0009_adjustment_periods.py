"""Every fiscal year that is there gets its adjustment period 13: its last day once more, open."""

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Count, Max


def add(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    periods = apps.get_model("ledger", "FiscalPeriod").objects.using(schema_editor.connection.alias)
    years = periods.order_by().values("entity_id", "fiscal_year").annotate(months=Count("pk"), last=Max("ends_on"))
    periods.bulk_create(
        periods.model(
            entity_id=year["entity_id"],
            fiscal_year=year["fiscal_year"],
            number=13,
            starts_on=year["last"],
            ends_on=year["last"],
        )
        for year in years
        if year["months"] == 12
    )


class Migration(migrations.Migration):
    dependencies = [("ledger", "0008_periods")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
