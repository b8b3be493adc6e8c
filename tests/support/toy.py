"""A small scenario with round numbers, as a mapping to change and load."""

from __future__ import annotations

import copy
from typing import Any

_TOY: dict[str, Any] = {
    "simran": 1,
    "name": "toy",
    "seed": 1,
    "duration": 200.0,
    "models": {
        "m": {
            "parameters": 4.0e6,
            "reference_bits": 32,
            "bits": {"min": 2, "max": 16},
            "weights": {"law": "exponential", "rate": 10.0},
            "split": "head",
            "input": "1 Mbit",
            "blocks": [
                {"name": "head", "flops": 4e9, "parameters": 1e6, "output": "2 Mbit"},
                {"name": "body", "flops": 4e9, "parameters": 2e6, "output": "1 Mbit"},
                {"name": "tail", "flops": 2e9, "parameters": 1e6, "output": "1 kbit"},
            ],
        }
    },
    "devices": {
        "robot": {
            "f_max": "2 GHz",
            "flops_per_cycle": 4,
            "power": {"dynamic": 1e-27, "static": "0.5 W", "idle": "0.2 W", "pue": 1.1},
        },
        "edge": {
            "f_max": "4 GHz",
            "flops_per_cycle": 16,
            "power": {"dynamic": 1e-28, "static": "3 W", "idle": "1 W", "pue": 1.2},
        },
    },
    "network": {
        "cells": {"cell": {"channel": {"rate": "20 Mbit/s"}}},
        "servers": {"server": {"device": "edge"}},
        "links": [{"between": ["cell", "server"], "rate": "100 Mbit/s", "delay": "1 ms"}],
    },
    "agents": {
        "a": {
            "count": 3,
            "device": "robot",
            "model": "m",
            "arrivals": {"process": "poisson", "rate": 0.8},
            "transmit": {"power": "0.5 W", "efficiency": 0.5, "circuit": "0.5 W"},
            "budget": {"delay": "1 s", "energy": "3 J"},
        }
    },
    "allocator": {"name": "exact", "every": "once", "headroom": 0.3},
    "outputs": {"timeseries": 10.0},
}


def toy(**changes: Any) -> dict[str, Any]:
    """Return the toy scenario with changes by dotted path, ``__`` standing for the dot."""
    document = copy.deepcopy(_TOY)
    for path, value in changes.items():
        *parents, last = path.split("__")
        place: Any = document
        for key in parents:
            place = place.setdefault(key, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return document
