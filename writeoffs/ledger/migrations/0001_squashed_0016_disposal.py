"""All of this room's tables at once, for a new database; one that stands went the steps below one by one."""

import core.money
import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('ledger', '0001_initial'),
        ('ledger', '0002_mapping'),
        ('ledger', '0003_corrections'),
        ('ledger', '0004_trialbalance'),
        ('ledger', '0005_proof'),
        ('ledger', '0006_charts'),
        ('ledger', '0007_chart_liquidity'),
        ('ledger', '0008_periods'),
        ('ledger', '0009_adjustment_periods'),
        ('ledger', '0010_proof_index'),
        ('ledger', '0011_packs'),
        ('ledger', '0012_erp'),
        ('ledger', '0013_reversals'),
        ('ledger', '0014_entry_only'),
        ('ledger', '0015_moves'),
        ('ledger', '0016_disposal'),
    ]

    initial = True

    dependencies = [
        ('core', '0001_squashed_0007_rate_sheet'),
    ]

    operations = [
        migrations.CreateModel(
            name='StagedAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('upload_id', models.BigIntegerField(db_index=True)),
                ('row', models.PositiveIntegerField()),
                ('code', models.CharField(max_length=30)),
                ('name', models.CharField(max_length=120)),
                ('section', models.CharField(max_length=15)),
                ('active', models.BooleanField()),
                ('liquidity', models.CharField(blank=True, max_length=11)),
            ],
        ),
        migrations.CreateModel(
            name='StagedCostCentre',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('upload_id', models.BigIntegerField(db_index=True)),
                ('row', models.PositiveIntegerField()),
                ('code', models.CharField(max_length=30)),
                ('name', models.CharField(blank=True, max_length=120)),
                ('active', models.BooleanField()),
            ],
        ),
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=30)),
                ('name', models.CharField(max_length=120)),
                ('section', models.CharField(choices=[('ASSET', 'Asset'), ('LIABILITY', 'Liability'), ('EQUITY', 'Equity'), ('REVENUE', 'Revenue'), ('COST_OF_SALES', 'Cost of sales'), ('OTHER', 'Other'), ('TAX', 'Tax')], max_length=15)),
                ('active', models.BooleanField(default=True, help_text='A retired account takes no new rule of the map.')),
                ('liquidity', models.CharField(blank=True, choices=[('QUICK', 'Quick'), ('CURRENT', 'Current'), ('NON_CURRENT', 'Non-current')], help_text="For the ratios: quick (cash, receivables), current (stock, payables) or non-current. Assets and liabilities only; empty: as the account's role has it.", max_length=11)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accounts', to='core.entity')),
            ],
            options={
                'ordering': ('code',),
                'constraints': [models.UniqueConstraint(fields=('entity', 'code'), name='account_code_once', violation_error_message='This entity has an account of that code already.')],
            },
        ),
        migrations.CreateModel(
            name='AccountMap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('INVENTORY', 'Inventory'), ('INVENTORY_ALLOWANCE', 'Inventory allowance'), ('SHRINKAGE_ACCRUAL', 'Shrinkage accrual'), ('STOCK_CLEARING', 'Stock clearing'), ('CASH', 'Cash'), ('RECEIVABLE', 'Receivables'), ('INSURANCE_RECEIVABLE', 'Insurance receivable'), ('DEFERRED_TAX_ASSET', 'Deferred tax asset'), ('PAYABLE', 'Payables'), ('VAT_PAYABLE', 'VAT payable'), ('CURRENT_TAX_PAYABLE', 'Current tax payable'), ('RETAINED_EARNINGS', 'Retained earnings'), ('TRANSLATION_RESERVE', 'Translation reserve'), ('REVENUE', 'Revenue'), ('COGS', 'Cost of goods sold'), ('WRITE_DOWN_EXPENSE', 'Write-downs of inventory'), ('REVERSAL_OF_WRITE_DOWN', 'Reversals of write-downs'), ('SHRINKAGE_EXPENSE', 'Shrinkage'), ('SCRAP_PROCEEDS', 'Scrap proceeds'), ('DISPOSAL_COST', 'Disposal cost'), ('ABNORMAL_LOSS', 'Abnormal losses'), ('INSURANCE_RECOVERY', 'Insurance recoveries'), ('VAT_ADJUSTMENT_EXPENSE', 'VAT adjustments'), ('FX_GAIN_LOSS', 'Exchange differences'), ('CURRENT_TAX_EXPENSE', 'Current tax'), ('DEFERRED_TAX_EXPENSE', 'Deferred tax')], max_length=30)),
                ('reason', models.CharField(blank=True, choices=[('OBSOLESCENCE', 'Obsolescence'), ('EXPIRY', 'Expiry'), ('DAMAGE', 'Ordinary damage'), ('PRICE_FALL', 'Fall in price'), ('COUNT_DIFFERENCE', 'Count difference'), ('FIRE', 'Fire'), ('FLOOD', 'Flood'), ('THEFT', 'Theft'), ('ABNORMAL_DAMAGE', 'Abnormal damage')], max_length=20)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.account')),
                ('category', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.category')),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='account_maps', to='core.entity')),
                ('location', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.location')),
            ],
            options={
                'ordering': ('role',),
                'constraints': [models.UniqueConstraint(models.F('entity'), models.F('role'), models.F('reason'), django.db.models.functions.comparison.Coalesce('location', 0), django.db.models.functions.comparison.Coalesce('category', 0), name='account_map_rule_once', violation_error_message='This role has an account for these lines already.')],
            },
        ),
        migrations.CreateModel(
            name='ExportSetting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('layout', models.CharField(max_length=30)),
                ('options', models.JSONField(default=dict)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='export_settings', to='core.entity')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('entity', 'layout'), name='export_setting_once')],
            },
        ),
        migrations.CreateModel(
            name='FiscalPeriod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fiscal_year', models.PositiveSmallIntegerField()),
                ('number', models.PositiveSmallIntegerField()),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('status', models.CharField(choices=[('OPEN', 'Open'), ('SOFT', 'Soft-closed'), ('CLOSED', 'Closed')], default='OPEN', max_length=8)),
                ('closed_at', models.DateTimeField(null=True)),
                ('soft_closed_at', models.DateTimeField(null=True)),
                ('reopened_at', models.DateTimeField(null=True)),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='periods', to='core.entity')),
                ('soft_closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('starts_on',),
                'constraints': [models.UniqueConstraint(fields=('entity', 'fiscal_year', 'number'), name='period_once'), models.UniqueConstraint(fields=('entity', 'starts_on'), name='period_start_once'), models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='period_ends_after_start', violation_error_message='A period ends on or after the day it starts.'), models.CheckConstraint(condition=models.Q(('number__gte', 1), ('number__lte', 13)), name='period_number_is_a_month_or_13', violation_error_message='A fiscal year has twelve months and the adjustment period 13.')],
            },
        ),
        migrations.CreateModel(
            name='JournalEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fiscal_year', models.PositiveSmallIntegerField()),
                ('sequence', models.PositiveIntegerField(help_text='Gapless within entity and fiscal year.')),
                ('posted_on', models.DateField()),
                ('origin', models.CharField(choices=[('ERP', 'ERP'), ('OWN', 'Own')], max_length=3)),
                ('leg', models.CharField(choices=[('OPENING', 'Opening stock'), ('RECEIPT', 'Receipts'), ('ISSUE', 'Issues'), ('REVALUATION', 'Revaluation'), ('TRANSFER', 'Transfers'), ('RELEASE', 'Release of allowance'), ('SALE', 'Sales'), ('REVENUE', 'Revenue'), ('PRODUCTION', 'Production'), ('RETURN', 'Returns'), ('SCRAP', 'Scrap'), ('EXPLAINED', 'Falls explained as sales'), ('HISTORY', 'History taken over'), ('WRITE_DOWN', 'Write-down'), ('WRITE_OFF', 'Write-off'), ('COUNT_LOSS', 'Count losses'), ('COUNT_GAIN', 'Count gains'), ('DISPOSAL', 'Disposal'), ('RECOVERY', 'Recovery'), ('REVERSAL', 'Reversal of a write-down'), ('CORRECTION', 'Correction of an earlier year'), ('CORRECT_GAIN', 'Correction of an earlier year, gains'), ('DISPOSAL_COST', 'Disposal cost'), ('PROCEEDS', 'Scrap proceeds'), ('INPUT_TAX', 'Input tax repaid'), ('INSURANCE', 'Insurance'), ('TAX', 'Income tax'), ('TAX_DUE', 'Income tax due'), ('DEFERRED_TAX', 'Deferred tax'), ('DEFERRED_TAX_UNWOUND', 'Deferred tax unwound'), ('SHRINKAGE_ACCRUAL', 'Shrinkage accrued'), ('SHRINKAGE_RELEASE', 'Shrinkage accrual released'), ('INSURANCE_DENIED', 'Insurance denied'), ('INSURANCE_SETTLED', 'Insurance received'), ('VOID', 'Void')], max_length=20)),
                ('source_ref', models.CharField(help_text='The document: proposal:WO-2026-0001, upload:17.', max_length=120)),
                ('document', models.CharField(help_text='source_ref and leg: unique, so that nothing is posted twice.', max_length=160)),
                ('description', models.CharField(max_length=200)),
                ('currency', models.CharField(max_length=3)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('evidence', models.JSONField(default=list, help_text='SHA-256 of each paper behind the document; part of the hash.')),
                ('sealed', models.BooleanField(default=False)),
                ('chain_sequence', models.BigIntegerField(help_text="Place in the entity's chain of entries, from 1, without gaps.")),
                ('previous_hash', models.CharField(blank=True, max_length=64)),
                ('hash_version', models.PositiveSmallIntegerField(default=1, help_text='What the hash covers (hashes.py).')),
                ('hash', models.CharField(blank=True, max_length=64)),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='journal_entries', to='core.entity')),
                ('period', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='ledger.fiscalperiod')),
                ('posted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('prepared_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reverses', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reversals', to='ledger.journalentry')),
            ],
            options={
                'verbose_name_plural': 'journal entries',
                'ordering': ('-chain_sequence',),
            },
        ),
        migrations.CreateModel(
            name='JournalLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line_number', models.PositiveIntegerField()),
                ('role', models.CharField(max_length=30)),
                ('amount', core.money.MoneyField()),
                ('reason', models.CharField(blank=True, choices=[('OBSOLESCENCE', 'Obsolescence'), ('EXPIRY', 'Expiry'), ('DAMAGE', 'Ordinary damage'), ('PRICE_FALL', 'Fall in price'), ('COUNT_DIFFERENCE', 'Count difference'), ('FIRE', 'Fire'), ('FLOOD', 'Flood'), ('THEFT', 'Theft'), ('ABNORMAL_DAMAGE', 'Abnormal damage')], max_length=20)),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='ledger.account')),
                ('category', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.category')),
                ('cost_centre', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.costcentre')),
                ('entry', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='ledger.journalentry')),
                ('location', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.location')),
            ],
            options={
                'ordering': ('entry', 'line_number'),
                'indexes': [models.Index(fields=['account', 'amount'], name='line_account_amount')],
                'constraints': [models.UniqueConstraint(fields=('entry', 'line_number'), name='line_number_once'), models.CheckConstraint(condition=models.Q(('amount', Decimal('0')), _negated=True), name='line_amount_not_nil'), models.CheckConstraint(condition=models.Q(('amount__gte', Decimal('-100000000000.0000')), ('amount__lte', Decimal('100000000000.0000'))), name='line_amount_in_range', violation_error_message='The amount is larger than can be kept exactly.')],
            },
        ),
        migrations.CreateModel(
            name='PeriodPack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(help_text='1, 2, ... within the period: one for each close.')),
                ('closed_at', models.DateTimeField()),
                ('entry_count', models.PositiveIntegerField(help_text='Journal entries of the period.')),
                ('journal_sequence', models.BigIntegerField()),
                ('journal_hash', models.CharField(blank=True, max_length=64)),
                ('audit_sequence', models.BigIntegerField()),
                ('audit_hash', models.CharField(blank=True, max_length=64)),
                ('digest', models.CharField(max_length=64)),
                ('closed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='period_packs', to='core.entity')),
                ('period', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='packs', to='ledger.fiscalperiod')),
            ],
            options={
                'ordering': ('period', '-version'),
                'constraints': [models.UniqueConstraint(fields=('period', 'version'), name='period_pack_version_once', violation_error_message='This period has a pack of that version already.')],
            },
        ),
        migrations.CreateModel(
            name='PeriodPackFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('content_type', models.CharField(max_length=100)),
                ('sha256', models.CharField(max_length=64)),
                ('size', models.PositiveIntegerField()),
                ('printed', models.BooleanField(default=False)),
                ('made_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.storedfile')),
                ('pack', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='ledger.periodpack')),
            ],
            options={
                'ordering': ('pack', 'id'),
                'constraints': [models.UniqueConstraint(fields=('pack', 'name'), name='period_pack_file_once', violation_error_message='The pack has a file of this name already.')],
            },
        ),
        migrations.CreateModel(
            name='StagedBalance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('upload_id', models.BigIntegerField()),
                ('row', models.PositiveIntegerField()),
                ('code', models.CharField(max_length=30)),
                ('name', models.CharField(blank=True, max_length=120)),
                ('section', models.CharField(blank=True, max_length=15)),
                ('liquidity', models.CharField(blank=True, max_length=11)),
                ('balance', models.BigIntegerField()),
                ('opening', models.BigIntegerField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['upload_id'], name='staged_balance_upload')],
            },
        ),
        migrations.CreateModel(
            name='TrialBalance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(help_text='1, 2, ... within the period; the highest counts.')),
                ('as_of', models.DateTimeField()),
                ('received_at', models.DateTimeField(help_text='When it was uploaded: what the ERP took later is not in it.')),
                ('covers', models.CharField(choices=[('YEAR', 'the fiscal year to date'), ('PERIOD', 'the period alone')], max_length=6)),
                ('line_count', models.PositiveIntegerField()),
                ('debit', core.money.MoneyField(help_text='Debit balances, which equal the credit balances.')),
                ('committed_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('digest', models.CharField(max_length=64)),
                ('committed_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trial_balances', to='core.entity')),
                ('period', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trial_balances', to='ledger.fiscalperiod')),
                ('upload', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.upload')),
            ],
            options={
                'ordering': ('-period__starts_on', '-version'),
                'constraints': [models.UniqueConstraint(fields=('period', 'version'), name='trial_balance_version_once', violation_error_message='This period has a trial balance of that version already.'), models.CheckConstraint(condition=models.Q(('debit__gte', Decimal('-100000000000.0000')), ('debit__lte', Decimal('100000000000.0000'))), name='trial_balance_debit_in_range', violation_error_message='The debit is larger than can be kept exactly.')],
            },
        ),
        migrations.CreateModel(
            name='TieOutAcceptance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', core.money.MoneyField(help_text='ERP less our books, less what was explained.')),
                ('accepted_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('accepted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.account')),
                ('change', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.changerequest')),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.entity')),
                ('trial_balance', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='acceptances', to='ledger.trialbalance')),
            ],
            options={
                'ordering': ('-id',),
                'constraints': [models.CheckConstraint(condition=models.Q(('amount', Decimal('0')), _negated=True), name='acceptance_not_nil', violation_error_message='Without a difference there is nothing to accept.'), models.CheckConstraint(condition=models.Q(('amount__gte', Decimal('-100000000000.0000')), ('amount__lte', Decimal('100000000000.0000'))), name='acceptance_amount_in_range', violation_error_message='The amount is larger than can be kept exactly.')],
            },
        ),
        migrations.CreateModel(
            name='TrialBalanceLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('row', models.PositiveIntegerField(help_text='The row of the uploaded sheet.')),
                ('code', models.CharField(max_length=30)),
                ('name', models.CharField(blank=True, max_length=120)),
                ('section', models.CharField(blank=True, choices=[('ASSET', 'Asset'), ('LIABILITY', 'Liability'), ('EQUITY', 'Equity'), ('REVENUE', 'Revenue'), ('COST_OF_SALES', 'Cost of sales'), ('OTHER', 'Other'), ('TAX', 'Tax')], max_length=15)),
                ('liquidity', models.CharField(blank=True, choices=[('QUICK', 'Quick'), ('CURRENT', 'Current'), ('NON_CURRENT', 'Non-current')], max_length=11)),
                ('balance', core.money.MoneyField()),
                ('opening', core.money.MoneyField(null=True)),
                ('account', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.account')),
                ('trial_balance', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='ledger.trialbalance')),
            ],
            options={
                'ordering': ('code',),
                'constraints': [models.UniqueConstraint(fields=('trial_balance', 'code'), name='trial_balance_account_once', violation_error_message='An account stands once on a trial balance.'), models.CheckConstraint(condition=models.Q(('balance__gte', Decimal('-100000000000.0000')), ('balance__lte', Decimal('100000000000.0000'))), name='trial_balance_line_balance_in_range', violation_error_message='The balance is larger than can be kept exactly.'), models.CheckConstraint(condition=models.Q(('opening__gte', Decimal('-100000000000.0000')), ('opening__lte', Decimal('100000000000.0000'))), name='trial_balance_line_opening_in_range', violation_error_message='The opening is larger than can be kept exactly.')],
            },
        ),
        migrations.CreateModel(
            name='Zero',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 0)), name='zero_is_nil')],
            },
        ),
        migrations.AddField(
            model_name='journalentry',
            name='net',
            field=models.ForeignKey(db_index=False, default=1, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='ledger.zero'),
        ),
        migrations.AddIndex(
            model_name='journalentry',
            index=models.Index(fields=['entity', 'source_ref'], name='entry_source'),
        ),
        migrations.AddIndex(
            model_name='journalentry',
            index=models.Index(fields=['entity', 'posted_on'], name='entry_posted_on'),
        ),
        migrations.AddConstraint(
            model_name='journalentry',
            constraint=models.UniqueConstraint(fields=('entity', 'fiscal_year', 'sequence'), name='entry_number_once'),
        ),
        migrations.AddConstraint(
            model_name='journalentry',
            constraint=models.UniqueConstraint(fields=('entity', 'document'), name='entry_document_once'),
        ),
        migrations.AddConstraint(
            model_name='journalentry',
            constraint=models.UniqueConstraint(fields=('entity', 'chain_sequence'), name='entry_chain_once'),
        ),
    ]
