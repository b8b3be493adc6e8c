"""What designs that are aware of queues save, on the warehouse scenario, and what that costs.

Violation rate, distortion and bits with 95 % intervals over replications, with the same random numbers for
every row: `exact` without headroom, `exact` aware of queues, and `exact` with headrooms.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import t as student

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


def interval(values: list[float]) -> dict[str, float]:
    """Return the mean and half the width of its 95 % interval."""
    half = student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / len(values) ** 0.5
    return {"mean": float(np.mean(values)), "half_width": float(half)}


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


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rows = {name: case(changes, arguments.replications) for name, changes in CASES.items()}
    found = {
        "scenario": "warehouse_contention",
        "replications": arguments.replications,
        "rows": rows,
    }
    text = json.dumps(found, indent=2)
    print(text)
    if arguments.out:
        arguments.out.write_text(text + "\n")


if __name__ == "__main__":
    main()
