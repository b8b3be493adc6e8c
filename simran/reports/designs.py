"""Designs and checks as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simran.reports.tables import bullet, figure, filled, table

__all__ = ["render_checks", "render_design", "render_verdicts"]

_DELAYS = (
    ("agent", "agent_s"),
    ("uplink", "uplink_s"),
    ("links to the server", "backhaul_s"),
    ("server", "server_s"),
    ("links back", "return_link_s"),
    ("downlink", "downlink_s"),
)
_WAITS = (
    ("wait at the agent", "agent_wait_s"),
    ("wait in the cell", "uplink_wait_s"),
    ("wait at the server", "server_wait_s"),
    ("decision", "decision_s"),
)
_ENERGIES = (("agent", "agent_j"), ("sending", "transmit_j"), ("server", "server_j"))


def render_design(design: Mapping[str, Any]) -> str:
    """Return what ``simran solve`` found; agents with the same design are shown once."""
    feasible = "feasible" if design["feasible"] else "NOT FEASIBLE for at least one agent"
    lines = [
        f"{design['scenario']}: {design['allocator']}, {feasible},"
        f" objective {figure(design['objective'])}",
        f"assumes {design['assumes']}",
        *([design["remark"]] if design.get("remark") else []),
    ]
    known: dict[str, list[Mapping[str, Any]]] = {}
    for agent in design["agents"]:
        key = repr([value for name, value in agent.items() if name != "agent"])
        known.setdefault(key, []).append(agent)
    return (
        "\n\n".join(["\n".join(map(filled, lines)), *(_agents(alike) for alike in known.values())])
        + "\n"
    )


def _bounds(one: Mapping[str, Any]) -> str:
    """Return the bounds of a distortion, as far as there are any."""
    low, high = one["distortion_lower"], one["distortion_upper"]
    if low is None and high is None:
        return ""
    if high is None:
        return f" (at least {figure(low)})"
    return f", between {figure(low)} and {figure(high)}"


def _variant(one: Mapping[str, Any]) -> str:
    """Return what is pruned of the agent's weights, and how the features are sent."""
    ratio, bits = one["pruning_ratio"], one["feature_bits"]
    pruned = f", {100 * ratio:.3g} % pruned" if ratio else ""
    return pruned + (f", features of {bits:g} bits" if bits is not None else "")


def _agents(alike: Sequence[Mapping[str, Any]]) -> str:
    one = alike[0]
    name = str(one["agent"]) if len(alike) == 1 else f"{one['agent']} and {len(alike) - 1} like it"
    if one["placement"] is None:
        return filled(f"{name}: refused ({one['fallback']}); {one['reason']}")
    cut = one["placement"] + (f", split after {one['split']}" if one["split"] else "")
    cut += _variant(one)
    head = [
        f"{name}: {cut}",
        f"bits {figure(one['weight_bits'])}, agent {_hz(one['agent_frequency_hz'])},"
        f" server {_hz(one['server_frequency_hz'])}"
        + _share("cell" + "'s band" * (one["cell_sharing"] == "frequency"), one["bandwidth_share"])
        + _share("server", one["server_share"]),
        f"distortion {figure(one['distortion'])}{_bounds(one)}, quality {figure(one['quality'])}"
        + (
            f" of at least {figure(one['quality_floor'])}"
            if one["quality_floor"] is not None
            else ""
        ),
        f"{_feasible(one)}{one['reason']}"
        + (f"; fallback: {one['fallback']}" if one["fallback"] else ""),
    ]
    waits = [(label, key) for label, key in _WAITS if one[key]]
    rows = [[label, figure(one[key]), ""] for label, key in (*_DELAYS, *waits)]
    rows.append(["delay", figure(one["delay_s"]), figure(one["delay_planned_for_s"])])
    energies = [[label, figure(one[key]), ""] for label, key in _ENERGIES]
    energies.append(["energy", figure(one["energy_j"]), figure(one["energy_budget_j"])])
    return "\n".join(
        [
            *map(filled, head),
            table(["delay", "s", "planned for"], rows),
            table(["energy", "J", "budget"], energies),
            f"slack {figure(one['delay_slack_s'])} s, {figure(one['energy_slack_j'])} J",
        ]
    )


def _feasible(one: Mapping[str, Any]) -> str:
    """Return whether a design meets its budgets, and whether it needs what was kept for queues."""
    if not one["feasible"]:
        return "NOT FEASIBLE: "
    slack_s = one["delay_slack_s"]
    into = " with part of the headroom" if slack_s is not None and slack_s < 0 else ""
    return f"feasible{into}; no better one: "


def _hz(value: float | None) -> str:
    return "–" if value is None else f"{figure(value / 1e9)} GHz"


def _share(what: str, value: float | None) -> str:
    return "" if value is None else f", share of the {what} {figure(value)}"


def render_checks(checks: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of ``simran verify``, and how many checks passed."""
    rows = [
        [
            str(check["name"]),
            figure(check["expected"], 6),
            figure(check["got"], 6),
            figure(check["tolerance"], 2),
            str(check["verdict"]),
        ]
        for check in checks
    ]
    passed = sum(check["verdict"] == "passed" for check in checks)
    text = table(["check", "expected", "got", "tolerance", "verdict"], rows)
    return f"{text}\n\n{passed} of {len(checks)} passed\n"


def render_verdicts(verdict: Mapping[str, Any]) -> str:
    """Return the conformance check of an allocator: where it comes from, and what holds."""
    where = verdict["origin"]
    # A file's module has a name that nobody gave it.
    module, _, name = str(where["class"]).rpartition(".")
    named = name if module.startswith("simran_own_") else where["class"]
    told = [named, *(where[key] for key in ("file", "package") if key in where)]
    rows = [[it["name"], "passed" if it["passed"] else "FAILED"] for it in verdict["checks"]]
    failed = [it for it in verdict["checks"] if not it["passed"]]
    passed = len(rows) - len(failed)
    lines = [
        filled(f"{verdict['allocator']}: {', '.join(told)}"),
        table(["check", "verdict"], rows),
        *(bullet(f"{it['name']}: {it['detail']}") for it in failed),
        f"{passed} of {len(rows)} passed",
    ]
    return "\n".join(lines) + "\n"
