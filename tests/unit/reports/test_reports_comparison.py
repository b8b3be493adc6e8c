"""The picture of a comparison."""

from __future__ import annotations

from typing import Any

import pytest

from simran.reports.comparison import _panel


class _Axes:
    """Takes note of the lines that are drawn across."""

    def __init__(self) -> None:
        self.lines: dict[str, float] = {}

    def plot(self, *args: Any, **more: Any) -> None:
        """Draw nothing."""

    def set_xscale(self, scale: str) -> None:
        """Scale nothing."""

    def axvline(self, x: float, color: str, linestyle: str) -> None:
        self.lines[color] = x


def _found(groups: list[str]) -> dict[str, Any]:
    figures = {it: {"distortion_mean": {"mean": 0.5, "interval95": None}} for it in groups}
    bounds = {"a": 0.1, "b": 0.2, "total": 0.15}
    oracle = {it: {"distortion": bounds[it]} for it in groups}
    return {"groups": groups, "oracle": oracle, "allocators": {"exact": {"figures": figures}}}


@pytest.mark.parametrize(
    ("groups", "lines"),
    [(["a", "b", "total"], {"C0": 0.1, "C1": 0.2}), (["total"], {"black": 0.15})],
)
def test_each_group_is_shown_its_own_bound(groups: list[str], lines: dict[str, float]) -> None:
    axes = _Axes()
    _panel(axes, _found(groups), "distortion_mean")
    assert axes.lines == lines
