"""Curves of designs along a budget, as ``simran.experiments.design_curves`` returns them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["draw_design_curves", "draw_feasible"]

#: Okabe and Ito's colours, which the colour-blind can tell apart; the markers are for print in grey.
_COLOURS = ("#0072B2", "#56B4E9", "#D55E00", "#E69F00", "#009E73", "#CC79A7", "#999999")
_MARKERS = ("v", "^", "d", "D", "x", "s", "+")
_MARKED = 18  # points with a marker on a curve, about


def draw_design_curves(axes: Axes, designs: pd.DataFrame, reference: str = "exact") -> None:
    """Draw distortion against the value that was varied, one curve for each label.

    The reference is a thick line, with its lower and upper bound as a band; a label that coincides
    with it everywhere is drawn as circles on it. With several seeds a curve is the mean of the
    feasible draws. Gaps are where a label has no feasible design; a distortion of 0 has no place on
    the logarithmic axis, so labels that have no other are not drawn.

    Parameters
    ----------
    axes : to draw on
    designs : of one agent
    reference : label of the allocator that the others are compared with
    """
    best = _curve(designs, reference, "distortion")
    low, high = (_curve(designs, reference, f"distortion_{it}") for it in ("lower", "upper"))
    axes.fill_between(
        best.index, low, high, color="0.87", step="post", label=f"{reference}: bounds"
    )
    shown = 0
    for label in dict.fromkeys(designs["label"]):
        found = _curve(designs, label, "distortion")
        if label == reference or not (found > 0.0).any():
            continue
        every = max(1, round(len(found) / _MARKED))
        if np.allclose(found, best.reindex(found.index), rtol=1e-9, atol=0.0, equal_nan=True):
            axes.plot(found.index, found, "o", color="black", fillstyle="none", markevery=every,
                      label=f"{label}: the same", zorder=4)  # fmt: skip
            continue
        drawn = designs.loc[designs["label"] == label, "seed"].nunique()
        axes.plot(found.index, found, color=_COLOURS[shown % len(_COLOURS)], fillstyle="none",
                  marker=_MARKERS[shown % len(_MARKERS)], markevery=every, linewidth=1.3,
                  label=label if drawn == 1 else f"{label}: mean of {drawn} draws",
                  drawstyle="steps-post" if drawn == 1 else "default")  # fmt: skip
        shown += 1
    axes.plot(
        best.index, best, "k", linewidth=2.2, drawstyle="steps-post", label=reference, zorder=3
    )
    axes.set(yscale="log", ylabel="distortion [weight unit per weight]")
    axes.grid(alpha=0.3)


def draw_feasible(axes: Axes, designs: pd.DataFrame) -> None:
    """Draw a row of dots for each label where it has a feasible design; open ones where D is 0.

    Parameters
    ----------
    axes : to draw on
    designs : of one agent
    """
    labels = list(dict.fromkeys(designs["label"]))[::-1]
    for row, label in enumerate(labels):
        found = _curve(designs, label, "distortion").dropna()
        free = found == 0.0
        for some, fill in ((found[~free], "full"), (found[free], "none")):
            axes.plot(some.index, np.full(len(some), row), "o", color="0.25", markersize=3,
                      fillstyle=fill)  # fmt: skip
    axes.set_yticks(range(len(labels)), labels, fontsize=8)
    low, high = designs["value"].min(), designs["value"].max()
    margin = 0.02 * (high - low)  # budgets without any design are shown as the gap that they are
    axes.set(xlim=(low - margin, high + margin), ylim=(-0.7, len(labels) - 0.3), ylabel="feasible")
    axes.grid(axis="x", alpha=0.3)


def _curve(designs: pd.DataFrame, label: str, column: str) -> pd.Series[float]:
    """Return a figure by value, the mean over draws; NaN where none is feasible."""
    mine = designs[designs["label"] == label]
    mean: pd.Series[float] = mine[column].where(mine["feasible"]).groupby(mine["value"]).mean()
    return mean
