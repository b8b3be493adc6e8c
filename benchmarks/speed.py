"""Time per request of simran, logging on, against the plain SimPy skeleton, in one run.

CPU seconds of this process; start-up (imports, building, closing files) is taken out by the
difference of a long and a short run. Both simulate the same stations at the same loads: compute
on the agent, uplink, server, downlink.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from skeleton import run_skeleton

import simran

AGENTS = (10, 100, 1000, 10_000)
SHORT, LONG, REPEATS = 10_000, 60_000, 5
COMPUTE_S, UPLINK_S, SERVER_S, DOWNLINK_S = 0.010, 0.0008, 0.0009, 0.0001
TOTAL_HZ = 700.0


def document(agents: int, requests: int) -> dict[str, Any]:
    """Return the scenario with the skeleton's stations."""
    return {
        "simran": 1,
        "name": "speed",
        "seed": 1,
        "requests": requests,
        "models": {
            "m": {
                "parameters": 2.0,
                "bits": [8],
                "weights": {"rate": 1.0},
                "split": "head",
                "input": "1 bit",
                "blocks": [
                    {
                        "name": "head",
                        "flops": COMPUTE_S * 1e9 * 4,
                        "parameters": 1,
                        "output": UPLINK_S * 1e8,
                    },
                    {
                        "name": "tail",
                        "flops": SERVER_S * 1e9,
                        "parameters": 1,
                        "output": DOWNLINK_S * 1e8,
                    },
                ],
            }
        },
        "devices": {
            "d": {"f_max": "1 GHz", "flops_per_cycle": 1, "power": {"dynamic": 1e-28, "idle": 1}}
        },
        "network": {
            "cells": {"c": {"channel": {"rate": 1e8}}},
            "servers": {"s": {"device": "d"}},
            "links": [{"between": ["c", "s"], "rate": "10 Gbit/s", "delay": "0.2 ms"}],
        },
        "agents": {
            "a": {
                "count": agents,
                "device": "d",
                "model": "m",
                "arrivals": {"process": "poisson", "rate": TOTAL_HZ / agents},
                "transmit": {"power": "23 dBm"},
                "budget": {"delay": "1 s", "energy": "10 J"},
            }
        },
        "allocator": {"name": "max-frequency"},
    }


def cpu_s(work: Callable[[], object]) -> float:
    """Return the CPU seconds of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def simran_s(agents: int, requests: int) -> float:
    """Return the CPU seconds of one run with all logs on."""
    scenario = simran.load(document(agents, requests))
    with tempfile.TemporaryDirectory() as folder:
        return cpu_s(lambda: simran.run(scenario, out=Path(folder) / "result"))


def skeleton_s(agents: int, requests: int) -> float:
    """Return the CPU seconds of the skeleton."""
    rate = TOTAL_HZ / agents
    return cpu_s(
        lambda: run_skeleton(agents, requests, rate, COMPUTE_S, UPLINK_S, SERVER_S, DOWNLINK_S)
    )


def per_request_us(measure: Callable[[int, int], float], agents: int) -> float:
    """Return microseconds per request, start-up taken out."""
    return (measure(agents, LONG) - measure(agents, SHORT)) / (LONG - SHORT) * 1e6


def machine() -> str:
    """Return what the figures were measured on."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    processor = f"{len(names)} × {names[0]}" if names else platform.machine()
    return f"{processor}, {platform.system()}, Python {platform.python_version()}"


def main() -> None:
    """Measure, print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="also write the figures as JSON")
    arguments = parser.parse_args()
    simran_s(10, 1000)  # imports
    rows = []
    for agents in AGENTS:
        pairs = [
            (per_request_us(simran_s, agents), per_request_us(skeleton_s, agents))
            for _ in range(REPEATS)
        ]
        own = statistics.median(pair[0] for pair in pairs)
        plain = statistics.median(pair[1] for pair in pairs)
        ratio = statistics.median(pair[0] / pair[1] for pair in pairs)
        rows.append({"agents": agents, "simran_us": own, "skeleton_us": plain, "ratio": ratio})
        print(
            f"{agents:6d} agents  simran {own:6.1f} us  skeleton {plain:6.1f} us  ratio {ratio:.2f}"
        )
    if arguments.out:
        arguments.out.write_text(json.dumps({"machine": machine(), "rows": rows}, indent=2) + "\n")


if __name__ == "__main__":
    main()
