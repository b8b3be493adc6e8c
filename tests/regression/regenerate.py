"""Golden tables of the shipped scenarios; ``make golden`` writes them anew.

A change of these figures is a change of published numbers: it belongs into the changelog.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import simran

GOLDEN = Path(__file__).parent / "golden.json"

#: Scenario -> overrides that keep the run short.
RUNS = {
    "paper_blip2_coco": ["requests=50"],
    "warehouse_contention": ["duration=900 s"],
    "fading_cell": ["duration=240 s"],
}

#: What it is -> scenario, and overrides, under conventions that no shipped scenario has. Shares stay equal:
#: those that an allocator works out by iteration are not the same to the last digits everywhere.
_CELL = "network.cells.gnb-1"
CONVENTIONS = {
    "a band shared equally": (
        "warehouse_contention",
        ["duration=900 s", f"{_CELL}.channel.rate=5 Mbit/s", f"{_CELL}.sharing=frequency",
         f"{_CELL}.bandwidth=1 MHz"],
    ),
    "a band shared equally, rates that vary": (
        "fading_cell",
        ["duration=240 s", f"{_CELL}.sharing=frequency", f"{_CELL}.bandwidth=20 MHz"],
    ),
    "parts of a band, slices with clocks of their own": (
        "warehouse_contention",
        ["duration=900 s", f"{_CELL}.channel.rate=20 Mbit/s", f"{_CELL}.sharing=frequency",
         f"{_CELL}.bandwidth=4 MHz", f"{_CELL}.uplink_scheduler=allocated",
         "network.servers.edge-1.discipline=allocated", "network.servers.edge-1.partition=clock"],
    ),
}  # fmt: skip

ALLOCATORS = (
    "exact", "fixed-bits", "fixed-frequency", "full-precision", "max-frequency", "on-device",
    "on-server", "random", "sca",
)  # fmt: skip

DESIGN = (
    "placement", "split", "weight_bits", "agent_frequency_hz", "server_frequency_hz", "delay_s",
    "energy_j", "distortion", "distortion_lower", "distortion_upper", "feasible", "binding",
)  # fmt: skip


def current() -> dict[str, Any]:
    """Return the tables as this version computes them."""
    return {
        "runs": {name: _run(name, changes) for name, changes in RUNS.items()},
        "conventions": {name: _run(*it) for name, it in CONVENTIONS.items()},
        "designs": {
            f"{name} {allocator}": _design(name, allocator)
            for name in RUNS
            for allocator in ALLOCATORS
        },
    }


def _run(name: str, changes: list[str]) -> dict[str, Any]:
    summary = simran.run(simran.load(name, changes)).summary
    kept = ("verdict", "end_s", "total", "stations", "energy")
    return {key: summary[key] for key in kept}


def _design(name: str, allocator: str) -> dict[str, Any]:
    solved = simran.solve(simran.load(name, [f"allocator.name={allocator}"]))
    return {key: solved["agents"][0][key] for key in DESIGN}


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(current(), indent=1) + "\n")
