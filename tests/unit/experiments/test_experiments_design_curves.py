"""Designs of several allocators along a budget, and how they compare."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simran.engine import solve
from simran.errors import ScenarioError
from simran.experiments import design_curves, design_gaps
from simran.scenario import load

CASE, KEY = "paper_blip2_coco", "agents.robot.budget.delay"
BOTH: dict[str, dict[str, Any]] = {
    "exact": {"name": "exact"},
    "four": {"name": "fixed-bits", "options": {"bits": 4}},
}


@pytest.fixture(scope="module")
def designs() -> pd.DataFrame:
    return design_curves(CASE, KEY, [0.2, 1.0, 1.5, 3.5], BOTH)


def test_each_row_is_what_solve_says(designs: pd.DataFrame) -> None:
    for row in designs.to_dict("records"):
        scenario = load(CASE, [f"{KEY}={row['value']}", f"allocator={BOTH[row['label']]}"])
        (agent,) = solve(scenario)["agents"]
        assert row["seed"] == scenario.seed
        for name, value in agent.items():
            missing = value is None
            assert pd.isna(row[name]) if missing else row[name] == value, name


def test_the_order_is_labels_then_values(designs: pd.DataFrame) -> None:
    assert designs["label"].tolist() == ["exact"] * 4 + ["four"] * 4
    assert designs["value"].tolist() == [0.2, 1.0, 1.5, 3.5] * 2
    assert designs["feasible"].tolist() == [False, True, True, True, False, False, True, True]


def test_seeds_draw_and_overrides_hold() -> None:
    drawn = design_curves(
        CASE, KEY, [3.5], {"random": {"name": "random"}},
        ["agents.robot.budget.energy=1.0"], range(20),
    )  # fmt: skip
    assert drawn["seed"].tolist() == list(range(20))
    assert drawn["weight_bits"].nunique() > 1
    assert (drawn["energy_budget_j"] == 1.0).all()
    assert (drawn["energy_j"] <= 1.0 + 1e-9).all()


def test_what_the_language_does_not_have_is_an_error() -> None:
    with pytest.raises(ScenarioError, match="delay"):
        design_curves(CASE, "agents.robot.budget.dealy", [1.0], BOTH)
    with pytest.raises(ScenarioError, match="exact"):
        design_curves(CASE, KEY, [1.0], {"typo": {"name": "exat"}})


def test_gaps_count_by_hand(designs: pd.DataFrame) -> None:
    gaps = design_gaps(designs, "exact")
    four = gaps.loc["four"]
    # At 1.5 s the best design has 5 bits, at 3.5 s 11: one and seven bits fewer, rows of ln(1 + 2^(1-b)).
    ratios = [math.log1p(2.0**-3) / math.log1p(2.0 ** (1 - bits)) for bits in (5, 11)]
    counts = ["designs", "feasible", "equal", "higher", "lower", "beyond"]
    assert four[counts].tolist() == [4, 2, 0, 2, 0, 0]
    assert four["largest_ratio"] == pytest.approx(ratios[1], rel=1e-12)
    assert four["median_ratio"] == pytest.approx(np.mean(ratios), rel=1e-12)
    assert gaps.loc["exact", counts].tolist() == [4, 3, 3, 0, 0, 0]


def test_gaps_see_what_the_reference_cannot(designs: pd.DataFrame) -> None:
    gaps = design_gaps(designs, "four")
    assert gaps.loc["exact", ["feasible", "equal", "lower", "beyond"]].tolist() == [3, 0, 2, 1]
    free = design_curves(CASE, KEY, [3.5], {**BOTH, "server": {"name": "on-server"}})
    server = design_gaps(free, "exact").loc["server"]
    assert server["lower"] == 1
    assert math.isnan(server["largest_ratio"])


def test_gaps_refuse_what_they_cannot_compare(designs: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="reference"):
        design_gaps(designs, "best")
    with pytest.raises(ValueError, match="one agent"):
        design_gaps(pd.concat([designs, designs.assign(agent="robot/1")]), "exact")
