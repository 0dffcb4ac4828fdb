"""What an entity has set for the files that its ERP imports."""

from __future__ import annotations

from django.db import models

from core.models import Entity


class ExportSetting(models.Model):
    """The options of one ERP's layout: company code, journal's name and the like, by the name of the field."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="export_settings")
    layout = models.CharField(max_length=30)
    options = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("entity", "layout"), name="export_setting_once"),)

    def __str__(self) -> str:
        return f"{self.entity}: {self.layout}"
