"""The chart as a drawing: well-formed, safe under a strict policy, readable without colour."""

from __future__ import annotations

import re
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from writeoffs.reports.chart import PAPER_STYLE, PATTERNS, Chart, Series, stacked_columns

SVG = "{http://www.w3.org/2000/svg}"


def drawn(*series: tuple[str, int, tuple[int, ...]], columns: tuple[str, ...] = ("Jan", "Feb"), style: str = "") -> str:
    chart = Chart(
        key="c",
        title="Losses & more",
        description="What <happened>",
        columns=columns,
        series=tuple(Series(label, look, tuple(map(Decimal, values))) for label, look, values in series),
        empty="No loss was posted.",
    )
    return stacked_columns(chart, text=lambda v: f"{v:,.2f}", short=lambda v: f"{v:,.0f}", style=style)


def bars(text: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(text)
    return [rect for g in root.findall(f"{SVG}g") for rect in g.findall(f"{SVG}rect") if rect.get("class")]


def test_the_title_and_description_are_there_and_escaped() -> None:
    root = ElementTree.fromstring(drawn(("Fire <b>", 1, (1, 2))))
    assert root.findtext(f"{SVG}title") == "Losses & more"
    assert root.findtext(f"{SVG}desc") == "What <happened>"
    assert root.get("aria-labelledby") == "c-title c-desc"
    assert root.get("role") == "img"


def test_nothing_in_it_needs_inline_style_or_script() -> None:
    text = drawn(("Expiry", 2, (10, 20)), ("Fire", 6, (5, -5)))
    assert not re.search(r"style=|<style|<script|\son\w+=|javascript:", text)


def test_a_file_may_carry_the_style_along() -> None:
    assert "<style>" in drawn(("Expiry", 2, (10, 20)), style=PAPER_STYLE)


def test_columns_stack_to_the_height_of_their_sum() -> None:
    one, two, three = bars(drawn(("A", 1, (30, 60)), ("B", 2, (30, 0))))
    assert one.get("height") == two.get("height")
    assert float(three.get("height") or 0) == pytest.approx(
        float(one.get("height") or 0) + float(two.get("height") or 0), abs=0.1
    )
    assert float(two.get("y") or 0) + float(two.get("height") or 0) == pytest.approx(float(one.get("y") or 0), abs=0.1)


def test_a_gain_hangs_below_nil_and_everything_stays_on_the_drawing() -> None:
    text = drawn(("A", 1, (2150, 0)), ("B", 5, (-180, -90)))
    root = ElementTree.fromstring(text)
    height = float((root.get("viewBox") or "").split()[3])
    axis = float(next(line.get("y1") or 0 for line in root.iter(f"{SVG}line") if line.get("class") == "chart-axis"))
    loss, gain, other = bars(text)
    assert float(loss.get("y") or 0) + float(loss.get("height") or 0) == pytest.approx(axis, abs=0.1)
    assert float(gain.get("y") or 0) == float(other.get("y") or 0) == axis
    for rect in root.iter(f"{SVG}rect"):
        if rect.get("class"):
            assert 0 <= float(rect.get("y") or 0) <= height - float(rect.get("height") or 0)
    for label in root.iter(f"{SVG}text"):
        assert 8 <= float(label.get("y") or 0) <= height


def test_every_reason_has_a_look_of_its_own_without_its_colour() -> None:
    assert len(PATTERNS) == len(set(PATTERNS)) == 9
    text = drawn(*((f"R{n}", n, (1, 1)) for n in range(1, 10)))
    assert text.count("<pattern ") == 8
    for n in range(1, 10):
        assert f">R{n}</text>" in text


def test_each_bar_says_its_month_reason_and_amount() -> None:
    assert "<title>Jan, Expiry: 1,234.00</title>" in drawn(("Expiry", 2, (1234, 0)))


def test_without_losses_it_says_so() -> None:
    text = drawn(("Expiry", 2, (0, 0)))
    assert "No loss was posted." in text
    assert bars(text) == []


def test_without_columns_it_is_still_a_drawing() -> None:
    assert ElementTree.fromstring(drawn(columns=())).tag == f"{SVG}svg"


@pytest.mark.parametrize("top", [1, 7, 19, 99, 101, 8_442_979, 10**11])
def test_the_highest_line_of_the_grid_reaches_the_highest_column(top: int) -> None:
    text = drawn(("A", 1, (top, 0)))
    ys = [float(y) for y in re.findall(r'class="chart-grid" x1="\d+" y1="([\d.]+)"', text)]
    assert min(ys) <= float(bars(text)[0].get("y") or 0)
    assert 2 <= len(ys) <= 7
