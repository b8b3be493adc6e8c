"""What designs that are aware of queues save, on the warehouse scenario, and what that costs.

Violation rate, distortion and bits with 95 % intervals over replications, with the same random numbers for
every row: `exact` without headroom, `exact` aware of queues, and `exact` with headrooms.
"""

from __future__ import annotations

from typing import Any

from tables import interval, publish

import simran

REPLICATIONS = 10
CASES: dict[str, list[str]] = {
    "no headroom": ["allocator.headroom=0"],
    "queue_aware": ["allocator.headroom=0", "allocator.options.queue_aware=true"],
    "queue_aware, headroom 0.1": [
        "allocator.headroom=0.1",
        "allocator.options.queue_aware=true",
    ],
    "headroom 0.1": ["allocator.headroom=0.1"],
    "headroom 0.2": ["allocator.headroom=0.2"],
}


def case(changes: list[str], replications: int) -> dict[str, Any]:
    """Return the figures of one row."""
    scenario = simran.load("warehouse_contention", changes)
    rates, distortions, delays = [], [], []
    bits: set[int] = set()
    for number in range(replications):
        result = simran.run(scenario, replication=number)
        total = result.summary["total"]
        rates.append(float(total["violation_rate"]))
        distortions.append(float(total["distortion"]["mean"]))
        delays.append(float(total["delay_s"]["mean"]))
        bits |= set(result.requests["weight_bits"].dropna().astype(int))
    return {
        "violation_rate": interval(rates),
        "distortion": interval(distortions),
        "delay_s": interval(delays),
        "weight_bits": sorted(bits),
    }


def table(replications: int) -> dict[str, Any]:
    """Return the whole table."""
    rows = {name: case(changes, replications) for name, changes in CASES.items()}
    return {"scenario": "warehouse_contention", "replications": replications, "rows": rows}


if __name__ == "__main__":
    publish(__doc__, "replications", REPLICATIONS, table)
