"""Tables as plain text, at most 100 columns wide."""

from __future__ import annotations

import itertools
import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["WIDTH", "bullet", "figure", "filled", "render_rows", "table"]

#: Widest line of any table.
WIDTH = 100
_GAP = 2
_NARROW = 8  # the least width of a column of words


def figure(value: Any, digits: int = 4) -> str:
    """Return a number for people: at least four significant digits, a dash for none.

    From 0.001 up to ten million the digits are plain and those before the point are never lost.

    Examples
    --------
    >>> figure(0.123456), figure(None), figure(1234567.8), figure(5000), figure(2.5e-7)
    ('0.1235', '–', '1234568', '5000', '2.5e-07')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, float):
        return str(value)
    if value == 0.0 or not 1e-3 <= abs(value) < 1e7:
        return f"{abs(value) if value == 0.0 else value:.{digits}g}"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{places}f}"
    return text.rstrip("0").rstrip(".") if places else text


def table(header: Sequence[str], rows: Sequence[Sequence[str]], wrap: bool = False) -> str:
    """Return an aligned table; the first column to the left, the others to the right.

    Where it is too wide the widest column is wrapped, but no number is broken: columns for which
    there is no room follow in a second table below.

    Parameters
    ----------
    header, rows : cells
    wrap : align all columns to the left and break long words anywhere
    """
    cells = [list(header), *(list(row) for row in rows)]
    columns = [[row[place] for row in cells] for place in range(len(header))]
    widths = [max(map(len, column)) for column in columns]
    least = [
        min(width, _NARROW)
        if wrap or not place
        else max(len(word) for cell in column for word in cell.split() or [""])
        for place, (column, width) in enumerate(zip(columns, widths, strict=True))
    ]
    fit = len(least)
    while fit > 2 and sum(least[:fit]) + _GAP * (fit - 1) > WIDTH:
        fit -= 1
    if fit < len(least):
        parts = [[row[:fit] for row in cells], [[row[0], *row[fit:]] for row in cells]]
        return "\n\n".join(table(part[0], part[1:], wrap) for part in parts)
    while sum(widths) > WIDTH - _GAP * (len(widths) - 1):
        loose = [width if width > low else 0 for width, low in zip(widths, least, strict=True)]
        if not any(loose):
            break
        widths[loose.index(max(loose))] -= 1
    lines: list[str] = []
    for number, row in enumerate(cells):
        lines += _lines(row, widths, wrap)
        if number == 0:
            lines.append((" " * _GAP).join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def _lines(row: Sequence[str], widths: Sequence[int], left: bool) -> list[str]:
    wrapped = [
        textwrap.wrap(cell, width, break_on_hyphens=left or not place) or [""]
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    lines = []
    for parts in itertools.zip_longest(*wrapped, fillvalue=""):
        aligned = [
            text.ljust(width) if left or not place else text.rjust(width)
            for place, (text, width) in enumerate(zip(parts, widths, strict=True))
        ]
        lines.append((" " * _GAP).join(aligned))
    return lines


def filled(text: str) -> str:
    """Return a sentence wrapped to the width, further lines indented."""
    return textwrap.fill(text, WIDTH, subsequent_indent="  ")


def bullet(text: str) -> str:
    """Return one wrapped line of a list."""
    return textwrap.fill(text, WIDTH, initial_indent="- ", subsequent_indent="  ")


def render_rows(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows of equal keys as a table.

    Examples
    --------
    >>> print(render_rows([{"name": "exact", "options": 1}]))
    name   options
    -----  -------
    exact  1
    """
    if not rows:
        return "nothing to list"
    header = list(rows[0])
    cells = [[figure(row.get(key), 12) for key in header] for row in rows]
    return table(header, cells, wrap=True)
