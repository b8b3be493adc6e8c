"""The table of the time of a decision against the number of agents."""

from __future__ import annotations

from typing import Any

__all__ = ["decision_table"]


def decision_table(found: dict[str, Any]) -> list[str]:
    """Return what ``benchmarks/decision_time.py`` found, as a paragraph, a table and what it leaves out."""
    agents = [str(it) for it in found["agents"]]
    rows = [
        [
            name,
            *(
                f"{1e3 * it['cpu_s'][count]:.3g}" if count in it["cpu_s"] else "–"
                for count in agents
            ),
            f"{it['growth']:.2f}" if "growth" in it else "–",
        ]
        for name, it in found["rows"].items()
    ]
    head = ["agents", *agents, "growth"]
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
    ends = [f"`{name}` ends: {it['ends']}." for name, it in found["rows"].items() if it["ends"]]
    return [
        "`decision_time.py`: CPU time of a decision [ms] against the number of agents, median of"
        f" {found['repeats']} decisions on each of {found['instances']} problems. Agents are unlike and"
        " contend for a cell and a server that give shares; allocators that set none leave them equal."
        f" Growth is the power of the number of agents from {agents[-3]} to {agents[-1]}: 1 is linear.",
        "\n".join(lines),
        *ends,
    ]
