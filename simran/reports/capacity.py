"""How much a system carries, as a table and as a picture of the knee."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from simran.reports.picture import new_picture, save_picture
from simran.reports.tables import bullet, figure, filled, table

__all__ = ["draw_capacity", "render_capacity"]


def render_capacity(found: Mapping[str, Any]) -> str:
    """Return the capacities, and every point tried, as text.

    Parameters
    ----------
    found : as in ``capacity.json``
    """
    unit = f" {found['unit']}" if found["unit"] else ""
    lines = [
        f"{found['scenario']}, seed {found['seed']}: largest {found['vary']} with {found['target']}"
    ]
    lines += [bullet(f"{name}: {_answer(it, unit)}") for name, it in found["allocators"].items()]
    rows = [
        [
            name,
            figure(point["value"]),
            figure(point["mean"]),
            "–" if point["interval"] is None else _ends(point["interval"]),
            str(point["replications"]),
            str(point["overloaded"]),
            ("met" if point["met"] else "missed") + ("" if point["sure"] else ", not sure"),
        ]
        for name, it in found["allocators"].items()
        for point in sorted(it["points"], key=lambda point: point["value"])
    ]
    last = found["vary"].rpartition(".")[2]
    header = ["allocator", last + unit, found["metric"], "interval", "runs", "overloaded", "target"]
    note = (
        "the intervals of one allocator miss with probability 5 % at most, all looks and points together;"
        " a point is not sure where the replications ran out with the bound inside"
    )
    notes = [note, *_overload(found)]
    return "\n".join([*map(filled, lines), "", table(header, rows), *map(filled, notes)]) + "\n"


def _overload(found: Mapping[str, Any]) -> Iterator[str]:
    """Say what stands in the table in the place of figures that mean nothing."""
    points = [point for it in found["allocators"].values() for point in it["points"]]
    if any(point["overloaded"] for point in points):
        worth = "; it counts as a rate of 1, whatever its own" * (
            found["metric"] == "violation_rate"
        )
        yield f"an overloaded run misses the target, since its queues grow as long as it lasts{worth}"


def _answer(it: Mapping[str, Any], unit: str) -> str:
    if it["capacity"] is None:
        least = min(point["value"] for point in it["points"])
        return f"none: the target is missed at {figure(least)}{unit} already"
    if not it["limited"]:
        return f"at least {figure(it['capacity'])}{unit}, where the search ended"
    low, high = it["bracket"]
    ends = [f"from {figure(low)}"] * (low is not None) + [f"below {figure(high)}"] * (
        high is not None
    )
    within = f"with 95 % {' and '.join(ends)}" if ends else "no point is sure"
    return f"{figure(it['capacity'])}{unit} ({within})"


def _ends(ends: list[float]) -> str:
    return f"[{figure(ends[0], 3)}, {figure(ends[1], 3)}]"


def draw_capacity(found: Mapping[str, Any], target: Path) -> Path | None:
    """Draw the target's figure against what was varied, with intervals; None where matplotlib is missing.

    Open marks are points that are not sure, a cross one where most runs were overloaded, a dashed line the
    capacity.

    Parameters
    ----------
    found : as in ``capacity.json``
    target : the picture

    Raises
    ------
    StorageError
        if it cannot be written
    """
    picture = new_picture(7.5, 4.5)
    if picture is None:
        return None
    axes = picture.subplots()
    for number, (name, it) in enumerate(found["allocators"].items()):
        _curve(axes, name, it, f"C{number % 10}")
    axes.axhline(found["bound"], color="black", linewidth=1.0, label=found["target"])
    bounded = found["metric"] == "violation_rate"
    for mark, (fill, meaning) in _marks(found, bounded).items():
        axes.plot([], [], mark, color="black", fillstyle=fill, label=meaning)
    if bounded:
        axes.set_ylim(-0.02, 1.02)
    else:
        axes.set_yscale("log")
    unit = f" [{found['unit']}]" if found["unit"] else ""
    axes.set(xlabel=found["vary"] + unit, ylabel=found["metric"])
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    return save_picture(picture, target)


def _marks(found: Mapping[str, Any], bounded: bool) -> dict[str, tuple[str, str]]:
    """Return the marks that need a word, where there are any: how they are filled, and the word."""
    points = [point for it in found["allocators"].values() for point in it["points"]]
    marks = {}
    if not all(point["sure"] for point in points):
        marks["o"] = "none", "not sure"
    if any(_lost(point) for point in points):
        marks["x"] = "full", "overloaded" + ", counted as 1" * bounded
    return marks


def _lost(point: Mapping[str, Any]) -> bool:
    return bool(2 * point["overloaded"] > point["replications"])


def _curve(axes: Any, name: str, it: Mapping[str, Any], color: str) -> None:
    known = [point for point in it["points"] if point["mean"] is not None]
    known.sort(key=lambda point: point["value"])
    values, means = ([point[key] for point in known] for key in ("value", "mean"))
    axes.plot(values, means, color=color, linewidth=1.0, label=name)
    for point in known:
        lost = _lost(point)
        axes.plot(point["value"], point["mean"], "x" if lost else "o", color=color,
                  fillstyle="full" if point["sure"] else "none")  # fmt: skip
        if point["interval"] is not None and not lost:
            axes.plot([point["value"]] * 2, point["interval"], color=color, alpha=0.5)
    if it["capacity"] is not None:
        axes.axvline(it["capacity"], color=color, linestyle="--", linewidth=1.0)
