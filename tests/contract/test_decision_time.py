"""The record of the time of a decision: every allocator, with a reason for what was not measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from simran.allocation import ALLOCATORS

FOUND = json.loads(
    (Path(__file__).parents[2] / "benchmarks/results/decision_time.json").read_text()
)


def own_names() -> list[str]:
    """Return the allocators of simran itself; other tests and packages may register more."""
    return [it for it in ALLOCATORS.names() if ALLOCATORS.load(it).__module__.startswith("simran.")]


def test_every_allocator_has_a_row() -> None:
    assert set(own_names()) <= set(FOUND["rows"])


@pytest.mark.parametrize("name", sorted(FOUND["rows"]))
def test_what_was_not_measured_has_a_reason(name: str) -> None:
    row = FOUND["rows"][name]
    measured = [int(count) for count in row["cpu_s"]]
    assert measured == FOUND["agents"][: len(measured)]
    assert (len(measured) == len(FOUND["agents"])) == (row["ends"] is None)
    assert all(value > 0 for value in row["cpu_s"].values())
