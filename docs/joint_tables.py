"""The tables of the benchmarks of joint designs and of designs that are aware of queues."""

from __future__ import annotations

from typing import Any

__all__ = ["joint_tables", "queue_table"]


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
