"""simran: discrete-event simulation of AI-RAN co-inference.

Robots run the first part of a large model on board, quantized; a shared radio cell carries the
features; an edge server runs the rest. An allocator chooses bit-widths, clocks and split points.

Examples
--------
>>> import simran
>>> scenario = simran.load("paper_blip2_coco")
>>> simran.solve(scenario)["agents"][0]["weight_bits"]
11
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simran.engine import run, solve
    from simran.errors import SimranError
    from simran.experiments import capacity, compare, verify
    from simran.results import Result
    from simran.scenario import Scenario, load

__all__ = [
    "Result",
    "Scenario",
    "SimranError",
    "capacity",
    "compare",
    "load",
    "run",
    "solve",
    "verify",
]

__version__ = "0.1.0"

_HOME = {
    "Result": "simran.results",
    "Scenario": "simran.scenario",
    "SimranError": "simran.errors",
    "capacity": "simran.experiments",
    "compare": "simran.experiments",
    "load": "simran.scenario",
    "run": "simran.engine",
    "solve": "simran.engine",
    "verify": "simran.experiments",
}


def __getattr__(name: str) -> Any:
    # Loaded on first use, so that `simran --help` does not wait for numpy and pandas.
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'simran' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
