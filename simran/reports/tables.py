"""Tables as plain text, at most 100 columns wide."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["WIDTH", "bullet", "figure", "render_rows", "table"]

#: Widest line of any table.
WIDTH = 100


def figure(value: Any, digits: int = 4) -> str:
    """Return a number for people: four significant digits, a dash for none.

    Examples
    --------
    >>> figure(0.123456), figure(None), figure(1234567.0), figure(5000)
    ('0.1235', '–', '1.235e+06', '5000')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if not isinstance(value, float):
        return str(value)
    if value == 0.0:
        return "0"
    return f"{value:.{digits}g}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], wrap: bool = False) -> str:
    """Return an aligned table; the first column to the left, the others to the right.

    Parameters
    ----------
    header, rows : cells
    wrap : align all columns to the left and wrap the widest one to fit the width
    """
    cells = [list(header), *(list(row) for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(header))]
    while sum(widths) > WIDTH - 2 * (len(widths) - 1) and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    lines: list[str] = []
    for number, row in enumerate(cells):
        lines += _lines(row, widths, wrap)
        if number == 0:
            lines.append("  ".join("-" * width for width in widths))
    return "\n".join(line.rstrip() for line in lines)


def _lines(row: Sequence[str], widths: Sequence[int], left: bool) -> list[str]:
    wrapped = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
    height = max(len(cell) for cell in wrapped)
    lines = []
    for line in range(height):
        parts = []
        for place, (cell, width) in enumerate(zip(wrapped, widths, strict=True)):
            text = cell[line] if line < len(cell) else ""
            parts.append(text.ljust(width) if left or place == 0 else text.rjust(width))
        lines.append("  ".join(parts))
    return lines


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
