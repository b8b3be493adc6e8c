"""How often a run's interval covers the mean, and how often a verdict is wrong, on M/M/1 queues.

Sojourn times come from Lindley's recursion and have the mean 1/(1 − ρ), times being in mean service
times. A nominal 95 % interval that is given should cover in 95 % of all runs; a stable queue should
be called so in at least 95 %.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simran.results.batches import BatchMeans
from simran.results.loads import Jobs, StationLoad

Floats = NDArray[np.float64]

LOADS = (0.5, 0.9)
#: Requests of a run -> runs.
RUNS = {400: 4000, 4000: 4000, 40_000: 1000, 400_000: 400}
#: (load, requests) of the verdicts, 200 runs each.
QUEUES = ((0.5, 3000), (0.8, 300), (0.8, 1000), (0.8, 3000), (0.8, 10_000), (0.95, 3000))
QUEUES += ((0.95, 20_000), (1.02, 3000), (1.02, 20_000), (1.2, 300), (1.2, 1000), (1.2, 3000))
VERDICT_RUNS = 200


def queue(load: float, requests: int, draw: np.random.Generator, wait: float = 0.0) -> Jobs:
    """Return the jobs of a queue whose first request waits that long; cut at the last arrival."""
    work = draw.exponential(size=requests)
    gaps = draw.exponential(1 / load, requests)
    arrival = np.cumsum(gaps) - gaps[0]
    step = np.concatenate(([0.0], np.cumsum(work[:-1] - gaps[1:])))
    waits = step - np.minimum(np.minimum.accumulate(step), -wait)
    start = arrival + waits
    return Jobs(arrival, start, start + work, work, np.zeros(requests))


def coverage(load: float, requests: int, runs: int, seed: int) -> dict[str, Any]:
    """Return how many runs gave an interval, and how many of those covered; from the steady state."""
    draw = np.random.default_rng(seed)
    mean = 1 / (1 - load)
    given = covered = 0
    for _ in range(runs):
        wait = draw.exponential(mean) if draw.random() < load else 0.0
        jobs = queue(load, requests, draw, wait)
        batches = BatchMeans()
        batches.add(jobs.end_s - jobs.arrival_s)
        low, high = batches.interval()
        given += low <= high
        covered += low <= mean <= high
    return {
        "load": load,
        "requests": requests,
        "runs": runs,
        "too_short": 1 - given / runs,
        "coverage_of_given": covered / given if given else None,
        "given_and_wrong": (given - covered) / runs,
    }


def verdicts(load: float, requests: int, seed: int) -> dict[str, Any]:
    """Return the share of each verdict over runs that start empty."""
    draw = np.random.default_rng(seed)
    found: Counter[str] = Counter()
    for _ in range(VERDICT_RUNS):
        jobs = queue(load, requests, draw)
        end_s = float(jobs.arrival_s[-1])
        start, end = np.minimum(jobs.start_s, end_s), np.minimum(jobs.end_s, end_s)
        left = np.where(jobs.end_s > end_s, jobs.work_s - (end - start), 0.0)
        station = StationLoad(1.0, 0.0, np.inf)
        station.add(Jobs(jobs.arrival_s, start, end, jobs.work_s, left))
        found[station.verdict(end_s, float(left.sum()))] += 1
    shares = {name: found[name] / VERDICT_RUNS for name in ("stable", "backlogged", "overloaded")}
    return {"load": load, "requests": requests, "runs": VERDICT_RUNS, **shares}


def main() -> None:
    """Measure, print and write both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    table: dict[str, Any] = {"intervals": [], "verdicts": []}
    for place, load in enumerate(LOADS):
        for requests, runs in RUNS.items():
            row = coverage(load, requests, runs, seed=100 * place + requests)
            table["intervals"].append(row)
            print(row)
    for seed, (load, requests) in enumerate(QUEUES):
        row = verdicts(load, requests, seed)
        table["verdicts"].append(row)
        print(row)
    if arguments.out:
        arguments.out.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
