"""Time of one decision against the number of agents, for every registered allocator.

All of them get the same problems: unlike agents that contend for a cell and a server which both give
shares, where the rate and the cores grow with the number of agents; one split, 16 bit-widths. `on-device`
and `on-server` design for cuts that those lack, so they get unlike agents with five cuts. Medians of CPU
time over repeated decisions on three instances each; what an allocator refuses, or what would take too
long, is recorded with the reason.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np

from simran.allocation import ALLOCATORS, Problem
from simran.allocation.samples import contended_problem, sample_problem
from simran.errors import InputError

AGENTS = (1, 3, 6, 10, 30, 100, 300, 1000)
INSTANCES, REPEATS = 3, 5
#: A decision that takes longer [s of CPU] is not repeated, nor asked of more agents.
PATIENCE_S = 10.0


def instance(name: str, count: int, number: int) -> Problem:
    """Return one of the random problems of ``count`` agents, each with a request in 10 s."""
    rng = np.random.default_rng([20260213, count, number])
    if name in {"on-device", "on-server"}:
        return sample_problem(rng, count)
    return contended_problem(rng, count, most_bits=16, arrival_rate_hz=np.full(count, 0.1))


def decision_s(name: str, problem: Problem) -> list[float]:
    """Return the CPU time of repeated decisions, without the first one [s]."""
    allocator = ALLOCATORS.load(name)({}, np.random.default_rng(1))
    times = []
    for _ in range(1 + REPEATS):
        began = time.process_time()
        allocator.decide(problem)
        times.append(time.process_time() - began)
        if times[-1] > PATIENCE_S:
            return times
    return times[1:]


def row(name: str) -> dict[str, Any]:
    """Return the median times of an allocator [s] by number of agents, and why it has no others."""
    medians: dict[str, float] = {}
    for count in AGENTS:
        times: list[float] = []
        for number in range(INSTANCES):
            try:
                times += decision_s(name, instance(name, count, number))
            except InputError as refused:
                return {"cpu_s": medians, "ends": f"{count} agents: {refused}"}
            if max(times) > PATIENCE_S:
                break
        medians[str(count)] = statistics.median(times)
        if medians[str(count)] > PATIENCE_S:
            return {"cpu_s": medians, "ends": f"over {PATIENCE_S:g} s at {count} agents"}
    few, many = AGENTS[-3], AGENTS[-1]
    growth = math.log(medians[str(many)] / medians[str(few)]) / math.log(many / few)
    return {"cpu_s": medians, "growth": growth, "ends": None}


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rows = {}
    for name in ALLOCATORS.names():
        rows[name] = row(name)
        print(name, rows[name], flush=True)
    if arguments.out:
        found = {"agents": AGENTS, "instances": INSTANCES, "repeats": REPEATS, "rows": rows}
        arguments.out.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
