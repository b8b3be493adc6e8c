"""Curves of designs: what is drawn, and where the gaps are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simran.experiments import design_curves
from simran.reports import draw_design_curves, draw_feasible

KEY, VALUES = "agents.robot.budget.delay", [0.2, 1.0, 1.5, 3.5]


@pytest.fixture(scope="module")
def designs() -> pd.DataFrame:
    names = ("fixed-bits", "exact", "sca", "on-server")
    fixed = design_curves("paper_blip2_coco", KEY, VALUES, {it: {"name": it} for it in names})
    random = {"random": {"name": "random"}}
    drawn = design_curves("paper_blip2_coco", KEY, VALUES, random, seeds=range(3))
    return pd.concat([fixed, drawn], ignore_index=True)


@pytest.fixture
def axes() -> Axes:
    return Figure().subplots()


def test_curves_have_gaps_and_never_zeros(axes: Axes, designs: pd.DataFrame) -> None:
    draw_design_curves(axes, designs)
    lines = {str(it.get_label()): np.asarray(it.get_ydata(), dtype=float) for it in axes.lines}
    assert set(lines) == {"fixed-bits", "exact", "sca: the same", "random: mean of 3 draws"}
    assert np.isnan(lines["fixed-bits"]).tolist() == [True, True, True, False]
    assert np.isnan(lines["exact"]).tolist() == [True, False, False, False]
    assert all((it[np.isfinite(it)] > 0.0).all() for it in lines.values())
    mine = designs[(designs["label"] == "random") & (designs["value"] == 3.5)]
    assert lines["random: mean of 3 draws"][-1] == pytest.approx(mine["distortion"].mean())
    assert axes.get_yscale() == "log"
    assert "[" in axes.get_ylabel()


def test_rows_of_dots_are_where_designs_are(axes: Axes, designs: pd.DataFrame) -> None:
    draw_feasible(axes, designs)
    labels = [it.get_text() for it in axes.get_yticklabels()]
    assert labels == ["random", "on-server", "sca", "exact", "fixed-bits"]
    dots = {
        (labels[int(np.asarray(it.get_ydata())[0])], it.get_fillstyle()): len(it.get_xdata())  # type: ignore[arg-type]
        for it in axes.lines
        if len(it.get_xdata())  # type: ignore[arg-type]
    }
    assert dots == {
        ("random", "full"): 3, ("on-server", "none"): 3, ("sca", "full"): 3,
        ("exact", "full"): 3, ("fixed-bits", "full"): 1,
    }  # fmt: skip
