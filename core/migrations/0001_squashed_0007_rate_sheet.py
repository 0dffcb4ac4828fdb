"""All of this room's tables at once, for a new database; one that stands went the steps below one by one."""

import core.models
import core.money
import core.validators
import datetime
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    replaces = [
        ('core', '0001_initial'),
        ('core', '0002_idempotency'),
        ('core', '0003_mapping'),
        ('core', '0004_proof'),
        ('core', '0005_group'),
        ('core', '0006_periods'),
        ('core', '0007_rate_sheet'),
    ]

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='ChainHead',
            fields=[
                ('chain', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('sequence', models.BigIntegerField(default=0)),
                ('hash', models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name='Entity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=40, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('currency', models.CharField(max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$', 'Three capital letters, like EUR.'), core.validators.known_currency])),
                ('framework', models.CharField(choices=[('IFRS', 'IFRS'), ('US_GAAP', 'US GAAP')], default='IFRS', max_length=10)),
                ('method', models.CharField(choices=[('DIRECT', 'Direct'), ('ALLOWANCE', 'Allowance')], default='ALLOWANCE', max_length=10)),
                ('fiscal_year_start', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(12)], verbose_name='fiscal year starts in month')),
                ('tax_rate', core.money.RateField(default=Decimal('0.25'), help_text='As a fraction: 0.25 for 25 %.')),
                ('tax_timing', models.CharField(choices=[('RECOGNITION', 'When the loss is recognised'), ('DISPOSAL', 'When the goods are disposed of'), ('NEVER', 'Never (a permanent difference)')], default='RECOGNITION', max_length=12, verbose_name='losses are deductible')),
                ('time_zone', models.CharField(default='UTC', max_length=64, validators=[core.validators.known_time_zone])),
                ('locale', models.CharField(default='en', help_text='How numbers and dates are written: en, de, fr.', max_length=10, validators=[core.validators.known_locale])),
                ('is_demo', models.BooleanField(default=False, editable=False)),
            ],
            options={
                'verbose_name_plural': 'entities',
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='StagedRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('upload_id', models.BigIntegerField(db_index=True)),
                ('row', models.PositiveIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('kind', models.CharField(max_length=8)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('rate', core.money.ExchangeRateField()),
                ('source', models.CharField(max_length=120)),
                ('reason', models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail')),
                ('full_name', models.CharField(max_length=120, verbose_name='name')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'ordering': ('full_name', 'email'),
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('email'), name='user_email_unique_any_case', violation_error_message='A person with this e-mail address exists already.')],
            },
            managers=[
                ('objects', core.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name='Counter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('series', models.CharField(max_length=40)),
                ('last', models.BigIntegerField(default=0)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.entity')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('entity', 'series'), name='counter_once_per_series')],
            },
        ),
        migrations.CreateModel(
            name='CostCentre',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=30)),
                ('name', models.CharField(blank=True, max_length=120)),
                ('active', models.BooleanField(default=True, help_text='A retired cost centre takes no new line.')),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cost_centres', to='core.entity')),
            ],
            options={
                'ordering': ('code',),
                'constraints': [models.UniqueConstraint(fields=('entity', 'code'), name='cost_centre_code_once', violation_error_message='This entity has a cost centre of that code already.')],
            },
        ),
        migrations.CreateModel(
            name='ChangeRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('subject', models.CharField(help_text='What it is about, as source_ref: period:2026-03.', max_length=120)),
                ('summary', models.CharField(max_length=200)),
                ('details', models.JSONField(default=dict)),
                ('reason', models.TextField()),
                ('status', models.CharField(choices=[('OPEN', 'Waiting for a second person'), ('APPROVED', 'Approved'), ('REFUSED', 'Refused')], default='OPEN', max_length=8)),
                ('requested_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('seconded_at', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('comment', models.TextField(blank=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('seconded_by', models.ForeignKey(help_text='The first of two who agree, where two are asked for.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='change_requests', to='core.entity')),
            ],
            options={
                'ordering': ('-id',),
                'constraints': [models.CheckConstraint(condition=models.Q(('seconded_by__isnull', True), models.Q(models.Q(('seconded_by', models.F('requested_by')), _negated=True), models.Q(('decided_by__isnull', True), ('status', 'REFUSED'), models.Q(('seconded_by', models.F('decided_by')), _negated=True), _connector='OR')), _connector='OR'), name='change_request_third_person', violation_error_message='Two who agree to a change are two people, and neither asked for it.'), models.CheckConstraint(condition=models.Q(('decided_by__isnull', True), models.Q(('decided_by', models.F('requested_by')), _negated=True), _connector='OR'), name='change_request_second_person', violation_error_message='A change is decided by a second person, not by the one who asked for it.'), models.UniqueConstraint(condition=models.Q(('status', 'OPEN')), fields=('entity', 'kind', 'subject'), name='change_request_open_once', violation_error_message='The same change waits for a second person already.')],
            },
        ),
        migrations.CreateModel(
            name='Category',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100)),
                ('cost_centre', models.ForeignKey(blank=True, help_text='Who bears a loss of it where its location names nobody.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='categories', to='core.costcentre')),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='categories', to='core.entity')),
            ],
            options={
                'verbose_name_plural': 'categories',
                'ordering': ('name',),
                'constraints': [models.UniqueConstraint(fields=('entity', 'name'), name='category_name_once', violation_error_message='This entity has a category of that name already.')],
            },
        ),
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chain', models.CharField(help_text='entity:<id>, or sign-in.', max_length=60)),
                ('sequence', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('kind', models.CharField(help_text='Dotted: proposal.approved, upload.committed, refused.', max_length=60)),
                ('subject', models.CharField(blank=True, help_text='The record, as source_ref.', max_length=120)),
                ('message', models.TextField(help_text='One sentence a person can read.')),
                ('data', models.JSONField(default=dict)),
                ('previous_hash', models.CharField(blank=True, max_length=64)),
                ('hash_version', models.PositiveSmallIntegerField(default=1, help_text='What the hash covers (core/audit.py).')),
                ('hash', models.CharField(max_length=64)),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='audit_events', to='core.entity')),
            ],
            options={
                'ordering': ('chain', 'sequence'),
                'indexes': [models.Index(fields=['entity', 'subject'], name='audit_event_subject'), models.Index(fields=['entity', '-at'], name='audit_event_time')],
                'constraints': [models.UniqueConstraint(fields=('chain', 'sequence'), name='audit_event_once_per_place')],
            },
        ),
        migrations.CreateModel(
            name='EntityGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=40, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('currency', models.CharField(max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$', 'Three capital letters, like EUR.'), core.validators.known_currency])),
                ('fiscal_year_start', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(12)], verbose_name='fiscal year starts in month')),
                ('parent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.entity')),
            ],
            options={
                'ordering': ('name',),
            },
        ),
        migrations.CreateModel(
            name='EntityGroupMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.entity')),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='members', to='core.entitygroup')),
            ],
            options={
                'ordering': ('group', 'entity__name'),
                'constraints': [models.UniqueConstraint(fields=('group', 'entity'), name='entity_group_member_once', violation_error_message='This company is in the group already.')],
            },
        ),
        migrations.AddField(
            model_name='entitygroup',
            name='entities',
            field=models.ManyToManyField(related_name='entity_groups', through='core.EntityGroupMember', to='core.entity'),
        ),
        migrations.CreateModel(
            name='Job',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=60)),
                ('arguments', models.JSONField(default=dict, help_text='What the kind of work needs to know.')),
                ('status', models.CharField(choices=[('QUEUED', 'Waiting'), ('RUNNING', 'Running'), ('DONE', 'Done'), ('FAILED', 'Failed')], default='QUEUED', max_length=8)),
                ('stage', models.CharField(blank=True, max_length=60)),
                ('done', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0)),
                ('error', models.TextField(blank=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('started_at', models.DateTimeField(null=True)),
                ('heartbeat_at', models.DateTimeField(null=True)),
                ('finished_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.entity')),
            ],
            options={
                'indexes': [models.Index(fields=['status', 'heartbeat_at'], name='job_status_heartbeat')],
            },
        ),
        migrations.CreateModel(
            name='Location',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(max_length=60)),
                ('name', models.CharField(blank=True, max_length=120)),
                ('cost_centre', models.ForeignKey(blank=True, help_text='Who bears a loss here unless a line says otherwise.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='locations', to='core.costcentre')),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='locations', to='core.entity')),
            ],
            options={
                'ordering': ('code',),
                'constraints': [models.UniqueConstraint(fields=('entity', 'code'), name='location_code_once', violation_error_message='This entity has a location of that code already.')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('COUNTER', 'Counter'), ('PREPARER', 'Preparer'), ('PRICE_OWNER', 'Price owner'), ('APPROVER', 'Approver'), ('CONTROLLER', 'Controller'), ('AUDITOR', 'Auditor'), ('ADMIN', 'Administrator')], max_length=12)),
                ('since', models.DateField(default=datetime.date.today)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='core.entity')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('entity', 'user', 'role'),
                'constraints': [models.UniqueConstraint(fields=('entity', 'user', 'role'), name='membership_once_per_role', violation_error_message='This person has the role in this entity already.')],
            },
        ),
        migrations.AddField(
            model_name='entity',
            name='members',
            field=models.ManyToManyField(related_name='entities', through='core.Membership', to=settings.AUTH_USER_MODEL),
        ),
        migrations.CreateModel(
            name='StepKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=100)),
                ('given', models.BooleanField(help_text='Whether the client made the key; else it is derived from the step.')),
                ('action', models.CharField(help_text='Dotted: proposal.post, period.close.', max_length=60)),
                ('subject', models.CharField(help_text='The record, as source_ref.', max_length=120)),
                ('body', models.CharField(help_text='SHA-256 of everything that was asked for.', max_length=64)),
                ('message', models.TextField(help_text='What the person was told.')),
                ('result', models.JSONField(default=dict, help_text='The records that the step made, as references.')),
                ('event', models.BigIntegerField(help_text='The last audit event of the step, by its place in the chain.', null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('digest', models.CharField(max_length=64)),
                ('actor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.entity')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('entity', 'key'), name='step_key_once', violation_error_message='This key belongs to a step that was done already.')],
            },
        ),
        migrations.CreateModel(
            name='StoredFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sha256', models.CharField(max_length=64)),
                ('name', models.CharField(max_length=255)),
                ('content_type', models.CharField(max_length=100)),
                ('size', models.PositiveIntegerField()),
                ('content', models.BinaryField()),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.entity')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('entity', 'sha256'), name='stored_file_once')],
            },
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(max_length=40)),
                ('status', models.CharField(choices=[('COLUMNS', 'Columns to confirm'), ('CHECKING', 'Being checked'), ('REFUSED', 'Has errors'), ('CHECKED', 'Ready to commit'), ('COMMITTING', 'Being committed'), ('COMMITTED', 'Committed'), ('FAILED', 'Could not be read'), ('DISCARDED', 'Discarded')], default='COLUMNS', max_length=12)),
                ('file_name', models.CharField(max_length=255)),
                ('sheet_name', models.CharField(blank=True, max_length=100)),
                ('as_of', models.DateTimeField(help_text='The moment that the list or count speaks of.', verbose_name='as of')),
                ('source_report', models.CharField(blank=True, max_length=120, verbose_name='ERP report')),
                ('control_total', core.money.MoneyField(blank=True, null=True, verbose_name='GL control total')),
                ('options', models.JSONField(default=dict, help_text="What the kind asked beside the file, e.g. a count's location.")),
                ('header', models.JSONField(default=list, help_text="The sheet's own column names, in order.")),
                ('sample', models.JSONField(default=list, help_text='The first rows, as text, for the columns page.')),
                ('mapping', models.JSONField(default=dict, help_text="Our column -> list of the sheet's column numbers.")),
                ('formats', models.JSONField(default=dict, help_text='Date order and decimal mark, as seen or as chosen.')),
                ('row_count', models.PositiveIntegerField(default=0)),
                ('error_count', models.PositiveIntegerField(default=0)),
                ('warning_count', models.PositiveIntegerField(default=0)),
                ('summary', models.JSONField(default=dict, help_text='What the check found, for the preview page.')),
                ('quantity_total', core.money.QuantityField(null=True)),
                ('value_total', core.money.MoneyField(null=True)),
                ('message', models.TextField(blank=True, help_text='What happened, in a sentence for the uploader.')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('committed_at', models.DateTimeField(null=True)),
                ('committed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('entity', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uploads', to='core.entity')),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.storedfile')),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.job')),
            ],
            options={
                'ordering': ('-id',),
                'indexes': [models.Index(fields=['entity', 'kind', 'status'], name='upload_kind_status')],
            },
        ),
        migrations.CreateModel(
            name='ExchangeRate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$', 'Three capital letters, like EUR.'), core.validators.known_currency], verbose_name='from')),
                ('to_currency', models.CharField(max_length=3, validators=[django.core.validators.RegexValidator('^[A-Z]{3}$', 'Three capital letters, like EUR.'), core.validators.known_currency], verbose_name='to')),
                ('kind', models.CharField(choices=[('CLOSING', 'Closing rate'), ('AVERAGE', 'Average rate')], max_length=8)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('version', models.PositiveIntegerField(default=1)),
                ('rate', core.money.ExchangeRateField(null=True)),
                ('source', models.CharField(help_text='Who published it: ECB reference rate, 31 March 2026.', max_length=120)),
                ('reason', models.CharField(blank=True, help_text='Why it replaces the version before.', max_length=200)),
                ('entered_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('entered_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rates', to='core.entitygroup')),
                ('upload', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='core.upload')),
            ],
            options={
                'ordering': ('currency', 'kind', '-ends_on', '-version'),
                'constraints': [models.UniqueConstraint(fields=('group', 'currency', 'kind', 'starts_on', 'ends_on', 'version'), name='exchange_rate_version_once', violation_error_message='Somebody has entered another rate for these days. Reload the page.'), models.CheckConstraint(condition=models.Q(('rate__isnull', True), ('rate__gt', 0), _connector='OR'), name='exchange_rate_is_positive', violation_error_message='A rate is more than nil.'), models.CheckConstraint(condition=models.Q(('currency', models.F('to_currency')), _negated=True), name='exchange_rate_between_two_currencies', violation_error_message='A currency needs no rate into itself.'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'CLOSING'), ('starts_on', models.F('ends_on'))), models.Q(('kind', 'AVERAGE'), ('starts_on__lte', models.F('ends_on'))), _connector='OR'), name='exchange_rate_days_in_order', violation_error_message='A closing rate is of one day; an average ends on or after its first day.'), models.CheckConstraint(condition=models.Q(models.Q(('rate__isnull', False), ('version', 1)), models.Q(('version__gt', 1), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='exchange_rate_replaced_with_a_reason', violation_error_message='Another rate for the same days needs a reason.')],
            },
        ),
        migrations.CreateModel(
            name='UploadIssue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.CharField(choices=[('ERROR', 'Error'), ('WARNING', 'Warning')], max_length=7)),
                ('code', models.CharField(help_text='Groups complaints of one kind.', max_length=40)),
                ('row', models.PositiveIntegerField(help_text="The sheet's row number; empty for the sheet as a whole.", null=True)),
                ('column', models.CharField(blank=True, max_length=100)),
                ('value', models.CharField(blank=True, max_length=200)),
                ('message', models.CharField(max_length=500)),
                ('upload', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='issues', to='core.upload')),
            ],
            options={
                'indexes': [models.Index(fields=['upload', 'level', 'code'], name='upload_issue_group')],
            },
        ),
        migrations.AddConstraint(
            model_name='entitygroup',
            constraint=models.CheckConstraint(condition=models.Q(('fiscal_year_start__gte', 1), ('fiscal_year_start__lte', 12)), name='entity_group_fiscal_year_start_is_a_month', violation_error_message='The fiscal year starts in a month from 1 to 12.'),
        ),
        migrations.AddConstraint(
            model_name='entity',
            constraint=models.CheckConstraint(condition=models.Q(('fiscal_year_start__gte', 1), ('fiscal_year_start__lte', 12)), name='entity_fiscal_year_start_is_a_month', violation_error_message='The fiscal year starts in a month from 1 to 12.'),
        ),
        migrations.AddConstraint(
            model_name='entity',
            constraint=models.CheckConstraint(condition=models.Q(('tax_rate__gte', Decimal('0')), ('tax_rate__lte', Decimal('1'))), name='entity_tax_rate_is_a_fraction', violation_error_message='The tax rate is a fraction between 0 and 1: 0.25 for 25 %%.'),
        ),
    ]
