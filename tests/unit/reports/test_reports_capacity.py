"""The table of a search for the capacity, and what it says of overloaded runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from simran.reports import capacity
from simran.reports.capacity import render_capacity


def found(metric: str, overloaded: int) -> dict[str, Any]:
    points = [
        {
            "value": float(count),
            "mean": 0.0,
            "interval": None,
            "replications": 4,
            "overloaded": lost,
            "met": not lost,
            "sure": True,
        }
        for count, lost in ((2, 0), (4, overloaded))
    ]
    it = {"capacity": 2.0, "limited": True, "bracket": [2.0, 4.0], "points": points}
    return {
        "scenario": "toy",
        "seed": 1,
        "vary": "agents.a.count",
        "unit": "",
        "target": f"{metric} <= 0.5",
        "metric": metric,
        "allocators": {"exact": it},
    }


@pytest.mark.parametrize(
    ("metric", "overloaded", "said"),
    [
        ("violation_rate", 0, False),
        ("violation_rate", 4, True),
        ("delay_mean_s", 0, False),
        ("delay_mean_s", 1, True),
    ],
)
def test_what_overloaded_runs_count_as_is_said_where_there_are_any(
    metric: str, overloaded: int, said: bool
) -> None:
    text = " ".join(render_capacity(found(metric, overloaded)).split())
    assert ("an overloaded run misses the target" in text) == said
    assert ("a rate of 1, whatever its own" in text) == (said and metric == "violation_rate")


@pytest.mark.parametrize(
    ("overloaded", "sure", "words"),
    [
        (0, True, set()),
        (2, True, set()),
        (4, True, {"overloaded, counted as 1"}),
        (0, False, {"not sure"}),
        (4, False, {"overloaded, counted as 1", "not sure"}),
    ],
)
def test_the_picture_says_what_its_marks_mean(
    overloaded: int, sure: bool, words: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    drawn = []
    monkeypatch.setattr(capacity, "save_picture", lambda picture, target: drawn.append(picture))
    given = found("violation_rate", overloaded)
    given["allocators"]["exact"]["points"][0]["sure"] = sure
    capacity.draw_capacity(given | {"bound": 0.5}, tmp_path / "it.png")
    texts = {it.get_text() for it in drawn[0].axes[0].get_legend().get_texts()}
    assert texts == {"exact", "violation_rate <= 0.5"} | words
