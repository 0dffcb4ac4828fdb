"""All of this room's tables at once, for a new database; one that stands went the steps below one by one."""

import core.money
import django.db.models.deletion
import django.utils.timezone
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('posting', '0001_initial'),
        ('posting', '0002_erp'),
        ('posting', '0003_handed'),
        ('posting', '0004_reversals'),
        ('posting', '0005_entry_only'),
        ('posting', '0006_moves'),
        ('posting', '0007_disposal'),
        ('posting', '0008_charges'),
        ('posting', '0009_in_flight'),
        ('posting', '0010_line_index'),
    ]

    initial = True

    dependencies = [
        ('core', '0001_squashed_0007_rate_sheet'),
        ('inventory', '0001_squashed_0006_counts'),
        ('ledger', '0001_squashed_0016_disposal'),
    ]

    operations = [
        migrations.CreateModel(
            name='StagedAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('upload_id', models.BigIntegerField(db_index=True)),
                ('row', models.PositiveIntegerField()),
                ('posting_id', models.BigIntegerField(null=True)),
                ('line_id', models.BigIntegerField(null=True)),
                ('charge_id', models.BigIntegerField(null=True)),
                ('accepted', models.BooleanField()),
                ('erp_document', models.CharField(blank=True, max_length=60)),
                ('message', models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='ErpBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sequence', models.PositiveIntegerField(help_text='Gapless within the entity.')),
                ('kind', models.CharField(choices=[('WRITE_OFF', 'Write-offs'), ('WRITE_DOWN', 'Write-downs'), ('COUNT_ADJUSTMENT', 'Count adjustments'), ('RECOVERY', 'Recoveries'), ('DISPOSAL', 'Disposals'), ('REVERSAL', 'Reversals of write-downs'), ('RELEASE', 'Releases of allowance with what left'), ('TAX', 'Income tax of a period'), ('ACCRUAL', 'Shrinkage accruals'), ('CLAIM', 'Insurance claims')], max_length=16)),
                ('takes', models.CharField(choices=[('ADJUSTMENT', 'The stock adjustment'), ('JOURNAL', 'The journal')], max_length=10)),
                ('rows', models.JSONField(help_text="The file's rows without batch and copy.")),
                ('posting_count', models.PositiveIntegerField()),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='erp_batches', to='core.entity')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-sequence',),
                'constraints': [models.UniqueConstraint(fields=('entity', 'sequence'), name='erp_batch_number_once')],
            },
        ),
        migrations.CreateModel(
            name='ErpCharge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('SENT', 'Not answered by the ERP'), ('REJECTED', 'Rejected by the ERP'), ('ACCEPTED', 'In the ERP')], max_length=8)),
                ('erp_document', models.CharField(blank=True, max_length=200)),
                ('erp_message', models.CharField(blank=True, max_length=300)),
                ('answered_at', models.DateTimeField(null=True)),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('batch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='posting.erpbatch')),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.entity')),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='erp_charges', to='ledger.journalentry')),
            ],
            options={
                'ordering': ('-id',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'REJECTED'), _negated=True), fields=('entry',), name='erp_charge_given_once', violation_error_message='This entry has been handed to the ERP already.'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', True), ('batch__isnull', False), ('status', 'SENT')), models.Q(models.Q(('status', 'SENT'), _negated=True), ('answered_at__isnull', False)), _connector='OR'), name='erp_charge_answered_when_it_says_so')],
            },
        ),
        migrations.CreateModel(
            name='ErpFeed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('WRITE_OFF', 'Write-offs'), ('WRITE_DOWN', 'Write-downs'), ('COUNT_ADJUSTMENT', 'Count adjustments'), ('RECOVERY', 'Recoveries'), ('DISPOSAL', 'Disposals'), ('REVERSAL', 'Reversals of write-downs'), ('RELEASE', 'Releases of allowance with what left'), ('TAX', 'Income tax of a period'), ('ACCRUAL', 'Shrinkage accruals'), ('CLAIM', 'Insurance claims')], max_length=16)),
                ('takes', models.CharField(choices=[('ADJUSTMENT', 'The stock adjustment'), ('JOURNAL', 'The journal')], max_length=10)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='erp_feeds', to='core.entity')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('entity', 'kind'), name='erp_feed_once_per_kind'), models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['ACCRUAL', 'CLAIM', 'RELEASE', 'REVERSAL', 'TAX', 'WRITE_DOWN']), _negated=True), ('takes', 'JOURNAL'), _connector='OR'), name='erp_feed_journal_where_no_units_move', violation_error_message='No unit moves in such a posting, so the ERP can only take its journal.')],
            },
        ),
        migrations.CreateModel(
            name='ErpHandout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(max_length=60)),
                ('copy', models.PositiveIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('taken_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.entity')),
                ('taken_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('entity', 'subject', 'copy'), name='erp_handout_copy_once')],
            },
        ),
        migrations.CreateModel(
            name='Posting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source_ref', models.CharField(max_length=120)),
                ('posted_on', models.DateField()),
                ('posted_at', models.DateTimeField()),
                ('status', models.CharField(choices=[('UNACKNOWLEDGED', 'Not yet in the ERP'), ('REJECTED', 'Rejected by the ERP'), ('ACKNOWLEDGED', 'In the ERP'), ('NOT_NEEDED', "Nothing for the ERP's stock"), ('VOIDED', 'Voided')], max_length=14)),
                ('acknowledged_at', models.DateTimeField(null=True)),
                ('acknowledged_how', models.CharField(blank=True, max_length=200)),
                ('kind', models.CharField(choices=[('WRITE_OFF', 'Write-offs'), ('WRITE_DOWN', 'Write-downs'), ('COUNT_ADJUSTMENT', 'Count adjustments'), ('RECOVERY', 'Recoveries'), ('DISPOSAL', 'Disposals'), ('REVERSAL', 'Reversals of write-downs'), ('RELEASE', 'Releases of allowance with what left'), ('TAX', 'Income tax of a period'), ('ACCRUAL', 'Shrinkage accruals'), ('CLAIM', 'Insurance claims')], max_length=16)),
                ('takes', models.CharField(choices=[('ADJUSTMENT', 'The stock adjustment'), ('JOURNAL', 'The journal')], max_length=10)),
                ('erp_document', models.CharField(blank=True, max_length=60)),
                ('erp_message', models.CharField(blank=True, max_length=300)),
                ('rejected_at', models.DateTimeField(null=True)),
                ('journal_through', models.PositiveBigIntegerField(db_default=0, default=0)),
                ('acknowledged_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('batch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='posting.erpbatch')),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='core.entity')),
                ('posted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-id',),
                'constraints': [models.UniqueConstraint(fields=('entity', 'source_ref'), name='posting_once_per_document')],
            },
        ),
        migrations.CreateModel(
            name='PostingLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quantity', core.money.QuantityField()),
                ('outstanding', core.money.QuantityField()),
                ('sent', core.money.QuantityField(db_default=Decimal('0'), default=Decimal('0'))),
                ('lot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.lot')),
                ('posting', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='posting.posting')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('outstanding', 0), _negated=True), fields=['lot'], name='posting_line_outstanding')],
                'constraints': [models.UniqueConstraint(fields=('posting', 'lot'), name='posting_line_once_per_lot')],
            },
        ),
    ]
