"""What a framework permits, and the bands of an ageing matrix. Pure."""

from __future__ import annotations

from decimal import Decimal

import pytest

from writeoffs.valuation.rules.permitted import bands_refused, formula_refused, level_permitted, level_refused


def test_levels_of_the_frameworks() -> None:
    assert level_permitted("IFRS") == {
        "item": True,
        "category": "only with a documented IAS 2.29 reason",
        "total": False,
    }
    assert level_permitted("US_GAAP") == {"item": True, "category": True, "total": True}


@pytest.mark.parametrize(
    ("framework", "level", "reason", "paragraph"),
    [
        ("IFRS", "ITEM", "", ""),
        ("IFRS", "CATEGORY", " ", "IAS 2.29"),
        ("IFRS", "CATEGORY", "One product line", ""),
        ("IFRS", "TOTAL", "One product line", "IAS 2.29"),
        ("US_GAAP", "TOTAL", "", ""),
    ],
)
def test_a_level_is_refused_with_its_paragraph(framework: str, level: str, reason: str, paragraph: str) -> None:
    refused = level_refused(framework, level, reason)
    assert paragraph in refused
    assert bool(refused) == bool(paragraph)


def test_lifo_is_refused_under_ifrs_only() -> None:
    assert "IAS 2.25" in formula_refused("IFRS", "LIFO")
    assert formula_refused("US_GAAP", "LIFO") == formula_refused("IFRS", "FIFO") == ""


@pytest.mark.parametrize(
    ("bands", "complaint"),
    [
        ([], ""),
        ([(0, 180, "0"), (181, 365, "0.25"), (366, None, "1")], ""),
        ([(366, None, "1"), (0, 365, "0")], ""),
        ([(1, None, "1")], "Band 1 (1 days and more) leaves a gap: no band holds 0 to 0 days"),
        ([(0, 180, "0"), (182, None, "1")], "Band 2 (182 days and more) leaves a gap: no band holds 181 to 181 days"),
        ([(0, 180, "0"), (180, None, "1")], "Band 2 (180 days and more) overlaps the band before, which goes to 180"),
        ([(0, None, "0"), (181, None, "1")], "Band 2 (181 days and more) comes after a band that has no end"),
        ([(0, 180, "0")], "The last band ends at 180 days"),
        ([(0, 180, "1.5"), (181, None, "1")], "Band 1 (0–180 days): the rate 1.5 is no fraction"),
        ([(10, 5, "0")], "ends before it begins"),
    ],
)
def test_bands_meet_without_gap_or_overlap(bands: list[tuple[int, int | None, str]], complaint: str) -> None:
    refused = bands_refused([(first, last, Decimal(rate)) for first, last, rate in bands])
    assert complaint in refused
    assert bool(refused) == bool(complaint)
