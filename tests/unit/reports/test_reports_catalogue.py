"""Profiles as tables: the points of a curve are one row."""

from __future__ import annotations

from typing import Any

from simran.reports import render_profiles


def _row(quantity: str, value: Any, source: str = "here") -> dict[str, Any]:
    named = {"name": "m", "description": "a model"}
    return {**named, "quantity": quantity, "value": value, "kind": "measured", "source": source}


def test_the_points_of_a_curve_are_one_row() -> None:
    rows = [
        _row("quality.curves.head.4", 0.5),
        _row("quality.curves.head.8", 0.9),
        _row("quality.curves.tail.4", 0.4),
        _row("blocks.weights.measured.uniform.4", [0.02, 0.01]),
        _row("blocks.weights.measured.uniform.8", [0.002, 0.002]),
        _row("states.1", 7),
        _row("states.2", 8),
    ]
    lines = [" ".join(it.split()) for it in render_profiles(rows).splitlines()]
    assert lines[4].startswith("quality.curves.head at bits 4: 0.5; 8: 0.9 measured")
    assert lines[5].startswith("quality.curves.tail.4 0.4")
    assert lines[6].startswith("blocks.weights.measured.uniform at bits 4: 0.01…0.02; 8: 0.002")
    assert [it for it in lines if it.startswith("states.")] == [
        "states.1 7 measured as above",
        "states.2 8 measured as above",
    ]


def test_points_of_other_sources_stay_apart() -> None:
    rows = [_row("quality.curves.a.4", 0.5), _row("quality.curves.a.8", 0.9, "there")]
    text = render_profiles(rows)
    assert "quality.curves.a.4" in text
    assert "quality.curves.a.8" in text
