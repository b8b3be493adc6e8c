"""Trace files: one column of numbers from a CSV file."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

from simran.catalog import read_text
from simran.errors import Fault, ScenarioError, hint, shown

__all__ = ["read_trace"]

_MOST_BYTES = 8_000_000
_MOST_VALUES = 1_000_000
_MOST_FAULTS = 20


def read_trace(path: Path, column: str, ascending: bool) -> tuple[float, ...]:
    """Return a column of a CSV file with a header; empty lines are passed over.

    Parameters
    ----------
    path : of the file, of at most 8 MB and a million values
    column : as the header has it
    ascending : whether the values are times, which must not fall; sizes must be above 0

    Raises
    ------
    ScenarioError
        with the line and the column of every value that cannot be used, up to 20 of them
    """
    name = str(path)
    content = io.StringIO(read_text(path, name, _MOST_BYTES), newline="")
    rows = csv.reader(content, skipinitialspace=True)
    values: list[float] = []
    faults: list[Fault] = []
    try:
        header = [title.strip() for title in next(rows, [])]
        if column not in header:
            message = f"has no column {shown(column)}"
            raise ScenarioError([Fault(message, name, 1, 1, "", hint(column, header))])
        place = header.index(column)
        if column in header[place + 1 :]:
            raise ScenarioError([Fault(f"has two columns {shown(column)}", name, 1, 1)])
        least = 0.0 if ascending else math.nextafter(0.0, 1.0)
        for row in rows:
            if not row or (len(row) == 1 and not row[0].strip()):
                continue
            text = row[place] if place < len(row) else ""
            value = _number(text)
            if least <= value < math.inf:
                values.append(value)
                least = value if ascending else least
                if len(values) > _MOST_VALUES:
                    faults.append(
                        Fault(f"holds more than {_MOST_VALUES} values", name, rows.line_num, 1)
                    )
                    break
                continue
            why = _wrong(text.strip() if place < len(row) else None, value, least, ascending)
            faults.append(Fault(why, name, rows.line_num, place + 1, column))
            if len(faults) >= _MOST_FAULTS:
                break
    except csv.Error as error:
        faults.append(Fault(f"is not valid CSV: {error}", name, rows.line_num, 1))
    if not values and not faults:
        faults.append(Fault("has no values", name, 1, 1, column))
    if faults:
        raise ScenarioError(faults)
    return tuple(values)


def _number(text: str) -> float:
    """Return a number, NaN for what is none."""
    try:
        return float(text) if "_" not in text else math.nan
    except ValueError:
        return math.nan


def _wrong(text: str | None, value: float, least: float, ascending: bool) -> str:
    """Return why a value cannot be one."""
    if text is None:
        return "expected a number, found a row that ends before it"
    if math.isnan(value) and "_" not in text and text.lower().strip("+-") != "nan":
        return f"expected a number, found {shown(text)}"
    if not 0.0 <= value < math.inf or not ascending:
        bound = "of at least 0" if ascending else "above 0"
        return f"expected a finite number {bound}, found {shown(text)}"
    return f"expected times in ascending order, found {shown(text)} after {least:g}"
