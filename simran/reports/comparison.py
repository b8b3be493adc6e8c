"""A comparison of allocators as tables and as a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from simran.reports.picture import new_picture, save_picture
from simran.reports.tables import bullet, figure, filled, table

__all__ = ["draw_comparison", "render_comparison"]

_WORTH = "; means of an overloaded run mean nothing"
#: Metrics of the tables and their headings; violation rates are shown in percent.
_COLUMNS = {
    "violation_rate": "viol. %",
    "delay_mean_s": "delay s",
    "delay_p95_s": "p95 s",
    "energy_mean_j": "energy J",
    "total_energy_per_completed_j": "all J",
    "distortion_mean": "distortion",
    "quality_mean": "quality",
    "jain_delay": "Jain delay",
}
_DRAWN = {
    "violation_rate": "violation rate [%]",
    "delay_mean_s": "mean delay [s]",
    "total_energy_per_completed_j": "all energy per completed request [J]",
    "distortion_mean": "mean distortion",
}


def render_comparison(
    found: Mapping[str, Any], wall: Mapping[str, Mapping[str, float]] | None = None
) -> str:
    """Return a comparison as text, at most 100 columns wide: figures, causes, differences.

    Parameters
    ----------
    found : as in ``comparison.json``
    wall : as ``wall`` of the manifest; decision times are left out without it
    """
    parts = [
        "\n".join(map(filled, _headline(found))),
        *(_figures(found, group, wall or {}) for group in found["groups"]),
        _causes(found),
        _differences(found),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(found: Mapping[str, Any]) -> Iterator[str]:
    count = found["replications"]
    yield (
        f"{found['scenario']}, seed {found['seed']}: {count} replication{'s' * (count > 1)} of each allocator"
        " on the same random numbers"
    )
    for label, it in found["allocators"].items():
        bad = {name: times for name, times in it["verdicts"].items() if name != "stable"}
        if bad:
            shown = ", ".join(f"{name.upper()} in {times}" for name, times in bad.items())
            yield f"{label}: {shown} of {count} replications{_WORTH if {*bad} - {'unknown'} else ''}"
        if it["failures"]:
            yield f"{label}: ALLOCATOR FAILED in {it['failures']} decisions"
        if not it["reproducible"]:
            yield f"{label}: NOT REPRODUCIBLE: decisions took the time that they took on this machine"
    if count < 2:
        yield "no intervals from one replication; pass --replications 10"


def _figures(found: Mapping[str, Any], group: str, wall: Mapping[str, Any]) -> str:
    measured = [
        name
        for name in _COLUMNS
        if any(
            it["figures"][group][name]["mean"] is not None for it in found["allocators"].values()
        )
    ]
    bound = found["oracle"][group]
    header = [group, *(_COLUMNS[name] for name in measured)]
    header += ["over oracle"] * (bound["distortion"] is not None)
    header += ["decision ms*"] * bool(wall)
    rows = []
    for label, it in found["allocators"].items():
        row = [label, *(_cell(name, it["figures"][group][name]) for name in measured)]
        if bound["distortion"] is not None:
            ratio = it["oracle_gap"][group]["ratio"]
            row.append("–" if ratio is None else f"{figure(ratio)}×")
        if wall:
            row.append(figure(1e3 * wall[label]["decision_s"], 3))
        rows.append(row)
    text = table(header, rows)
    if bound["feasible"] is not None:
        least = "none" if bound["distortion"] is None else figure(bound["distortion"])
        text += "\n" + filled(
            f"oracle: distortion {least}, every request alone in the system; some design meets both budgets"
            f" there for {100 * bound['feasible']:.4g} % of the sizes"
        )
    if wall:
        text += "\n" + filled("* on this machine's clock; not reproducible, not in comparison.json")
    return text


def _cell(metric: str, value: Mapping[str, Any]) -> str:
    scale = 100.0 if metric == "violation_rate" else 1.0
    if value["mean"] is None:
        return "–"
    text = figure(scale * value["mean"])
    if value["interval95"] is None:
        return text
    low, high = value["interval95"]
    half = scale * (high - low) / 2
    return text if half <= 1e-9 * abs(scale * value["mean"]) else f"{text} ±{figure(half, 2)}"


def _causes(found: Mapping[str, Any]) -> str:
    lines = []
    for label, it in found["allocators"].items():
        causes = sorted(it["causes"]["total"].items(), key=lambda item: (-item[1], item[0]))
        parts = ", ".join(f"{name} {100 * share:.2f} %" for name, share in causes)
        lines.append(bullet(f"{label}: {parts or 'none'}"))
    return "\n".join(["causes of violations, of all requests judged:", *lines])


def _differences(found: Mapping[str, Any]) -> str:
    rows: list[list[str] | str] = []
    for it in found["differences"]:
        scale = 100.0 if it["metric"] == "violation_rate" else 1.0
        spread = it["interval95"]
        rows.append(
            [
                it["allocator"],
                it["group"],
                _COLUMNS[it["metric"]],
                figure(scale * it["mean"]),
                "–"
                if spread is None
                else f"[{figure(scale * spread[0], 3)}, {figure(scale * spread[1], 3)}]",
                "–" if it["relative"] is None else f"{100 * it['relative']:+.3g} %",
                figure(it["p_holm"], 2) + (" *" if it["significant"] else ""),
            ]
        )
    if not rows:
        return ""
    header = ["allocator", "group", "metric", "difference", "95 % interval", "relative", "p (Holm)"]
    family = found["family"]
    note = (
        f"differences to {found['baseline']}, replication by replication; * significant at"
        f" {100 * family['level']:g} % over all {family['tests']} tests together ({family['method']})"
    )
    return f"{table(header, rows)}\n{filled(note)}"


def draw_comparison(found: Mapping[str, Any], target: Path) -> Path | None:
    """Draw means with 95 % intervals, one panel for each quantity; None where matplotlib is missing.

    A dotted line is the least mean distortion that any allocator could reach, the oracle's.

    Parameters
    ----------
    found : as in ``comparison.json``
    target : the picture

    Raises
    ------
    StorageError
        if it cannot be written
    """
    labels = list(found["allocators"])
    height = 1.6 + 0.32 * len(labels) * len(found["groups"])
    picture = new_picture(13.0, height)
    if picture is None:
        return None
    panels = picture.subplots(1, len(_DRAWN), sharey=True)
    for axes, (metric, title) in zip(panels, _DRAWN.items(), strict=True):
        _panel(axes, found, metric)
        dotted = metric == "distortion_mean" and found["oracle"]["total"]["distortion"]
        axes.set(xlabel=title + (" (dotted: the oracle's)" if dotted else ""))
        axes.grid(alpha=0.3)
    panels[0].set_yticks(range(len(labels)), labels)
    panels[0].invert_yaxis()
    if len(found["groups"]) > 1:
        panels[0].legend(fontsize=8)
    return save_picture(picture, target)


def _panel(axes: Any, found: Mapping[str, Any], metric: str) -> None:
    scale = 100.0 if metric == "violation_rate" else 1.0
    groups = found["groups"]
    for number, group in enumerate(groups):
        offset = 0.6 * ((number + 0.5) / len(groups) - 0.5)
        for row, it in enumerate(found["allocators"].values()):
            value = it["figures"][group][metric]
            if value["mean"] is None:
                continue
            low, high = value["interval95"] or (value["mean"], value["mean"])
            axes.plot([scale * low, scale * high], [row + offset] * 2, color=f"C{number}")
            axes.plot(scale * value["mean"], row + offset, "o", color=f"C{number}", markersize=4,
                      label=group if row == 0 else None)  # fmt: skip
    if metric == "distortion_mean" and found["oracle"]["total"]["distortion"]:
        # Of several groups each has a bound of its own; that of the total depends on what was completed.
        for number, group in enumerate(groups if len(groups) == 1 else groups[:-1]):
            bound = found["oracle"][group]["distortion"]
            axes.axvline(bound, color="black" if len(groups) == 1 else f"C{number}", linestyle=":")
        axes.set_xscale("log")
