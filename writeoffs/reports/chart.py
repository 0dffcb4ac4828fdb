"""Stacked columns as SVG: one generator for screen, print and PDF. Pure.

Invariants: no inline style and no script (a strict content policy shows it as it stands); every series has a pattern
and a name as well as a colour; every text that came from data is escaped. The figures stand in a table beside it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

ZERO = Decimal(0)
WIDTH, HEIGHT = 960, 340
TOP, BOTTOM = 22, 30
LEGEND_LINE = 22
LEGEND_COLUMNS = 4
# Patterns are drawn over the colour: none, diagonals, dots, bars, a grid. Nine reasons need nine different looks.
PATTERNS = (
    "",
    '<path d="M-1 7L7 -1M-1 1L1 -1M5 7L7 5"/>',
    '<circle cx="3" cy="3" r="1.3"/>',
    '<path d="M0 3H6"/>',
    '<path d="M3 0V6"/>',
    '<path d="M-1 -1L7 7M5 -1L7 1M-1 5L1 7"/>',
    '<path d="M0 3H6M3 0V6"/>',
    '<path d="M-1 7L7 -1M-1 -1L7 7"/>',
    '<path d="M0 1.5H6M0 4.5H6"/>',
)
# The colours of paper, for files that carry their style along; on screen the tokens of the page give them.
COLOURS = ("#3746a6", "#0f766e", "#b45309", "#9d3571", "#5b6472", "#2f7cb5", "#6d7a16", "#7c4fb0", "#333333")
PAPER_STYLE = (
    ".chart{font-family:'Libertinus Serif',serif;color:#191c20}"
    ".chart-text{fill:#333;font-size:12px}.chart-grid{stroke:#d6d6d2;stroke-width:1}.chart-axis{stroke:#555}"
    ".chart-pattern{stroke:#fff;stroke-width:1.1;fill:none}.chart-pattern circle{fill:#fff;stroke:none}"
    + "".join(f".chart-s{n}{{fill:{colour}}}" for n, colour in enumerate(COLOURS, 1))
)


@dataclass(frozen=True, slots=True)
class Series:
    """One band of every column. look: 1 to 9, the same for one thing in every chart. values: one for each column."""

    label: str
    look: int
    values: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """key: unique on its page. columns: labels on the axis, each with the name that a reader hears."""

    key: str
    title: str
    description: str
    columns: tuple[str, ...]
    series: tuple[Series, ...]
    empty: str


def stacked_columns(
    chart: Chart, *, text: Callable[[Decimal], str], short: Callable[[Decimal], str], style: str = ""
) -> str:
    """The SVG. text: an amount for people; short: the same without decimals, where room is scarce. style: a style sheet
    to carry along, for files without the page's own."""
    series = [s for s in chart.series if any(s.values)]
    low, high = _bounds(series, len(chart.columns))
    step = _step(high - low)
    first, last = math.floor(low / step), math.ceil(high / step)
    legend = LEGEND_LINE * -(-len(series) // LEGEND_COLUMNS)
    frame = _Frame(first * step, max(last, first + 1) * step, HEIGHT - BOTTOM, len(chart.columns))
    parts = [
        f'<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + legend + 6}" '
        f'role="img" aria-labelledby="{chart.key}-title {chart.key}-desc" color="#191c20">',
        f'<title id="{chart.key}-title">{escape(chart.title)}</title>',
        f'<desc id="{chart.key}-desc">{escape(chart.description)}</desc>',
        f"<style>{style}</style>" if style else "",
        _patterns(chart.key, series),
    ]
    if series:
        parts += [_grid(frame, range(first, max(last, first + 1) + 1), step, short)]
        parts += [_columns(frame, chart, series, text, short), _legend(chart.key, series)]
    else:
        parts.append(_empty(frame, chart.empty))
    parts += [_axis(frame, chart.columns), "</svg>"]
    return "".join(parts)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where amounts and columns stand on the drawing."""

    low: Decimal
    high: Decimal
    floor: int
    count: int
    left: int = 104

    def y(self, amount: Decimal) -> float:
        share = (amount - self.low) / (self.high - self.low) if self.high > self.low else ZERO
        return round(float(self.floor - share * (self.floor - TOP)), 2)

    @property
    def slot(self) -> float:
        return (WIDTH - self.left - 8) / max(self.count, 1)

    def x(self, column: int) -> float:
        return round(self.left + column * self.slot, 2)


def _bounds(series: Sequence[Series], count: int) -> tuple[Decimal, Decimal]:
    """Lowest and highest end of any column: gains stack downward from nil, losses upward."""
    lows = [sum((min(s.values[n], ZERO) for s in series), ZERO) for n in range(count)]
    highs = [sum((max(s.values[n], ZERO) for s in series), ZERO) for n in range(count)]
    return min([ZERO, *lows]), max([ZERO, *highs])


def _step(reach: Decimal) -> Decimal:
    """1, 2 or 5 times a power of ten, so that about four lines cover the reach."""
    if reach <= 0:
        return Decimal(1)
    power = Decimal(1).scaleb((reach / 4).adjusted())
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor * 4 >= reach)


def _patterns(key: str, series: Sequence[Series]) -> str:
    made = [
        f'<pattern id="{key}-p{s.look}" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<g class="chart-pattern">{PATTERNS[s.look - 1]}</g></pattern>'
        for s in series
        if PATTERNS[s.look - 1]
    ]
    return f"<defs>{''.join(made)}</defs>" if made else ""


def _grid(frame: _Frame, ticks: Sequence[int], step: Decimal, text: Callable[[Decimal], str]) -> str:
    parts = []
    for tick in ticks:
        y = frame.y(tick * step)
        parts.append(f'<line class="chart-grid" x1="{frame.left}" y1="{y}" x2="{WIDTH - 8}" y2="{y}"/>')
        label = escape(text(tick * step)) if tick else "0"
        parts.append(f'<text class="chart-text" x="{frame.left - 8}" y="{y + 4}" text-anchor="end">{label}</text>')
    return "".join(parts)


def _axis(frame: _Frame, labels: Sequence[str]) -> str:
    nil = frame.y(ZERO)
    parts = [f'<line class="chart-axis" x1="{frame.left}" y1="{nil}" x2="{WIDTH - 8}" y2="{nil}"/>']
    every = -(-len(labels) // 16)
    for n, label in enumerate(labels):
        if n % every == 0:
            x = round(frame.x(n) + frame.slot / 2, 2)
            parts.append(
                f'<text class="chart-text" x="{x}" y="{frame.floor + 20}" text-anchor="middle">{escape(label)}</text>'
            )
    return "".join(parts)


def _columns(
    frame: _Frame,
    chart: Chart,
    series: Sequence[Series],
    text: Callable[[Decimal], str],
    short: Callable[[Decimal], str],
) -> str:
    width = round(min(frame.slot * 0.62, 64), 2)
    parts = []
    for n, label in enumerate(chart.columns):
        x = round(frame.x(n) + (frame.slot - width) / 2, 2)
        up = down = ZERO
        for s in series:
            value = s.values[n]
            if not value:
                continue
            begin = up if value > 0 else down
            end = begin + value
            up, down = (end, down) if value > 0 else (up, end)
            top, bottom = frame.y(max(begin, end)), frame.y(min(begin, end))
            box = f'x="{x}" y="{top}" width="{width}" height="{round(max(bottom - top, 0.75), 2)}"'
            hint = escape(f"{label}, {s.label}: {text(value)}")
            parts.append(f'<g><title>{hint}</title><rect class="chart-s{s.look}" {box}/>')
            if PATTERNS[s.look - 1]:
                parts.append(f"<rect fill={quoteattr(f'url(#{chart.key}-p{s.look})')} {box}/>")
            parts.append("</g>")
        if up:
            parts.append(_total(round(x + width / 2, 2), frame.y(up) - 5, short(up + down)))
    return "".join(parts)


def _total(x: float, y: float, label: str) -> str:
    return f'<text class="chart-text chart-total" x="{x}" y="{round(y, 2)}" text-anchor="middle">{escape(label)}</text>'


def _legend(key: str, series: Sequence[Series]) -> str:
    parts = []
    slot = (WIDTH - 104) // LEGEND_COLUMNS
    for n, s in enumerate(series):
        x, y = 104 + (n % LEGEND_COLUMNS) * slot, HEIGHT + 8 + (n // LEGEND_COLUMNS) * LEGEND_LINE
        box = f'x="{x}" y="{y}" width="14" height="14"'
        parts.append(f'<rect class="chart-s{s.look}" {box}/>')
        if PATTERNS[s.look - 1]:
            parts.append(f"<rect fill={quoteattr(f'url(#{key}-p{s.look})')} {box}/>")
        parts.append(f'<text class="chart-text" x="{x + 20}" y="{y + 11}">{escape(s.label)}</text>')
    return "".join(parts)


def _empty(frame: _Frame, words: str) -> str:
    x, y = (WIDTH + frame.left) // 2, frame.floor // 2
    return f'<text class="chart-text chart-empty" x="{x}" y="{y}" text-anchor="middle">{escape(words)}</text>'
