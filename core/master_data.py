"""Classes, places and cost centres of an entity: the words that its stock and its losses are sorted by.

Invariant: each belongs to one entity and is known there by one name or code. A location's cost centre bears what is
lost there, a category's what its location names nobody for.
"""

from __future__ import annotations

from django.db import models


class Category(models.Model):
    """A class of items with one accounting treatment. "Uncategorised" takes the rows that name none."""

    UNCATEGORISED = "Uncategorised"

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="categories")
    name = models.CharField(max_length=100)
    cost_centre = models.ForeignKey(
        "core.CostCentre",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="categories",
        help_text="Who bears a loss of it where its location names nobody.",
    )

    class Meta:
        ordering = ("name",)
        verbose_name_plural = "categories"
        constraints = (
            models.UniqueConstraint(
                fields=("entity", "name"),
                name="category_name_once",
                violation_error_message="This entity has a category of that name already.",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Location(models.Model):
    """A warehouse, store or zone whose stock is counted as one."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="locations")
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=120, blank=True)
    cost_centre = models.ForeignKey(
        "core.CostCentre",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="locations",
        help_text="Who bears a loss here unless a line says otherwise.",
    )

    class Meta:
        ordering = ("code",)
        constraints = (
            models.UniqueConstraint(
                fields=("entity", "code"),
                name="location_code_once",
                violation_error_message="This entity has a location of that code already.",
            ),
        )

    def __str__(self) -> str:
        return self.code


class CostCentre(models.Model):
    """Who bears a loss inside the company."""

    entity = models.ForeignKey("core.Entity", on_delete=models.PROTECT, related_name="cost_centres")
    code = models.CharField(max_length=30)
    name = models.CharField(max_length=120, blank=True)
    active = models.BooleanField(default=True, help_text="A retired cost centre takes no new line.")

    class Meta:
        ordering = ("code",)
        constraints = (
            models.UniqueConstraint(
                fields=("entity", "code"),
                name="cost_centre_code_once",
                violation_error_message="This entity has a cost centre of that code already.",
            ),
        )

    def __str__(self) -> str:
        return self.code
