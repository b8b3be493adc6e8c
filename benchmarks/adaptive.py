"""What deciding anew gains over one design for good, on the warehouse scenario, and what it costs.

Violation rate, energy, distortion, weights loaded and clocks changed, with 95 % intervals over replications,
with the same random numbers in every row: ``exact`` once, and every second ``exact``, ``drift-plus-penalty``
and ``model-predictive``, on reports that are a tenth of a second old and have an error of 10 %. Loading other
weights takes their bytes over 2 GB/s, as from a solid-state disk. Rates are fixed, or vary for each agent by
itself: 40 Mbit/s with the whole cell for 20 s in the mean, then 0.7 Mbit/s for 10 s.
"""

from __future__ import annotations

import time
from typing import Any

from tables import interval, publish

import simran

REPLICATIONS = 10
BASE = [
    "duration=220 s",
    "warmup=20 s",
    "outputs={timeseries: 0 s}",
    "devices.robot.memory_bandwidth=2 GB/s",
    "allocator.observation={delay: 0.1 s, noise: 0.1}",
]
VARYING = (
    "network.cells.gnb-1.channel="
    "{states: [{rate: 40 Mbit/s, dwell: 20 s}, {rate: 0.7 Mbit/s, dwell: 10 s}]}"
)
CONDITIONS: dict[str, list[str]] = {"fixed rates": [], "varying rates": [VARYING]}
ALLOCATORS: dict[str, list[str]] = {
    "exact, once": [],
    "exact, every 1 s": ["allocator.every=1 s"],
    "drift-plus-penalty, every 1 s": ["allocator.name=drift-plus-penalty", "allocator.every=1 s"],
    "model-predictive, every 1 s": ["allocator.name=model-predictive", "allocator.every=1 s"],
}


def case(changes: list[str], replications: int) -> dict[str, Any]:
    """Return the figures of one row."""
    scenario = simran.load("warehouse_contention", [*BASE, *changes])
    found: dict[str, list[float]] = {}
    began = time.process_time()
    for number in range(replications):
        summary = simran.run(scenario, replication=number).summary
        total, switching = summary["total"], summary["switching"]["agents/inspector"]
        figures = {
            "violation_rate": total["violation_rate"],
            "energy_j": total["energy_j"]["mean"],
            "distortion": total["distortion"]["mean"],
            "total_per_completed_j": summary["energy"]["total_per_completed_j"],
            "weight_loads": switching["weight_loads"],
            "loading_s": switching["loading_s"],
            "clock_changes": switching["clock_changes"],
        }
        for name, value in figures.items():
            found.setdefault(name, []).append(float(value))
    cpu_s = time.process_time() - began
    return {name: interval(values) for name, values in found.items()} | {"cpu_s": cpu_s}


def table(replications: int) -> dict[str, Any]:
    """Return the whole table."""
    rows = {
        condition: {
            name: case([*changes, *allocator], replications)
            for name, allocator in ALLOCATORS.items()
        }
        for condition, changes in CONDITIONS.items()
    }
    return {"scenario": "warehouse_contention", "replications": replications, "rows": rows}


if __name__ == "__main__":
    publish(__doc__, "replications", REPLICATIONS, table)
