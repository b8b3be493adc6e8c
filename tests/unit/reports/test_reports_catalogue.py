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
        "states.1 7 measured [1]",
        "states.2 8 measured [1]",
    ]


def test_features_of_other_bits_are_a_curve_too() -> None:
    rows = [
        _row("blocks[4].feature_distortion.2", 5.0),
        _row("blocks[4].feature_distortion.16", 1.0),
    ]
    text = " ".join(render_profiles(rows).split())
    assert "blocks[4].feature_distortion at bits 2: 5; 16: 1 measured" in text


def test_each_source_is_told_once_below_the_table_and_no_path_is_broken() -> None:
    path = "benchmarks/results/output_of-a-model-with-a-long-name.json"
    long = f"{path}: " + "a word or two on how it was measured, " * 4 + path
    rows = [_row("a", 1, long), _row("b", 2, "there"), _row("c", 3, long), _row("d", 4, "")]
    table, below = render_profiles(rows).split("\n\n")[1:]
    assert [line.split()[2:] for line in table.splitlines()[2:]] == [
        ["measured", "[1]"],
        ["measured", "[2]"],
        ["measured", "[1]"],
        ["measured"],
    ]
    assert " ".join(below.split()) == f"[1] {long} [2] there"
    assert below.count(path) == 2
    assert max(map(len, below.splitlines())) <= 100


def test_points_of_other_sources_stay_apart() -> None:
    rows = [_row("quality.curves.a.4", 0.5), _row("quality.curves.a.8", 0.9, "there")]
    text = render_profiles(rows)
    assert "quality.curves.a.4" in text
    assert "quality.curves.a.8" in text
