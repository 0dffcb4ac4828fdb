"""The rooms and their arrows: foreign keys follow the imports, and files stay readable."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

# Room -> the rooms that its foreign keys may lead to, beside itself.
ARROWS = {
    "core": set(),
    "inventory": {"core"},
    "ledger": {"core"},
    "valuation": {"core", "inventory", "ledger"},
    "posting": {"core", "inventory", "ledger"},
    "proposals": {"core", "inventory", "ledger", "valuation", "posting"},
    "reports": {"core", "inventory", "ledger", "valuation", "posting", "proposals"},
    "desk": {"core", "inventory", "ledger", "valuation", "posting", "proposals", "reports"},
}
# What goes away with its owner and is no business record: staging and the complaints about a sheet.
MAY_CASCADE = {"UploadIssue", "StagedLot", "StagedCount", "StagedCountLine"}
SOURCES = [
    path
    for folder in ("core", "inventory", "writeoffs")
    for path in (Path(settings.BASE_DIR) / folder).rglob("*.py")
    if "migrations" not in path.parts
]


def our_keys() -> list[models.ForeignKey]:
    return [
        field
        for model in apps.get_models()
        if model._meta.app_label in ARROWS
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey)
    ]


def test_foreign_keys_follow_the_arrows() -> None:
    wrong = [
        str(key)
        for key in our_keys()
        if key.related_model._meta.app_label in ARROWS
        and key.related_model._meta.app_label != key.model._meta.app_label
        and key.related_model._meta.app_label not in ARROWS[key.model._meta.app_label]
    ]
    assert wrong == []


def test_every_key_to_a_business_record_protects_it() -> None:
    wrong = [
        str(key)
        for key in our_keys()
        if key.remote_field.on_delete is not models.PROTECT and key.model.__name__ not in MAY_CASCADE
    ]
    assert wrong == []


def test_no_column_keeps_an_amount_as_floating_point_or_decimal() -> None:
    wrong = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_models()
        if model._meta.app_label in ARROWS
        for field in model._meta.get_fields()
        if isinstance(field, models.FloatField | models.DecimalField)
    ]
    assert wrong == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_a_file_is_read_in_one_sitting_and_says_what_it_owns(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 450, "split it"
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), "a module opens with what it owns"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_a_function_reads_in_one_screen(path: Path) -> None:
    long = [
        f"{node.name}: {node.end_lineno - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > 70
    ]
    assert long == []
