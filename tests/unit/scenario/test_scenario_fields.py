"""The kinds of values: what each takes, up to its bounds."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from simran.scenario import fields


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("Whole", 0, 0),
        ("Whole", "7", 7),
        ("Whole", 2.0, 2),
        ("Whole", 2**80 + 1, 2**80 + 1),
        ("Whole", np.int64(5), 5),
        ("Count", 1, 1),
        ("Count", "1e3", 1000),
        ("Count", 10**9, 10**9),
        ("Rate", "unlimited", math.inf),
        ("Rate", "1 Mbit/s", 1e6),
        ("Share", 0, 0.0),
        ("Share", 0.999, 0.999),
        ("Efficiency", 1, 1.0),
        ("Exponent", 10, 10.0),
        ("Overhead", 1, 1.0),
        ("Variation", 0.001, 0.001),
        ("Variation", 100, 100.0),
        ("SecondsOrZero", 0, 0.0),
        ("NumberOrZero", 0, 0.0),
        ("Number", -3, -3.0),
        ("Memory", "1 KiB", 1024.0),
        ("Data", "1 KiB", 8192.0),
        ("Energy", "1 mJ", 1e-3),
        ("Flag", False, False),
        ("Name", 2024, "2024"),
        ("Name", "vision-encoder/39", "vision-encoder/39"),
        ("Name", "Zürich", "Zürich"),
        ("Text", "two\nlines", "two\nlines"),
        ("Text", "", ""),
        ("Text", 1.5, "1.5"),
    ],
)
def test_taken(kind: str, value: Any, expected: Any) -> None:
    found = TypeAdapter(getattr(fields, kind)).validate_python(value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        ("Whole", -1, "expected at least 0, found -1"),
        ("Whole", 1.5, "expected a whole number, found 1.5"),
        ("Whole", True, "expected a whole number, found true"),
        ("Whole", None, "expected a whole number, found nothing"),
        ("Whole", math.inf, "expected a whole number, found inf"),
        ("Whole", "3 s", "expected a whole number, found '3 s'"),
        ("Count", 0, "expected at least 1, found 0"),
        ("Count", 10**9 + 1, "expected at most 1000000000, found 1000000001"),
        ("Rate", 0, "expected above 0, found 0"),
        ("Rate", "unlimted", "expected a data rate such as '100 Mbit/s', found 'unlimted'"),
        ("Rate", math.inf, "finite"),
        ("Share", 1, "expected at least 0 and below 1, found 1"),
        ("Share", -0.1, "expected at least 0 and below 1, found -0.1"),
        ("Efficiency", 0, "expected above 0 and at most 1, found 0"),
        ("Efficiency", 1.1, "expected above 0 and at most 1, found 1.1"),
        ("Exponent", 1, "expected above 1 and at most 10, found 1"),
        ("Exponent", 11, "expected above 1 and at most 10, found 11"),
        ("Overhead", 0.99, "expected at least 1, found 0.99"),
        ("Variation", 0, "expected at least 0.001 and at most 100, found 0"),
        ("Variation", 101, "expected at least 0.001 and at most 100, found 101"),
        ("PositiveNumber", 0, "expected above 0, found 0"),
        ("NumberOrZero", -1, "expected at least 0, found -1"),
        ("Seconds", "0 s", "expected above 0, found '0 s'"),
        ("SecondsOrZero", "-1 s", "expected at least 0, found '-1 s'"),
        ("Frequency", "0 Hz", "expected above 0, found '0 Hz'"),
        ("Power", "-1 W", "expected at least 0, found '-1 W'"),
        ("Energy", "0 J", "expected above 0, found '0 J'"),
        ("Joules", "-1 J", "expected at least 0, found '-1 J'"),
        ("Data", "0 B", "expected above 0, found '0 B'"),
        ("Memory", "-1 B", "expected above 0, found '-1 B'"),
        ("Flops", "0 FLOP", "expected above 0, found '0 FLOP'"),
        ("Flag", "off", "expected true or false, found 'off'"),
        ("Flag", 1, "expected true or false, found 1"),
        ("Flag", "true", "expected true or false, found 'true'"),
        ("Name", "", "expected a name"),
        ("Name", " a", "expected a name"),
        ("Name", "a\nb", "expected a name"),
        ("Name", "a\x1b[2J", "expected a name"),
        ("Name", "a\u202eb", "expected a name"),
        ("Name", True, "expected a text, found true"),
        ("Name", None, "expected a text, found nothing"),
        ("Text", ["a"], "expected a text, found a list of 1"),
    ],
)
def test_refused(kind: str, value: Any, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(getattr(fields, kind)).validate_python(value)
    assert words in str(caught.value)
