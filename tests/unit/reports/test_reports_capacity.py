"""The table of a search for the capacity, and what it says of overloaded runs."""

from __future__ import annotations

from typing import Any

import pytest

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
    assert ("an overloaded run counts as missing the target" in text) == said
    assert ("target of 1, whatever its own" in text) == (said and metric == "violation_rate")
