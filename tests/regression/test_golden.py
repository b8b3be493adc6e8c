"""The shipped scenarios give the numbers they gave before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from regenerate import GOLDEN, current


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(item, f"{path}/{key}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _leaves(item, f"{path}/{place}")
    else:
        yield path, value


def test_the_golden_tables_have_not_moved() -> None:
    before, now = dict(_leaves(json.loads(GOLDEN.read_text()))), dict(_leaves(current()))
    assert list(now) == list(before)
    moved = [path for path, value in now.items() if not _same(value, before[path])]
    assert not moved, f"changed: {moved[:10]}; `make golden` if that is meant"


def _same(now: Any, before: Any) -> bool:
    if isinstance(now, float) and isinstance(before, (int, float)):
        return now == pytest.approx(before, rel=1e-9, abs=1e-15)
    return bool(now == before)
