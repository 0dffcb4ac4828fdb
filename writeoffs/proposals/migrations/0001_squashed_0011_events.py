"""All of this room's tables at once, for a new database; one that stands went the steps below one by one."""

import core.money
import django.db.models.deletion
import django.utils.timezone
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('proposals', '0001_initial'),
        ('proposals', '0002_mapping'),
        ('proposals', '0003_corrections'),
        ('proposals', '0004_periods'),
        ('proposals', '0005_limits'),
        ('proposals', '0006_reversals'),
        ('proposals', '0007_entry_only'),
        ('proposals', '0008_disposal'),
        ('proposals', '0009_assessed'),
        ('proposals', '0010_claims'),
        ('proposals', '0011_events'),
    ]

    initial = True

    dependencies = [
        ('core', '0001_squashed_0007_rate_sheet'),
        ('inventory', '0001_squashed_0006_counts'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApprovalLimits',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('starts_on', models.DateField(verbose_name='in force from')),
                ('reason', models.TextField(help_text='Why the limits were chosen or changed.')),
                ('decided_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('change', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.changerequest')),
                ('decided_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approval_limits', to='core.entity')),
            ],
            options={
                'verbose_name_plural': 'approval limits',
                'ordering': ('entity', '-version'),
                'constraints': [models.UniqueConstraint(fields=('entity', 'version'), name='approval_limits_version_once'), models.CheckConstraint(condition=models.Q(('asked_by', models.F('decided_by')), _negated=True), name='approval_limits_two_people', violation_error_message='Limits are decided by somebody who did not ask for them.')],
            },
        ),
        migrations.CreateModel(
            name='ApprovalTitle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('rank', models.PositiveSmallIntegerField()),
                ('code', models.CharField(max_length=60)),
                ('name', models.CharField(max_length=60)),
                ('limits', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='titles', to='proposals.approvallimits')),
            ],
            options={
                'ordering': ('limits', 'rank'),
                'constraints': [models.UniqueConstraint(fields=('limits', 'code'), name='approval_title_once'), models.UniqueConstraint(fields=('limits', 'rank'), name='approval_title_rank_once')],
            },
        ),
        migrations.CreateModel(
            name='ApprovalBand',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('up_to', core.money.MoneyField(blank=True, null=True)),
                ('reason', models.CharField(blank=True, choices=[('OBSOLESCENCE', 'Obsolescence'), ('EXPIRY', 'Expiry'), ('DAMAGE', 'Ordinary damage'), ('PRICE_FALL', 'Fall in price'), ('COUNT_DIFFERENCE', 'Count difference'), ('FIRE', 'Fire'), ('FLOOD', 'Flood'), ('THEFT', 'Theft'), ('ABNORMAL_DAMAGE', 'Abnormal damage')], max_length=20)),
                ('category', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.category')),
                ('location', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.location')),
                ('limits', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bands', to='proposals.approvallimits')),
                ('title', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='bands', to='proposals.approvaltitle')),
            ],
            options={
                'ordering': ('limits', 'location', 'category', 'reason', models.OrderBy(models.F('up_to'), nulls_last=True)),
                'constraints': [models.CheckConstraint(condition=models.Q(('up_to__isnull', True), ('up_to__gt', Decimal('0')), _connector='OR'), name='approval_band_above_nil', violation_error_message='A limit is above nil; leave it empty where there is none.'), models.CheckConstraint(condition=models.Q(('up_to__gte', Decimal('-100000000000.0000')), ('up_to__lte', Decimal('100000000000.0000'))), name='approval_band_up_to_in_range', violation_error_message='The up to is larger than can be kept exactly.')],
            },
        ),
        migrations.CreateModel(
            name='Claim',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20)),
                ('insurer', models.CharField(max_length=120)),
                ('policy_number', models.CharField(blank=True, max_length=60)),
                ('status', models.CharField(choices=[('FILED', 'Filed'), ('PROBABLE', 'Probable'), ('CERTAIN', 'Virtually certain'), ('SETTLED', 'Settled'), ('DENIED', 'Denied')], default='FILED', max_length=8)),
                ('claimed', core.money.MoneyField()),
                ('settled', core.money.MoneyField(default=Decimal('0'))),
                ('opened_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='claims', to='core.entity')),
                ('opened_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-id',),
            },
        ),
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20)),
                ('kind', models.CharField(choices=[('WRITE_OFF', 'Write-off'), ('WRITE_DOWN', 'Write-down'), ('COUNT_ADJUSTMENT', 'Count adjustment'), ('RECOVERY', 'Recovery'), ('DISPOSAL', 'Disposal'), ('REVERSAL', 'Reversal of a write-down'), ('TAX', 'Income tax'), ('ACCRUAL', 'Shrinkage accrual'), ('CLAIM', 'Insurance claim')], max_length=20)),
                ('reason', models.CharField(blank=True, choices=[('OBSOLESCENCE', 'Obsolescence'), ('EXPIRY', 'Expiry'), ('DAMAGE', 'Ordinary damage'), ('PRICE_FALL', 'Fall in price'), ('COUNT_DIFFERENCE', 'Count difference'), ('FIRE', 'Fire'), ('FLOOD', 'Flood'), ('THEFT', 'Theft'), ('ABNORMAL_DAMAGE', 'Abnormal damage')], help_text='Empty: the tax of a period, for all reasons.', max_length=20)),
                ('status', models.CharField(choices=[('DRAFT', 'Draft'), ('SUBMITTED', 'Waiting for approval'), ('APPROVED', 'Approved, to post'), ('REJECTED', 'Rejected'), ('POSTED', 'Posted'), ('VOIDED', 'Voided')], default='DRAFT', max_length=10)),
                ('event_on', models.DateField(help_text='The day on which the loss happened, as far as it is known.', verbose_name='event date')),
                ('found_on', models.DateField(help_text='The day on which somebody noticed.', verbose_name='found date')),
                ('posting_on', models.DateField(help_text='Drives the period, the quantity and the journal.', verbose_name='posting date')),
                ('adjustment', models.BooleanField(default=False, help_text="Posted into the year's period 13, dated the year's last day.", verbose_name='adjustment period')),
                ('note', models.TextField(blank=True)),
                ('quarantine_goods', models.BooleanField(default=True, help_text='Written-off goods stand at nil value until disposed of.', verbose_name='goods stay in quarantine')),
                ('finding', models.CharField(blank=True, choices=[('ESTIMATE', 'Change in estimate'), ('ERROR', 'Error')], help_text='Empty: not found late.', max_length=8, verbose_name='a loss found late is')),
                ('material', models.BooleanField(null=True, verbose_name='material')),
                ('finding_why', models.CharField(blank=True, max_length=1000, verbose_name='why')),
                ('made_from', models.CharField(blank=True, help_text='source_ref of the assessment whose accepted lines it holds.', max_length=120)),
                ('also_prepared_by', models.JSONField(blank=True, default=list, help_text='Ids of people who overrode lines of it; they count as its preparers.')),
                ('line_count', models.PositiveIntegerField(default=0)),
                ('gross_loss', core.money.MoneyField(default=Decimal('0'))),
                ('net_loss', core.money.MoneyField(default=Decimal('0'))),
                ('digest', models.CharField(blank=True, help_text='SHA-256 of the content as submitted.', max_length=64)),
                ('version', models.PositiveIntegerField(default=0, help_text='Rises with every change, so that a stale form is told.')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('submitted_at', models.DateTimeField(null=True)),
                ('approved_at', models.DateTimeField(null=True)),
                ('countersigned_at', models.DateTimeField(null=True)),
                ('posted_at', models.DateTimeField(null=True)),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('count_sheet', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='inventory.countsheet')),
                ('countersigned_by', models.ForeignKey(help_text='The second approver, whom a soft-closed period asks for.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='core.entity')),
                ('limits', models.ForeignKey(help_text='The version of the approval limits that it was submitted under; none where there were none.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='proposals.approvallimits')),
                ('posted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['entity', 'status'], name='proposal_status')],
                'constraints': [models.UniqueConstraint(fields=('entity', 'number'), name='proposal_number_once'), models.CheckConstraint(condition=models.Q(('approved_by__isnull', True), models.Q(('approved_by', models.F('created_by')), _negated=True), _connector='OR'), name='proposal_approver_is_not_preparer', violation_error_message='The person who prepared a proposal cannot approve it.'), models.CheckConstraint(condition=models.Q(('posted_by__isnull', True), models.Q(models.Q(('posted_by', models.F('created_by')), _negated=True), ('approved_by__isnull', False), models.Q(('posted_by', models.F('approved_by')), _negated=True)), _connector='OR'), name='proposal_poster_is_third_person', violation_error_message='Preparer, approver and poster of one document are three people.'), models.CheckConstraint(condition=models.Q(('countersigned_by__isnull', True), models.Q(('approved_by__isnull', False), models.Q(('countersigned_by', models.F('created_by')), _negated=True), models.Q(('countersigned_by', models.F('approved_by')), _negated=True), models.Q(('posted_by__isnull', True), models.Q(('countersigned_by', models.F('posted_by')), _negated=True), _connector='OR')), _connector='OR'), name='proposal_second_approver_is_another', violation_error_message='The second approver is neither preparer, first approver nor poster.'), models.CheckConstraint(condition=models.Q(('found_on__gte', models.F('event_on'))), name='proposal_found_after_event', violation_error_message='A loss cannot be found before it happened.'), models.CheckConstraint(condition=models.Q(models.Q(('finding', ''), ('finding_why', ''), ('material__isnull', True)), models.Q(('finding__in', ['ESTIMATE', 'ERROR']), ('material__isnull', False), models.Q(('finding_why', ''), _negated=True)), _connector='OR'), name='proposal_finding_whole', violation_error_message='A loss found late is an estimate or an error, material or not, and says why.')],
            },
        ),
        migrations.CreateModel(
            name='Evidence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('CERTIFICATE', 'Certificate of destruction'), ('SCRAP_TICKET', 'Scrap ticket'), ('POLICE_REPORT', 'Police report'), ('PHOTOGRAPH', 'Photograph'), ('PRICE_SOURCE', 'Price source'), ('COUNT_SHEET', 'Count sheet'), ('OTHER', 'Other')], default='OTHER', max_length=15)),
                ('file_name', models.CharField(max_length=255)),
                ('added_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('added_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.storedfile')),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='proposals.proposal')),
            ],
            options={
                'verbose_name_plural': 'evidence',
                'ordering': ('id',),
                'constraints': [models.UniqueConstraint(fields=('proposal', 'file'), name='evidence_file_once', violation_error_message='This file is attached to the proposal already.')],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verb', models.CharField(choices=[('SUBMIT', 'Submitted'), ('WITHDRAW', 'Withdrawn'), ('RETURN', 'Returned'), ('REJECT', 'Rejected'), ('DISCARD', 'Discarded'), ('APPROVE', 'Approved'), ('SECOND', 'Approved a second time'), ('POST', 'Posted'), ('VOID', 'Voided')], max_length=8)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('digest', models.CharField(max_length=64)),
                ('comment', models.TextField(blank=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='proposals.proposal')),
            ],
            options={
                'ordering': ('id',),
            },
        ),
        migrations.CreateModel(
            name='ClaimStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('status', models.CharField(choices=[('FILED', 'Filed'), ('PROBABLE', 'Probable'), ('CERTAIN', 'Virtually certain'), ('SETTLED', 'Settled'), ('DENIED', 'Denied')], max_length=8)),
                ('happened_on', models.DateField()),
                ('claimed', core.money.MoneyField()),
                ('settled', core.money.MoneyField(default=Decimal('0'))),
                ('note', models.CharField(max_length=500)),
                ('file_name', models.CharField(blank=True, max_length=255)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('claim', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='steps', to='proposals.claim')),
                ('file', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.storedfile')),
                ('document', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='claim_steps', to='proposals.proposal')),
            ],
            options={
                'ordering': ('claim', 'number'),
                'constraints': [models.UniqueConstraint(fields=('claim', 'number'), name='claim_step_number_once')],
            },
        ),
        migrations.AddField(
            model_name='claim',
            name='proposal',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='claim', to='proposals.proposal'),
        ),
        migrations.CreateModel(
            name='ProposalCharge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('DISPOSAL_COST', 'Disposal cost'), ('PROCEEDS', 'Scrap proceeds'), ('INPUT_TAX', 'Input tax to repay'), ('INSURANCE', 'Insurance claim'), ('TAX', 'Income tax saved'), ('TAX_DUE', 'Income tax due'), ('DEFERRED_TAX', 'Deferred tax asset'), ('DEFERRED_TAX_UNWOUND', 'Deferred tax asset unwound'), ('SHRINKAGE_ACCRUAL', 'Shrinkage to accrue'), ('SHRINKAGE_RELEASE', 'Shrinkage accrual to release'), ('INSURANCE_DENIED', 'Insurance claim to write back'), ('INSURANCE_SETTLED', 'Insurance received')], max_length=20)),
                ('amount', core.money.MoneyField()),
                ('settlement', models.CharField(blank=True, choices=[('CASH', 'In cash'), ('ACCOUNT', 'On account')], max_length=8)),
                ('certainty', models.CharField(blank=True, choices=[('CERTAIN', 'Virtually certain'), ('PROBABLE', 'Probable'), ('POSSIBLE', 'Possible')], max_length=10)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('category', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.category')),
                ('cost_centre', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.costcentre')),
                ('location', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.location')),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='proposals.proposal')),
            ],
            options={
                'ordering': ('proposal', 'number'),
                'constraints': [models.UniqueConstraint(fields=('proposal', 'number'), name='charge_number_once'), models.CheckConstraint(condition=models.Q(('amount__gt', Decimal('0'))), name='charge_amount_above_nil', violation_error_message='A charge is above nil; its kind says which side it is on.'), models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ('DISPOSAL_COST', 'PROCEEDS')), models.Q(('settlement', ''), _negated=True)), models.Q(models.Q(('kind__in', ('DISPOSAL_COST', 'PROCEEDS')), _negated=True), ('settlement', '')), _connector='OR'), name='charge_settled_where_it_can_be', violation_error_message='Disposal cost and scrap proceeds say how they are settled, and nothing else.'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'INSURANCE'), models.Q(('certainty', ''), _negated=True)), models.Q(models.Q(('kind', 'INSURANCE'), _negated=True), ('certainty', '')), _connector='OR'), name='charge_certainty_of_insurance', violation_error_message='An insurance claim says how certain it is, and nothing else does.'), models.CheckConstraint(condition=models.Q(('amount__gte', Decimal('-100000000000.0000')), ('amount__lte', Decimal('100000000000.0000'))), name='charge_amount_in_range', violation_error_message='The amount is larger than can be kept exactly.')],
            },
        ),
        migrations.CreateModel(
            name='ProposalLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line_number', models.PositiveIntegerField()),
                ('quantity', core.money.QuantityField(default=Decimal('0'))),
                ('new_carrying_amount', core.money.MoneyField(null=True)),
                ('cost', core.money.MoneyField(default=Decimal('0'))),
                ('allowance', core.money.MoneyField(default=Decimal('0'))),
                ('write_down', core.money.MoneyField(default=Decimal('0'))),
                ('loss', core.money.MoneyField(default=Decimal('0'))),
                ('note', models.CharField(blank=True, max_length=200)),
                ('cost_centre', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.costcentre')),
                ('count_line', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.countline')),
                ('lot', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposal_lines', to='inventory.lot')),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='proposals.proposal')),
                ('quarantine', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.quarantineentry')),
            ],
            options={
                'ordering': ('proposal', 'line_number'),
                'constraints': [models.UniqueConstraint(fields=('proposal', 'line_number'), name='proposal_line_number_once'), models.UniqueConstraint(condition=models.Q(('quarantine__isnull', True)), fields=('proposal', 'lot'), name='proposal_line_once_per_lot', violation_error_message='A lot stands once on a proposal.'), models.UniqueConstraint(condition=models.Q(('quarantine__isnull', False)), fields=('proposal', 'quarantine'), name='proposal_line_once_per_quarantine', violation_error_message='A quarantine entry stands once on a proposal.'), models.CheckConstraint(condition=models.Q(('quantity__gte', Decimal('-100000000000.0000')), ('quantity__lte', Decimal('100000000000.0000'))), name='proposal_line_quantity_in_range', violation_error_message='The quantity is larger than can be kept exactly.'), models.CheckConstraint(condition=models.Q(('cost__gte', Decimal('-100000000000.0000')), ('cost__lte', Decimal('100000000000.0000'))), name='proposal_line_cost_in_range', violation_error_message='The cost is larger than can be kept exactly.'), models.CheckConstraint(condition=models.Q(('loss__gte', Decimal('-100000000000.0000')), ('loss__lte', Decimal('100000000000.0000'))), name='proposal_line_loss_in_range', violation_error_message='The loss is larger than can be kept exactly.')],
            },
        ),
        migrations.CreateModel(
            name='SubsequentEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=20)),
                ('reporting_on', models.DateField(verbose_name='reporting date')),
                ('event_on', models.DateField(verbose_name='event date')),
                ('what', models.CharField(max_length=500)),
                ('reason', models.CharField(choices=[('OBSOLESCENCE', 'Obsolescence'), ('EXPIRY', 'Expiry'), ('DAMAGE', 'Ordinary damage'), ('PRICE_FALL', 'Fall in price'), ('COUNT_DIFFERENCE', 'Count difference'), ('FIRE', 'Fire'), ('FLOOD', 'Flood'), ('THEFT', 'Theft'), ('ABNORMAL_DAMAGE', 'Abnormal damage')], max_length=20)),
                ('condition_existed', models.BooleanField(verbose_name='condition existed on the reporting date')),
                ('why', models.CharField(max_length=1000)),
                ('proceeds', core.money.MoneyField(null=True)),
                ('costs', core.money.MoneyField(default=Decimal('0'))),
                ('amount', core.money.MoneyField(null=True)),
                ('disclosure', models.CharField(blank=True, max_length=1000)),
                ('file_name', models.CharField(blank=True, max_length=255)),
                ('judged_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('document', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='events', to='proposals.proposal')),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='subsequent_events', to='core.entity')),
                ('file', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.storedfile')),
                ('judged_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lot', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.lot')),
            ],
            options={
                'ordering': ('-id',),
                'constraints': [models.UniqueConstraint(fields=('entity', 'number'), name='event_number_once'), models.CheckConstraint(condition=models.Q(('event_on__gt', models.F('reporting_on'))), name='event_after_the_reporting_date', violation_error_message='An event after the reporting date lies after it.'), models.CheckConstraint(condition=models.Q(('condition_existed', True), ('document__isnull', True), _connector='OR'), name='event_that_does_not_adjust_books_nothing', violation_error_message='An event that does not adjust is disclosed, not booked.'), models.CheckConstraint(condition=models.Q(('proceeds__gte', Decimal('-100000000000.0000')), ('proceeds__lte', Decimal('100000000000.0000'))), name='event_proceeds_in_range', violation_error_message='The proceeds is larger than can be kept exactly.'), models.CheckConstraint(condition=models.Q(('costs__gte', Decimal('-100000000000.0000')), ('costs__lte', Decimal('100000000000.0000'))), name='event_costs_in_range', violation_error_message='The costs is larger than can be kept exactly.'), models.CheckConstraint(condition=models.Q(('amount__gte', Decimal('-100000000000.0000')), ('amount__lte', Decimal('100000000000.0000'))), name='event_amount_in_range', violation_error_message='The amount is larger than can be kept exactly.')],
            },
        ),
        migrations.CreateModel(
            name='TitleHolder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='holders', to='proposals.approvaltitle')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('title', 'user'),
                'constraints': [models.UniqueConstraint(fields=('title', 'user'), name='title_holder_once')],
            },
        ),
        migrations.CreateModel(
            name='Void',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(help_text='From 1 within the document.')),
                ('posted_on', models.DateField()),
                ('reason', models.TextField()),
                ('decided_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('entries', models.JSONField(default=list)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('decided_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='voids', to='proposals.proposal')),
            ],
            options={
                'ordering': ('proposal', 'number'),
                'constraints': [models.UniqueConstraint(fields=('proposal', 'number'), name='void_number_once'), models.CheckConstraint(condition=models.Q(('asked_by', models.F('decided_by')), _negated=True), name='void_decided_by_second_person', violation_error_message='A void is decided by somebody who did not ask for it.')],
            },
        ),
        migrations.CreateModel(
            name='VoidedLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='voided', to='proposals.proposalline')),
                ('void', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='proposals.void')),
            ],
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.UniqueConstraint(fields=('entity', 'number'), name='claim_number_once'),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'SETTLED'), ('settled__gt', Decimal('0'))), models.Q(models.Q(('status', 'SETTLED'), _negated=True), ('settled', Decimal('0'))), _connector='OR'), name='claim_settled_once_paid', violation_error_message='A settled claim says what was paid, and no other does.'),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.CheckConstraint(condition=models.Q(('claimed__gt', Decimal('0'))), name='claim_above_nil', violation_error_message='A claim is above nil.'),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.CheckConstraint(condition=models.Q(('claimed__gte', Decimal('-100000000000.0000')), ('claimed__lte', Decimal('100000000000.0000'))), name='claim_claimed_in_range', violation_error_message='The claimed is larger than can be kept exactly.'),
        ),
        migrations.AddConstraint(
            model_name='claim',
            constraint=models.CheckConstraint(condition=models.Q(('settled__gte', Decimal('-100000000000.0000')), ('settled__lte', Decimal('100000000000.0000'))), name='claim_settled_in_range', violation_error_message='The settled is larger than can be kept exactly.'),
        ),
    ]
