"""The summary of a run as a page of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simran.reports.tables import bullet, figure, filled, table

__all__ = ["render_summary"]

_MANY = 0.1  # share of violations from which a sound verdict needs a word
_VERDICTS = {"unknown": "NO VERDICT"}
_WAITING = frozenset({"agent_wait", "uplink", "backhaul", "server_wait", "downlink"})


def render_summary(summary: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    """Return the summary: the verdict and the violations first, at most 100 columns wide.

    Parameters
    ----------
    summary, manifest : as in ``summary.json`` and ``manifest.json``
    """
    parts = [
        "\n".join(map(filled, _headline(summary, manifest))),
        *_replications(summary),
        _groups(summary),
        _designs(summary.get("designs")),
        _stations(summary["stations"]),
        _energy(summary["energy"]),
        "\n".join(_invariants(summary)),
        *_lists(summary),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(summary: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[str]:
    verdict = _VERDICTS.get(summary["verdict"], str(summary["verdict"]).upper())
    total = summary["total"]
    status = manifest.get("status", "complete")
    yield from _failures(summary)
    yield (
        f"{verdict}: {summary['name']}, seed {summary['seed']}, {figure(summary['end_s'])} s simulated"
        + ("" if status == "complete" else f" ({status})")
    )
    over = summary.get("replications")
    if over:
        verdicts = ", ".join(f"{count} {name}" for name, count in over["verdicts"].items())
        asked = over["asked"]
        ended = "" if over["count"] == asked else f" of {asked}, the others were interrupted"
        yield f"{over['count']} replications{ended}: {verdicts}; means with 95 % intervals over them below"
    violations = total["violations"]
    rate = total["violation_rate"]
    first = "in the first one, " if over else ""
    if rate is None:
        yield f"violations: {first}no deadline fell into the run"
    else:
        yield (
            f"violations: {first}{_percent(rate)} of {violations['judged']} requests whose deadline fell"
            f" into the run{_causes(violations['causes'], violations['judged'])}"
        )
        yield from _advice(str(summary["verdict"]), rate, violations["causes"])
    if not summary["decisions"].get("reproducible", True):
        yield "NOT REPRODUCIBLE: figures depend on how long decisions took on this machine"
    yield from _floors(summary, manifest)
    energy = summary["energy"]
    yield (
        f"energy per completed request: {first}{figure(energy['total_per_completed_j'])} J in all,"
        f" {figure(energy['budgeted_per_completed_j'])} J of it budgeted (whole run, warm-up included)"
    )


def _floors(summary: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[str]:
    """Name the groups whose quality is below their floor on average: no violation counts it."""
    agents = manifest.get("scenario", {}).get("agents", {})
    for name, group in summary["groups"].items():
        floor = agents.get(name, {}).get("quality_floor")
        if floor is None or not group["completed"]:
            continue
        mean = group["quality_mean"]
        if mean is None or mean < float(floor) - 1e-9 * abs(float(floor)):
            found = "not known" if mean is None else f"{figure(mean)} on average"
            yield (
                f"quality floor missed: {name} asks for {figure(float(floor))}, and its quality is {found};"
                " violations count delay and energy only"
            )


def _advice(verdict: str, rate: float, causes: Mapping[str, int]) -> Iterator[str]:
    """Say what a verdict does not mean, where the queues are sound and the budgets are not met."""
    if verdict != "stable" or rate < _MANY or not causes:
        return
    cause = min(causes, key=lambda name: (-causes[name], name))
    about = "stable means that no queue grows, not that budgets are met; "
    if cause == "design":
        yield (
            about
            + "most misses are of designs that are over budget from the start: see below what stops them"
        )
    elif cause == "dropped":
        yield (
            about
            + "most misses are requests that were refused on arrival: see below what stops a design"
        )
    elif cause in _WAITING:
        yield about + (
            f"most misses come from waits beyond the plan ({cause}), for which allocator.headroom"
            " keeps a part of the delay budget"
        )


def _causes(causes: Mapping[str, int], judged: int) -> str:
    ordered = sorted(causes.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{name} {_percent(count / judged)}" for name, count in ordered]
    return f" (cause: {', '.join(parts)})" if parts else ""


def _percent(part: float) -> str:
    """Return a part in percent, of which little does not read as none."""
    return f"{100 * part:.2f} %" if part == 0 or part >= 5e-5 else "below 0.01 %"


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


def _designs(designs: Mapping[str, Any] | None) -> str:
    if not designs:
        return ""
    rows = []
    for name, group in designs["groups"].items():
        clocks = ("agent_frequency_hz", "server_frequency_hz")
        rows.append(
            [
                name,
                ", ".join(group["cuts"]),
                _range(group["weight_bits"], 1.0),
                *(_range(group[clock], 1e-9) for clock in clocks),
                str(group["changes"]),
                str(group["infeasible"]),
            ]
        )
    header = ["group", "designed by " + designs["allocator"], "bits", "agent GHz", "server GHz"]
    text = table([*header, "designs", "infeasible"], rows)
    stops = [
        bullet(f"{name}: {reason}")
        for name, group in designs["groups"].items()
        for reason in group.get("reasons", group["binding"])
    ]
    return "\n".join([text, "what stops a better design:", *stops])


def _range(ends: Sequence[float] | None, scale: float) -> str:
    if ends is None:
        return "–"
    low, high = (figure(end * scale) for end in ends)
    return low if low == high else f"{low}…{high}"


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
    yield f"over {found['count']} replications\n{table(header, rows)}\n\nwhat follows is the first one's"


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
    yield from _loads(summary.get("switching", {}))


def _failures(summary: Mapping[str, Any]) -> Iterator[str]:
    """Say loudly what the allocator did amiss: the figures are not of its designs alone."""
    decisions = summary["decisions"]
    if not decisions["refused"]:
        return
    kinds = ", ".join(f"{kind} {count}" for kind, count in decisions["failures"].items())
    yield filled(
        f"ALLOCATOR FAILED in {decisions['refused']} of {decisions['count']} decisions ({kinds}); the design"
        " before stayed in force, or on_violation did where there was none"
    )
    yield from (bullet(text) for text in decisions["refusals"][:3])


def _loads(switching: Mapping[str, Any]) -> Iterator[str]:
    """Say what it took to load weights for changed designs."""
    for name, it in switching.items():
        if it["weight_loads"]:
            yield (
                f"{name}: weights were loaded {it['weight_loads']} times, in {figure(it['loading_s'])} s"
                f" and {figure(it['loading_j'])} J"
            )


def _lists(summary: Mapping[str, Any]) -> Iterator[str]:
    for title, key in (("rests on assumed inputs", "assumed"), ("notes", "notes")):
        if summary[key]:
            yield "\n".join([f"{title}:", *(bullet(text) for text in summary[key])])
