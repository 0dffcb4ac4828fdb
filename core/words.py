"""The words that every room shares: roles, frameworks, methods, reasons. The terms are the field's own."""

from django.db import models


class Role(models.TextChoices):
    """What a person may do in one entity."""

    COUNTER = "COUNTER", "Counter"
    PREPARER = "PREPARER", "Preparer"
    PRICE_OWNER = "PRICE_OWNER", "Price owner"
    APPROVER = "APPROVER", "Approver"
    CONTROLLER = "CONTROLLER", "Controller"
    AUDITOR = "AUDITOR", "Auditor"
    ADMIN = "ADMIN", "Administrator"


# Who may read an entity's business pages; an administrator of users has no business rights.
READERS = (Role.PREPARER, Role.PRICE_OWNER, Role.APPROVER, Role.CONTROLLER, Role.AUDITOR)


class Framework(models.TextChoices):
    IFRS = "IFRS", "IFRS"
    US_GAAP = "US_GAAP", "US GAAP"


class Method(models.TextChoices):
    """Where a write-down is credited: the inventory account itself, or its allowance."""

    DIRECT = "DIRECT", "Direct"
    ALLOWANCE = "ALLOWANCE", "Allowance"


class TaxTiming(models.TextChoices):
    """When a loss on stock is deductible; decides between current tax, deferred tax and neither."""

    RECOGNITION = "RECOGNITION", "When the loss is recognised"
    DISPOSAL = "DISPOSAL", "When the goods are disposed of"
    NEVER = "NEVER", "Never (a permanent difference)"


class Reason(models.TextChoices):
    """Why stock lost value."""

    OBSOLESCENCE = "OBSOLESCENCE", "Obsolescence"
    EXPIRY = "EXPIRY", "Expiry"
    DAMAGE = "DAMAGE", "Ordinary damage"
    PRICE_FALL = "PRICE_FALL", "Fall in price"
    COUNT_DIFFERENCE = "COUNT_DIFFERENCE", "Count difference"
    FIRE = "FIRE", "Fire"
    FLOOD = "FLOOD", "Flood"
    THEFT = "THEFT", "Theft"
    ABNORMAL_DAMAGE = "ABNORMAL_DAMAGE", "Abnormal damage"
