"""Trace files: one column of numbers from a CSV file."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from simran.catalog import read_text
from simran.errors import Fault, ScenarioError

__all__ = ["read_trace"]


def read_trace(folder: Path, file: str, column: str, ascending: bool) -> tuple[float, ...]:
    """Return a column of a CSV file with a header.

    Parameters
    ----------
    folder : where relative paths start
    file, column : as the scenario has them
    ascending : whether the values are times, which must not fall; sizes must be above 0

    Raises
    ------
    ScenarioError
        with the file and the line of every value that cannot be used
    """
    rows = csv.reader(read_text(folder / file, file).splitlines())
    header = [name.strip() for name in next(rows, [])]
    if column not in header:
        known = ", ".join(header) or "none"
        raise ScenarioError([Fault(f"has no column {column!r}", file, 1, 1, "", f"known: {known}")])
    place = header.index(column)
    values: list[float] = []
    faults: list[Fault] = []
    for line, row in enumerate(rows, start=2):
        if not row:
            continue
        why = _take(row[place] if place < len(row) else "", values, ascending)
        if why:
            faults.append(Fault(why, file, line, 1, column))
    if not values and not faults:
        faults.append(Fault("has no values", file, 1, 1, column))
    if faults:
        raise ScenarioError(faults[:20])
    return tuple(values)


def _take(text: str, values: list[float], ascending: bool) -> str:
    try:
        value = float(text)
    except ValueError:
        return f"expected a number, found {text!r}"
    if not math.isfinite(value) or value < 0.0 or (value == 0.0 and not ascending):
        return (
            f"expected a finite number {'of 0 or more' if ascending else 'above 0'}, found {text!r}"
        )
    if ascending and values and value < values[-1]:
        return f"expected times in ascending order, found {text!r} after {values[-1]:g}"
    values.append(value)
    return ""
