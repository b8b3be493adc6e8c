"""The tables of the benchmarks of joint designs, of designs aware of queues, and of adaptive ones."""

from __future__ import annotations

from typing import Any

__all__ = ["adaptive_tables", "convention_tables", "joint_tables", "queue_table"]


def joint_tables(found: dict[str, Any]) -> list[str]:
    """Return what ``benchmarks/joint.py`` found, as paragraphs and tables."""
    few = found["small"]
    rows = [
        f"| {name} | {it['mean_gap'] * 100:.3f} | {it['worst_gap'] * 100:.2f} |"
        f" {it['within_1_percent']} of {it['compared']} | {it['less_weight_served']} |"
        f" {it['infeasible_claims']} |"
        for name, it in few["against_exhaustive"].items()
    ]
    many = [
        f"| {it['agents']} | {it['crowding']:g} | {name} | {it[name]['cpu_s']:.2f} |"
        f" {it[name]['feasible']} | {it[name]['gap_to_bound'] * 100:.2f} |"
        for it in found["large"]
        for name in ("joint", "greedy")
    ]
    return [
        f"`joint.py`: {few['instances']} random instances of 1 to 4 agents against `exhaustive`,"
        f" {few['with_agents_turned_away']} of them with agents that cannot be served. Gaps of Σ w D are of"
        " the instances in which as much weight is served:",
        "\n".join(
            [
                "| method | mean gap [%] | worst gap [%] | within 1 % | less weight served"
                " | infeasible claims |",
                "| --- | --- | --- | --- | --- | --- |",
                *rows,
            ]
        ),
        "Many agents, against a Lagrangian bound that no design of the same agents can be below:",
        "\n".join(
            [
                "| agents | crowding | method | decision [s of CPU] | feasible | gap to the bound [%] |",
                "| --- | --- | --- | --- | --- | --- |",
                *many,
            ]
        ),
    ]


def convention_tables(found: dict[str, Any]) -> list[str]:
    """Return what ``benchmarks/joint.py`` found under the other conventions of cell and server."""
    few, many = [], []
    for part in found["other_conventions"]:
        name = f"`{part['sharing']}`, `{part['partition']}`"
        small = part["small"]
        few += [
            f"| {name} | {method} | {it['mean_gap'] * 100:.3f} | {it['worst_gap'] * 100:.2f} |"
            f" {it['within_1_percent']} of {it['compared']} | {it['less_weight_served']} |"
            f" {it['infeasible_claims']} |"
            for method, it in small["against_exhaustive"].items()
        ]
        many += [
            f"| {name} | {it['agents']} | {method} | {it[method]['cpu_s']:.2f} |"
            f" {it[method]['feasible']} | {it[method]['gap_to_bound'] * 100:.2f} |"
            for it in part["large"]
            for method in ("joint", "greedy")
        ]
    count = found["other_conventions"][0]["small"]["instances"]
    return [
        f"The first {count} of these instances under the other conventions of cell and server:",
        "\n".join(
            [
                "| sharing, partition | method | mean gap [%] | worst gap [%] | within 1 % |"
                " less weight served | infeasible claims |",
                "| --- | --- | --- | --- | --- | --- | --- |",
                *few,
            ]
        ),
        "\n".join(
            [
                "| sharing, partition | agents | method | decision [s of CPU] | feasible |"
                " gap to the bound [%] |",
                "| --- | --- | --- | --- | --- | --- |",
                *many,
            ]
        ),
    ]


def queue_table(found: dict[str, Any]) -> list[str]:
    """Return what ``benchmarks/queues.py`` found, as a paragraph and a table."""
    rows = [
        f"| {name} | {it['violation_rate']['mean'] * 100:.1f}"
        f" ± {it['violation_rate']['half_width'] * 100:.1f} |"
        f" {', '.join(map(str, it['weight_bits']))} | {it['distortion']['mean']:.3g} |"
        f" {it['delay_s']['mean']:.2f} |"
        for name, it in found["rows"].items()
    ]
    return [
        f"`queues.py`: `exact` on `{found['scenario']}`, {found['replications']} replications with the same"
        " random numbers in every row, 95 % intervals:",
        "\n".join(
            [
                "| design | violations [%] | bits | distortion | mean delay [s] |",
                "| --- | --- | --- | --- | --- |",
                *rows,
            ]
        ),
    ]


def adaptive_tables(found: dict[str, Any]) -> list[str]:
    """Return what ``benchmarks/adaptive.py`` found, as a paragraph and a table for each condition."""

    def shown(figure: dict[str, float], factor: float = 1.0) -> str:
        mean, half = figure["mean"] * factor, figure["half_width"] * factor
        return f"{mean:.3g} ± {half:.2g}" if half > 1e-9 * abs(mean) else f"{mean:.3g}"

    parts = [
        f"`adaptive.py`: one design for good against deciding anew, on `{found['scenario']}`,"
        f" {found['replications']} replications with the same random numbers in every row, 95 % intervals."
        " Reports are 0.1 s old and have an error of 10 %, weights are loaded at 2 GB/s:"
    ]
    for condition, rows in found["rows"].items():
        lines = [
            f"| {name} | {shown(it['violation_rate'], 100)} | {shown(it['energy_j'])} |"
            f" {shown(it['distortion'])} | {shown(it['weight_loads'])} | {it['cpu_s']:.0f} |"
            for name, it in rows.items()
        ]
        head = [
            f"| {condition} | violations [%] | energy [J] | distortion | weight loads | CPU [s] |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        parts.append("\n".join([*head, *lines]))
    return parts
