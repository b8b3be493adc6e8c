"""A queueing system as a scenario: one station that takes time, and others that take next to none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["QueueSystem"]


@dataclass(frozen=True)
class QueueSystem:
    """A system in which one station takes 1 s on average and the others next to nothing.

    Parameters
    ----------
    rho : load of that station
    size : of requests, as in the scenario language
    placement : where the model runs
    at : ``server`` or ``cell``, which takes the time
    discipline, scheduler, workers : of server, cell and server
    agents : number of agents, which share the load

    Examples
    --------
    >>> QueueSystem(0.5, {"law": "constant"}, workers=3).document()["agents"]["source"]["arrivals"]
    {'process': 'poisson', 'rate': 1.5}
    """

    rho: float
    size: Mapping[str, Any]
    placement: str = "on-server"
    at: str = "server"
    discipline: str = "fifo"
    scheduler: str = "equal-share"
    workers: int = 1
    agents: int = 1

    def document(self) -> dict[str, Any]:
        """Return the scenario, for :func:`simran.load`."""
        return {
            "simran": 1,
            "name": "queue",
            "models": {"work": self._model()},
            "devices": {
                "unit": {
                    "f_max": 1.0e12 if self._in_cell else 1.0,
                    "flops_per_cycle": 1.0,
                    "power": {"dynamic": 1.0e-30, "exponent": 3},
                }
            },
            "network": self._network(),
            "agents": {"source": self._source()},
            "allocator": {"name": "max-frequency", "every": "once"},
        }

    @property
    def _in_cell(self) -> bool:
        return self.at == "cell"

    def _model(self) -> dict[str, Any]:
        each = 1.0 if self.placement == "co-inference" else 0.5
        return {
            "parameters": 2.0,
            "reference_bits": 32,
            "bits": [32],
            "weights": {"law": "exponential", "rate": 1.0},
            "split": "head",
            "input": "1000 bit",
            "size": dict(self.size),
            "blocks": [
                {"name": name, "flops": each, "parameters": 1.0, "output": "1 bit"}
                for name in ("head", "tail")
            ],
        }

    def _network(self) -> dict[str, Any]:
        channel = {"rate": 1000.0 if self._in_cell else "unlimited"}
        server = {"device": "unit", "discipline": self.discipline, "workers": self.workers}
        return {
            "cells": {"cell": {"channel": channel, "uplink_scheduler": self.scheduler}},
            "servers": {"server": server},
            "links": [{"between": ["cell", "server"], "rate": "unlimited", "delay": 0}],
        }

    def _source(self) -> dict[str, Any]:
        rate_hz = self.rho * self.workers / self.agents
        return {
            "count": self.agents,
            "device": "unit",
            "model": "work",
            "placement": self.placement,
            "arrivals": {"process": "poisson", "rate": rate_hz},
            "transmit": {"power": 1.0},
            "budget": {"delay": 1.0e9, "energy": 1.0e9},
        }
