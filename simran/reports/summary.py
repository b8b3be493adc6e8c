"""The summary of a run as a page of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simran.reports.tables import bullet, figure, filled, table

__all__ = ["render_summary"]


def render_summary(summary: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """Return the summary: the verdict and the violations first, at most 100 columns wide.

    Parameters
    ----------
    summary, manifest : as in ``summary.json`` and ``manifest.json``
    """
    parts = [
        "\n".join(map(filled, _headline(summary, manifest))),
        _groups(summary),
        *_replications(summary),
        _stations(summary["stations"]),
        _energy(summary["energy"]),
        "\n".join(_invariants(summary)),
        *_lists(summary),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(summary: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[str]:
    verdict = str(summary["verdict"]).upper()
    total = summary["total"]
    status = manifest.get("status", "complete")
    yield (
        f"{verdict}: {summary['name']}, seed {summary['seed']}, {figure(summary['end_s'])} s simulated"
        + ("" if status == "complete" else f" ({status})")
    )
    violations = total["violations"]
    rate = total["violation_rate"]
    if rate is None:
        yield "violations: no deadline fell into the run"
    else:
        yield (
            f"violations: {100 * rate:.2f} % of {violations['judged']} requests"
            f"{_causes(violations['causes'], violations['judged'])}"
        )
    energy = summary["energy"]
    yield (
        f"energy per completed request: {figure(energy['total_per_completed_j'])} J in all,"
        f" {figure(energy['budgeted_per_completed_j'])} J of it budgeted"
    )


def _causes(causes: Mapping[str, int], judged: int) -> str:
    ordered = sorted(causes.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{name} {100 * count / judged:.2f} %" for name, count in ordered]
    return f" (cause: {', '.join(parts)})" if parts else ""


def _groups(summary: Mapping[str, Any]) -> str:
    groups = dict(summary["groups"])
    if len(groups) > 1:
        groups["total"] = summary["total"]
    rows = []
    for name, group in groups.items():
        rate = group["violation_rate"]
        delay, energy, distortion = group["delay_s"], group["energy_j"], group["distortion"]
        rows.append(
            [
                name,
                figure(group["completed"]),
                figure(group["arrivals"]),
                figure(delay["mean"]) + _spread(delay),
                figure(delay["p95"]),
                figure(delay["p99"]),
                figure(energy["mean"]),
                figure(distortion["mean"]),
                figure(group["quality_mean"]),
                "–" if rate is None else f"{100 * rate:.2f}",
            ]
        )
    header = ["group", "done", "arrived", "delay s", "p95 s", "p99 s", "energy J", "distortion"]
    text = table([*header, "quality", "viol. %"], rows)
    short = [name for name, group in groups.items() if group["delay_s"]["interval95"] is None]
    if short:
        text += "\n" + filled(
            f"no interval of the mean delay for {', '.join(short)}: run too short"
        )
    return text


def _spread(quantity: Mapping[str, Any]) -> str:
    interval = quantity["interval95"]
    return "" if interval is None else f" ±{figure((interval[1] - interval[0]) / 2, 2)}"


def _replications(summary: Mapping[str, Any]) -> Iterator[str]:
    found = summary.get("replications")
    if not found:
        return
    rows = []
    for name, metrics in found["groups"].items():
        for metric, value in metrics.items():
            interval = value["interval95"]
            spread = "–" if interval is None else f"[{figure(interval[0])}, {figure(interval[1])}]"
            rows.append([name, metric, figure(value["mean"]), spread])
    header = ["group", "quantity", "mean", "95 % interval"]
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in found["verdicts"].items())
    title = f"over {found['count']} replications: {verdicts} (the tables show the first)"
    yield f"{title}\n{table(header, rows)}"


def _stations(stations: Mapping[str, Any]) -> str:
    rows = [
        [
            name,
            figure(station["utilisation"], 3),
            figure(station["offered_load"], 3),
            figure(station["mean_in_system"], 3),
            figure(station["end_backlog_s"], 3),
            station["verdict"],
        ]
        for name, station in stations.items()
    ]
    header = ["station", "utilisation", "offered load", "in system", "end backlog s", "verdict"]
    return table(header, rows)


def _energy(energy: Mapping[str, Any]) -> str:
    states = ("idle_j", "static_j", "dynamic_j", "switching_j", "transmit_j", "total_j")
    rows = [
        [name, *(figure(device[state]) for state in states)]
        for name, device in energy["devices"].items()
    ]
    header = ["device", *(state.replace("_j", " J") for state in states)]
    return table(header, rows)


def _invariants(summary: Mapping[str, Any]) -> Iterator[str]:
    broken = [it for it in summary["invariants"] if not it["held"]]
    for invariant in broken:
        yield filled(f"INVARIANT BROKEN: {invariant['name']} ({invariant['detail']})")
    if not broken:
        names = ", ".join(it["name"] for it in summary["invariants"])
        yield filled(f"invariants held: {names}")
    decisions = summary["decisions"]
    if decisions["refused"]:
        yield f"REFUSED: {decisions['refused']} of {decisions['count']} decisions were impossible"
        yield from (bullet(text) for text in decisions["refusals"][:3])


def _lists(summary: Mapping[str, Any]) -> Iterator[str]:
    for title, key in (("rests on assumed inputs", "assumed"), ("notes", "notes")):
        if summary[key]:
            yield "\n".join([f"{title}:", *(bullet(text) for text in summary[key])])
