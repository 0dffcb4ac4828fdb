"""All of this room's tables at once, for a new database; one that stands went the steps below one by one."""

import core.money
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


def room(percent: str):
    """PostgreSQL: room on each page for a lot's new version, so that its indexes need no new entry."""

    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"alter table inventory_lot {percent}")

    return run


class Migration(migrations.Migration):

    replaces = [
        ('inventory', '0001_initial'),
        ('inventory', '0002_proof'),
        ('inventory', '0003_lot_room'),
        ('inventory', '0004_moves'),
        ('inventory', '0005_proof_registers'),
        ('inventory', '0006_counts'),
    ]

    initial = True

    dependencies = [
        ('core', '0001_squashed_0007_rate_sheet'),
    ]

    operations = [
        migrations.CreateModel(
            name='StagedCheck',
            fields=[
                ('upload_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('last_movement', models.BigIntegerField(default=0)),
                ('opening', models.BooleanField(default=False)),
                ('content', models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='CountSheet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20)),
                ('counted_on', models.DateField()),
                ('frozen_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('status', models.CharField(choices=[('OPEN', 'Differences open'), ('PROPOSED', 'Differences proposed'), ('CLOSED', 'Settled')], default='OPEN', max_length=8)),
                ('line_count', models.PositiveIntegerField(default=0)),
                ('difference_count', models.PositiveIntegerField(default=0)),
                ('tolerance', core.money.RateField(blank=True, null=True, verbose_name='recount above, % of units')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='count_sheets', to='core.entity')),
                ('upload', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.upload')),
            ],
            options={
                'ordering': ('-id',),
                'constraints': [models.UniqueConstraint(fields=('entity', 'number'), name='count_sheet_number_once')],
            },
        ),
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sku', models.CharField(max_length=60, verbose_name='SKU')),
                ('description', models.CharField(blank=True, max_length=200)),
                ('unit_of_measure', models.CharField(default='unit', max_length=20)),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='items', to='core.category')),
                ('entity', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='core.entity')),
            ],
            options={
                'ordering': ('sku',),
                'constraints': [models.UniqueConstraint(fields=('entity', 'sku'), name='item_sku_once', violation_error_message='This entity has an item with that SKU already.')],
            },
        ),
        migrations.CreateModel(
            name='Lot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(blank=True, max_length=60, verbose_name='lot')),
                ('quantity', core.money.QuantityField(default=Decimal('0'))),
                ('unit_cost', core.money.UnitCostField(default=Decimal('0'))),
                ('cost', core.money.MoneyField(default=Decimal('0'))),
                ('allowance', core.money.MoneyField(default=Decimal('0'))),
                ('write_down', core.money.MoneyField(default=Decimal('0'))),
                ('received_on', models.DateField(blank=True, null=True)),
                ('expires_on', models.DateField(blank=True, null=True)),
                ('end_of_sale_on', models.DateField(blank=True, null=True, verbose_name='end of sale')),
                ('entity', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lots', to='core.entity')),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lots', to='inventory.item')),
                ('location', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lots', to='core.location')),
            ],
            options={
                'indexes': [models.Index(fields=['location', 'entity'], name='lot_location'), models.Index(condition=models.Q(('expires_on__isnull', False)), fields=['entity', 'expires_on'], name='lot_expiry'), models.Index(condition=models.Q(('end_of_sale_on__isnull', False)), fields=['entity', 'end_of_sale_on'], name='lot_end_of_sale')],
                'constraints': [models.UniqueConstraint(fields=('item', 'code', 'location'), name='lot_once_per_location', violation_error_message='This item has a lot of that code at this location already.'), models.CheckConstraint(condition=models.Q(('allowance__gte', Decimal('0'))), name='lot_allowance_not_negative', violation_error_message="A lot's allowance cannot be negative."), models.CheckConstraint(condition=models.Q(('allowance', Decimal('0')), ('allowance__lte', models.F('cost')), _connector='OR'), name='lot_allowance_within_cost', violation_error_message="A lot's allowance cannot exceed its cost."), models.CheckConstraint(condition=models.Q(('quantity__gte', Decimal('-100000000000.0000')), ('quantity__lte', Decimal('100000000000.0000'))), name='lot_quantity_in_range', violation_error_message='The quantity is larger than can be kept exactly.'), models.CheckConstraint(condition=models.Q(('unit_cost__gte', Decimal('-1000000000.000000')), ('unit_cost__lte', Decimal('1000000000.000000'))), name='lot_unit_cost_in_range', violation_error_message='The unit cost is larger than can be kept exactly.'), models.CheckConstraint(condition=models.Q(('cost__gte', Decimal('-100000000000.0000')), ('cost__lte', Decimal('100000000000.0000'))), name='lot_cost_in_range', violation_error_message='The cost is larger than can be kept exactly.'), models.CheckConstraint(condition=models.Q(('allowance__gte', Decimal('-100000000000.0000')), ('allowance__lte', Decimal('100000000000.0000'))), name='lot_allowance_in_range', violation_error_message='The allowance is larger than can be kept exactly.')],
            },
        ),
        migrations.CreateModel(
            name='CountLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row', models.PositiveIntegerField(help_text='The row of the uploaded sheet.')),
                ('book_quantity', core.money.QuantityField()),
                ('counted_quantity', core.money.QuantityField()),
                ('difference', core.money.QuantityField()),
                ('value', core.money.MoneyField(help_text='The difference at cost: negative when short.')),
                ('counted_on', models.DateField(null=True)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('first_count', core.money.QuantityField(null=True)),
                ('second_count', core.money.QuantityField(null=True)),
                ('sheet', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='inventory.countsheet')),
                ('lot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='count_lines', to='inventory.lot')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('difference', Decimal('0')), _negated=True), fields=['sheet', 'value'], name='count_line_difference')],
                'constraints': [models.UniqueConstraint(fields=('sheet', 'lot'), name='count_line_once_per_lot', violation_error_message='A lot is counted once on a sheet.'), models.CheckConstraint(condition=models.Q(('counted_quantity', django.db.models.expressions.CombinedExpression(models.F('book_quantity'), '+', models.F('difference')))), name='count_line_difference_adds_up'), models.CheckConstraint(condition=models.Q(('counted_quantity__gte', Decimal('-100000000000.0000')), ('counted_quantity__lte', Decimal('100000000000.0000'))), name='count_line_counted_quantity_in_range', violation_error_message='The counted quantity is larger than can be kept exactly.'), models.CheckConstraint(condition=models.Q(('value__gte', Decimal('-100000000000.0000')), ('value__lte', Decimal('100000000000.0000'))), name='count_line_value_in_range', violation_error_message='The value is larger than can be kept exactly.')],
            },
        ),
        migrations.CreateModel(
            name='LotRegister',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveSmallIntegerField(default=1)),
                ('content', models.BinaryField()),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.entity')),
                ('upload', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.upload')),
            ],
        ),
        migrations.CreateModel(
            name='Movement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sequence', models.BigIntegerField()),
                ('posted_on', models.DateField()),
                ('kind', models.CharField(choices=[('OPENING', 'Opening stock'), ('RECEIPT', 'Receipt'), ('ISSUE', 'Issue, not yet explained'), ('SALE', 'Sale'), ('RETURN', 'Return'), ('TRANSFER', 'Transfer'), ('REVALUATION', 'Revaluation'), ('COUNT', 'Count difference'), ('WRITE_DOWN', 'Write-down'), ('WRITE_OFF', 'Write-off'), ('DISPOSAL', 'Disposal'), ('REVERSAL', 'Reversal of a write-down'), ('RECOVERY', 'Recovery'), ('RELEASE', 'Release of allowance'), ('EXCHANGE', 'Exchange'), ('PRODUCTION', 'Production'), ('SCRAP', 'Scrapped in the ERP'), ('VOID', 'Void')], max_length=12)),
                ('quantity', core.money.QuantityField(default=Decimal('0'))),
                ('cost', core.money.MoneyField(default=Decimal('0'))),
                ('allowance', core.money.MoneyField(default=Decimal('0'))),
                ('write_down', core.money.MoneyField(default=Decimal('0'))),
                ('source_ref', models.CharField(max_length=120)),
                ('digest', models.CharField(max_length=64)),
                ('entity', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.entity')),
                ('lot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='movements', to='inventory.lot')),
            ],
            options={
                'indexes': [models.Index(fields=['entity', 'posted_on'], name='movement_posted_on'), models.Index(fields=['source_ref'], name='movement_source')],
                'constraints': [models.UniqueConstraint(fields=('entity', 'sequence'), name='movement_sequence_once'), models.CheckConstraint(condition=models.Q(('quantity__gte', Decimal('-100000000000.0000')), ('quantity__lte', Decimal('100000000000.0000'))), name='movement_quantity_in_range', violation_error_message='The quantity is larger than can be kept exactly.'), models.CheckConstraint(condition=models.Q(('cost__gte', Decimal('-100000000000.0000')), ('cost__lte', Decimal('100000000000.0000'))), name='movement_cost_in_range', violation_error_message='The cost is larger than can be kept exactly.'), models.CheckConstraint(condition=models.Q(('allowance__gte', Decimal('-100000000000.0000')), ('allowance__lte', Decimal('100000000000.0000'))), name='movement_allowance_in_range', violation_error_message='The allowance is larger than can be kept exactly.'), models.CheckConstraint(condition=models.Q(('write_down__gte', Decimal('-100000000000.0000')), ('write_down__lte', Decimal('100000000000.0000'))), name='movement_write_down_in_range', violation_error_message='The write down is larger than can be kept exactly.')],
            },
        ),
        migrations.CreateModel(
            name='MovementBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sequence', models.BigIntegerField(help_text="Place in the entity's chain of movements, from 1, without gaps.")),
                ('first', models.BigIntegerField()),
                ('last', models.BigIntegerField()),
                ('source_ref', models.CharField(max_length=120)),
                ('content', models.CharField(max_length=64)),
                ('previous_hash', models.CharField(blank=True, max_length=64)),
                ('hash_version', models.PositiveSmallIntegerField(default=1)),
                ('hash', models.CharField(max_length=64)),
                ('entity', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.entity')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('entity', 'sequence'), name='movement_batch_once'), models.UniqueConstraint(fields=('entity', 'first'), name='movement_batch_first_once'), models.CheckConstraint(condition=models.Q(('first__gte', 1), ('last__gte', models.F('first'))), name='movement_batch_is_not_empty')],
            },
        ),
        migrations.CreateModel(
            name='QuarantineEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source_ref', models.CharField(help_text='The write-off that put it here.', max_length=120)),
                ('reason', models.CharField(max_length=20)),
                ('since', models.DateField()),
                ('quantity', core.money.QuantityField()),
                ('cost', core.money.MoneyField()),
                ('allowance', core.money.MoneyField(default=Decimal('0'))),
                ('quantity_left', core.money.QuantityField()),
                ('status', models.CharField(choices=[('STANDING', 'Awaiting disposal'), ('RECOVERED', 'Recovered'), ('DISPOSED', 'Disposed of'), ('VOIDED', 'Write-off voided')], default='STANDING', max_length=10)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='quarantine', to='core.entity')),
                ('lot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='quarantine', to='inventory.lot')),
            ],
            options={
                'verbose_name_plural': 'quarantine entries',
                'ordering': ('since', 'id'),
                'constraints': [models.UniqueConstraint(fields=('lot', 'source_ref'), name='quarantine_once_per_write_off'), models.CheckConstraint(condition=models.Q(('quantity_left__gte', Decimal('0')), ('quantity_left__lte', models.F('quantity'))), name='quarantine_left_within_quantity', violation_error_message='More units cannot leave quarantine than entered it.')],
            },
        ),
        migrations.CreateModel(
            name='StagedCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('upload_id', models.BigIntegerField()),
                ('row', models.PositiveIntegerField()),
                ('lot_id', models.BigIntegerField()),
                ('book_quantity', models.BigIntegerField()),
                ('counted_quantity', models.BigIntegerField()),
                ('difference', models.BigIntegerField()),
                ('value', models.BigIntegerField()),
                ('counted_on', models.DateField(null=True)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('first_count', models.BigIntegerField(null=True)),
                ('second_count', models.BigIntegerField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['upload_id'], name='staged_count_upload')],
            },
        ),
        migrations.CreateModel(
            name='StagedErpMovement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('upload_id', models.BigIntegerField()),
                ('row', models.PositiveIntegerField()),
                ('document', models.CharField(max_length=60)),
                ('line', models.CharField(blank=True, max_length=20)),
                ('happened_on', models.DateField()),
                ('kind', models.CharField(max_length=16)),
                ('sku', models.CharField(max_length=60)),
                ('code', models.CharField(blank=True, max_length=60)),
                ('place', models.CharField(max_length=60)),
                ('to_code', models.CharField(blank=True, max_length=60)),
                ('to_place', models.CharField(blank=True, max_length=60)),
                ('category', models.CharField(blank=True, max_length=100)),
                ('quantity', models.BigIntegerField(default=0)),
                ('cost', models.BigIntegerField(null=True)),
                ('allowance', models.BigIntegerField(null=True)),
                ('revenue', models.BigIntegerField(null=True)),
                ('settlement', models.CharField(blank=True, max_length=10)),
                ('year', models.PositiveSmallIntegerField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['upload_id'], name='staged_erp_upload')],
            },
        ),
        migrations.CreateModel(
            name='StagedLot',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('upload_id', models.BigIntegerField()),
                ('row', models.PositiveIntegerField()),
                ('lot', models.BigIntegerField()),
                ('item', models.BigIntegerField()),
                ('location', models.BigIntegerField()),
                ('category', models.BigIntegerField()),
                ('code', models.CharField(blank=True, max_length=60)),
                ('quantity', models.BigIntegerField()),
                ('unit_cost', models.BigIntegerField()),
                ('cost', models.BigIntegerField()),
                ('allowance', models.BigIntegerField(default=0)),
                ('write_down', models.BigIntegerField(default=0)),
                ('received_on', models.DateField(null=True)),
                ('expires_on', models.DateField(null=True)),
                ('end_of_sale_on', models.DateField(null=True)),
                ('write_down_years', models.CharField(blank=True, max_length=200)),
                ('sku', models.CharField(blank=True, max_length=60)),
                ('description', models.CharField(blank=True, max_length=200)),
                ('unit_of_measure', models.CharField(blank=True, max_length=20)),
                ('new_location', models.CharField(blank=True, max_length=60)),
                ('new_category', models.CharField(blank=True, max_length=100)),
            ],
            options={
                'indexes': [models.Index(fields=['upload_id'], name='staged_lot_upload')],
            },
        ),
        migrations.CreateModel(
            name='UnexplainedFall',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('explanation', models.CharField(blank=True, choices=[('', 'Not explained yet'), ('SALE', 'Sale'), ('PRODUCTION', 'Used in production'), ('TRANSFER', 'Transfer'), ('RETURN', 'Return to supplier'), ('SCRAP', 'Scrap'), ('LOSS', 'Loss')], default='', max_length=12)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('explained_at', models.DateTimeField(null=True)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='unexplained_falls', to='core.entity')),
                ('explained_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('movement', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='unexplained_fall', to='inventory.movement')),
                ('upload', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.upload')),
            ],
        ),
        migrations.CreateModel(
            name='ErpMovement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row', models.PositiveIntegerField(help_text='The row of the uploaded sheet.')),
                ('part', models.PositiveSmallIntegerField(default=1)),
                ('document', models.CharField(max_length=60)),
                ('line', models.CharField(blank=True, max_length=20)),
                ('kind', models.CharField(choices=[('SALE', 'Sale'), ('RECEIPT', 'Receipt'), ('PRODUCTION_IN', 'Made in production'), ('PRODUCTION_OUT', 'Used in production'), ('TRANSFER', 'Transfer'), ('CUSTOMER_RETURN', 'Return by a customer'), ('SUPPLIER_RETURN', 'Return to a supplier'), ('SCRAP', 'Scrap'), ('REVALUATION', 'Revaluation'), ('OPENING', 'Opening stock'), ('COUNT', 'Count difference'), ('EXCHANGE', 'Exchange difference'), ('CHARGE', 'Write-down charged'), ('REVERSAL', 'Write-down reversed'), ('UTILISED', 'Written off, allowance used'), ('RELEASED', 'Allowance released on sale')], max_length=16)),
                ('happened_on', models.DateField()),
                ('quantity', core.money.QuantityField()),
                ('cost', core.money.MoneyField()),
                ('allowance', core.money.MoneyField()),
                ('write_down', core.money.MoneyField()),
                ('revenue', core.money.MoneyField(null=True)),
                ('settlement', models.CharField(blank=True, choices=[('CASH', 'Cash'), ('RECEIVABLE', 'Receivable')], max_length=10)),
                ('history', models.BooleanField(default=False)),
                ('source_ref', models.CharField(max_length=120)),
                ('entity', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='erp_movements', to='core.entity')),
                ('upload', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.upload')),
                ('lot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='erp_movements', to='inventory.lot')),
                ('to_lot', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.lot')),
                ('fall', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='erp_movements', to='inventory.unexplainedfall')),
            ],
            options={
                'ordering': ('upload', 'row', 'part'),
                'indexes': [models.Index(fields=['entity', 'document'], name='erp_movement_document'), models.Index(fields=['entity', 'happened_on'], name='erp_movement_day'), models.Index(fields=['source_ref'], name='erp_movement_source')],
                'constraints': [models.UniqueConstraint(fields=('upload', 'row', 'part'), name='erp_movement_row_once'), models.CheckConstraint(condition=models.Q(('revenue__isnull', True), models.Q(('settlement', ''), _negated=True), _connector='OR'), name='erp_movement_revenue_is_settled', violation_error_message='Revenue needs a settlement: cash or receivable.'), models.CheckConstraint(condition=models.Q(('quantity__gte', Decimal('-100000000000.0000')), ('quantity__lte', Decimal('100000000000.0000'))), name='erp_movement_quantity_in_range', violation_error_message='The quantity is larger than can be kept exactly.'), models.CheckConstraint(condition=models.Q(('cost__gte', Decimal('-100000000000.0000')), ('cost__lte', Decimal('100000000000.0000'))), name='erp_movement_cost_in_range', violation_error_message='The cost is larger than can be kept exactly.'), models.CheckConstraint(condition=models.Q(('allowance__gte', Decimal('-100000000000.0000')), ('allowance__lte', Decimal('100000000000.0000'))), name='erp_movement_allowance_in_range', violation_error_message='The allowance is larger than can be kept exactly.'), models.CheckConstraint(condition=models.Q(('revenue__gte', Decimal('-100000000000.0000')), ('revenue__lte', Decimal('100000000000.0000'))), name='erp_movement_revenue_in_range', violation_error_message='The revenue is larger than can be kept exactly.')],
            },
        ),
        migrations.CreateModel(
            name='WriteDownMovement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fiscal_year', models.PositiveSmallIntegerField()),
                ('amount', core.money.MoneyField()),
                ('lot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='write_down_movements', to='inventory.lot')),
                ('movement', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='write_down_movements', to='inventory.movement')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('movement', 'fiscal_year'), name='write_down_once_per_movement_and_year')],
            },
        ),
        migrations.RunPython(room("set (fillfactor = 80)"), room("reset (fillfactor)")),
    ]
