"""Time of one decision of `exact` and of the other allocators, per agent, at 1000 agents."""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np

import simran
from simran.allocation import ALLOCATORS
from simran.engine.observation import observe

AGENTS, REPEATS = 1000, 15


def decision_us(name: str, changes: list[str]) -> float:
    """Return the median CPU time of a decision per agent [us]."""
    count = f"agents.inspector.count={AGENTS}"
    problem = observe(simran.load("warehouse_contention", [count, *changes]))
    allocator = ALLOCATORS.load(name)({}, np.random.default_rng(1))
    allocator.allocate(problem)
    times = []
    for _ in range(REPEATS):
        began = time.process_time()
        allocator.allocate(problem)
        times.append(time.process_time() - began)
    return statistics.median(times) / AGENTS * 1e6


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    cases = {f"{name}, split given": (name, []) for name in ALLOCATORS.names()}
    cases["exact, all 41 splits"] = ("exact", ["models.captioner.split=auto"])
    cases["exact, all placements"] = ("exact", ["agents.inspector.placement=auto"])
    rows = {case: decision_us(*arguments_) for case, arguments_ in cases.items()}
    for case, microseconds in rows.items():
        print(f"{case:32s} {microseconds:8.2f} us per agent")
    if arguments.out:
        arguments.out.write_text(
            json.dumps({"agents": AGENTS, "us_per_agent": rows}, indent=2) + "\n"
        )


if __name__ == "__main__":
    main()
