"""Data with places: key paths, faults, copies."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from simran.catalog import Document, Mark, dotted, key_path, parse_document, plain


def test_key_paths_are_written_and_read() -> None:
    for path in [(), ("a",), ("a", 0), ("a", "b", 1, 2, "c-d"), ("network", "links", 0, "rate")]:
        assert key_path(dotted(path)) == path
    assert (
        dotted(("a", "two\nlines", "", "x" * 100)) == f"a.'two\\nlines'.''.{'x' * 60!r}"[:-1] + "…'"
    )


def test_a_fault_stands_at_the_nearest_thing_that_was_written() -> None:
    document = parse_document("a:\n  b: 1\n", "f")
    assert document.mark(("a", "b", "c", 3)) == Mark("f", 2, 3)
    assert document.mark(("z",)) == Mark("f", 1, 1)
    fault = document.fault(("a", "c"), "is missing", "add it")
    assert str(fault) == "f:1:1: a.c: is missing (add it)"
    assert Document({}).mark(("a",)) == Mark("", 0, 0)


def test_below_and_forget() -> None:
    document = parse_document("a: {b: [1, 2]}\nc: 3\n", "f")
    below = dict(document.below(("a", "b")))
    assert set(below) == {(), (0,), (1,)}
    document.forget(("a", "b"))
    assert set(document.marks) == {(), ("a",), ("c",)}


def test_plain_data_is_copied_and_pythonic() -> None:
    given = MappingProxyType(
        {
            "count": np.int64(3),
            "rate": np.float32(0.5),
            "part": Fraction(1, 2),
            "path": Path("a/b.yaml"),
            "flag": True,
            "none": None,
            4: (1, "x"),
        }
    )
    copy = plain(given)
    assert copy == {
        "count": 3,
        "rate": 0.5,
        "part": 0.5,
        "path": str(Path("a/b.yaml")),
        "flag": True,
        "none": None,
        "4": [1, "x"],
    }
    assert [type(it) for it in copy.values()] == [int, float, float, str, bool, type(None), list]


def _endless() -> dict[str, Any]:
    data: dict[str, Any] = {}
    data["self"] = data
    return data


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": {1, 2}}, r"expected numbers, texts, lists and mappings, found \{1, 2\}"),
        ({"a": object()}, "expected numbers, texts"),
        ({"a": b"x"}, "expected numbers, texts"),
        ({None: 1}, "expected a text as a key, found nothing"),
        ({True: 1}, "expected a text as a key, found true"),
        ({"a": np.array([1, 2])}, "expected numbers, texts"),
        (_endless(), "nested more than 60 deep"),
    ],
)
def test_what_is_no_plain_data(value: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        plain(value)
