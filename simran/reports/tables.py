"""Tables as plain text, as wide as the terminal and at most 100 columns."""

from __future__ import annotations

import itertools
import math
import re
import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["bullet", "figure", "filled", "render_rows", "table", "width"]

#: The cells of a row, or a title.
Row = Sequence[str] | str

_FIGURE = re.compile(r"[-+±(\[]*[\d.]+(e[-+]?\d+)?[,;)\]%]*")
_WIDEST = 100
_NARROWEST = 40
_GAP = 2
_NAME = 16  # and of the column of names, which are broken only beyond
_NARROW = 8  # the least width of a column of words


def width() -> int:
    """Return the widest line there is room for: the terminal's, at most 100; in a file or pipe 100."""
    if not sys.stdout.isatty():
        return _WIDEST
    columns = shutil.get_terminal_size((_WIDEST, 24)).columns
    return max(_NARROWEST, min(_WIDEST, columns))


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


def table(header: Sequence[str], rows: Sequence[Row], wrap: bool = False) -> str:
    """Return an aligned table; the first column to the left, the others to the right.

    Where it is too wide the widest column is wrapped, but no number is broken: columns for which
    there is no room follow in a second table below.

    Parameters
    ----------
    header, rows : cells; a row that is one text is a title for those that follow
    wrap : align all columns to the left and break long words anywhere
    """
    room = width()
    cells = [list(header), *(list(row) for row in rows if not isinstance(row, str))]
    columns = [[row[place] for row in cells] for place in range(len(header))]
    widths = [max(map(len, column)) for column in columns]
    least = [_least(column, wrap) for column in columns]
    # Names are broken last: they are what the reader looks for.
    least[0] = max(least[0], min(widths[0], 2 * room // 5)) if wrap else min(widths[0], _NAME)
    fit = len(least)
    while fit > 2 and sum(least[:fit]) + _GAP * (fit - 1) > room:
        fit -= 1
    if fit < len(least):
        every = [header, *rows]
        left = [row if isinstance(row, str) else row[:fit] for row in every]
        right = [row if isinstance(row, str) else [row[0], *row[fit:]] for row in every]
        return "\n\n".join(table(part[0], part[1:], wrap) for part in (left, right))
    while sum(widths) > room - _GAP * (len(widths) - 1):
        loose = [wide if wide > low else 0 for wide, low in zip(widths, least, strict=True)]
        if not any(loose):
            break
        widths[loose.index(max(loose))] -= 1
    lines = _lines(header, widths, wrap)
    lines.append((" " * _GAP).join("-" * wide for wide in widths))
    for row in rows:
        if isinstance(row, str):
            lines += ["", *textwrap.wrap(row, room, subsequent_indent="  ")]
        else:
            lines += _lines(row, widths, wrap)
    return "\n".join(line.rstrip() for line in lines)


def _least(column: Sequence[str], breakable: bool) -> int:
    """Return the least width of a column: that of its longest word, or of its longest figure."""
    words = [word for cell in column for word in cell.split()]
    if not breakable:
        return max(map(len, words), default=0)
    figures = max((len(word) for word in words if _FIGURE.fullmatch(word)), default=0)
    return max(figures, min(max(map(len, column)), _NARROW))


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
    return textwrap.fill(text, width(), subsequent_indent="  ")


def bullet(text: str) -> str:
    """Return one wrapped line of a list."""
    return textwrap.fill(text, width(), initial_indent="- ", subsequent_indent="  ")


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
