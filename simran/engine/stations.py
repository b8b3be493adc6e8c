"""The stations of a world: what they have done up to a moment, and the time series of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from simpy.events import Event

from simran.engine.world import World
from simran.results import TIMESERIES_COLUMNS, ParquetLog, strings

__all__ = ["Sampler", "Station", "stations"]


@dataclass(frozen=True, slots=True)
class Station:
    """One station, with what it has accumulated as functions of the present time.

    Parameters
    ----------
    name, kind : ``agents/<group>`` of kind agents, or a cell, server or link (``from>to``)
    capacity : number of servers
    integrals : now -> (∫ number present dt, busy server-seconds)
    energy_j : now -> energy drawn so far [J], or None
    """

    name: str
    kind: str
    capacity: float
    integrals: Callable[[float], tuple[float, float]]
    energy_j: Callable[[float], float] | None = None


def stations(world: World) -> list[Station]:
    """Return the stations of a world: agents by group, cells, servers, links."""
    found = [_agents(world, name) for name in dict.fromkeys(it.name for it in world.groups)]
    for name, cell in world.cells.items():
        found.append(Station(name, "cell", 1.0, cell.integrals))
    for name, server in world.servers.items():
        capacity = float(server.capacity)
        found.append(Station(name, "server", capacity, server.integrals, server.energy_j))
    for name, direction in world.directions.items():
        if not direction.instant:
            found.append(Station(name, "link", 1.0, _Wire(direction.busy_until)))
    return found


def _agents(world: World, group: str) -> Station:
    members = [
        agent for agent, own in zip(world.agents, world.groups, strict=True) if own.name == group
    ]

    def integrals(now: float) -> tuple[float, float]:
        pairs = [agent.integrals(now) for agent in members]
        return math.fsum(pair[0] for pair in pairs), math.fsum(pair[1] for pair in pairs)

    def energy_j(now: float) -> float:
        return math.fsum(agent.energy_j(now) for agent in members)

    return Station(f"agents/{group}", "agents", float(len(members)), integrals, energy_j)


@dataclass(frozen=True, slots=True)
class _Wire:
    busy_until: Callable[[float], float]

    def __call__(self, now: float) -> tuple[float, float]:
        return math.nan, self.busy_until(now)


class Sampler:
    """Writes what each station did in every interval, exactly: as differences of integrals.

    Parameters
    ----------
    world, watched : the clock and the stations
    interval_s : length of an interval [s]
    path : of ``timeseries.parquet``
    """

    def __init__(self, world: World, watched: list[Station], interval_s: float, path: Path) -> None:
        self._world, self._clock = world, world.clock
        self._stations = watched
        self._interval_s = interval_s
        self._log = ParquetLog(path, TIMESERIES_COLUMNS)
        self._before = self._read(0.0)
        self._before_s = 0.0

    def start(self) -> None:
        """Begin to sample."""
        self._clock.start(self._live())

    def close(self, now: float) -> int:
        """Write the last, shorter interval; return the number of rows."""
        if now > self._before_s:
            self._sample(now)
        self._log.close()
        return self._log.rows

    def _live(self) -> Generator[Event, None, None]:
        for tick in range(1, 2**62):
            time_s = tick * self._interval_s
            yield self._clock.at(time_s)
            self._sample(time_s)
            if self._world.finished:
                self._clock.halted = True
                return

    def _read(self, now: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        return np.array(
            [
                (*station.integrals(now), station.energy_j(now) if station.energy_j else math.nan)
                for station in self._stations
            ]
        )

    def _sample(self, now: float) -> None:
        values = self._read(now)
        change = (values - self._before) / (now - self._before_s)
        count = len(self._stations)
        kinds = [station.kind for station in self._stations]
        self._log.write(
            {
                "time_s": np.full(count, now),
                "station": strings(np.arange(count), [it.name for it in self._stations]),
                "kind": strings(np.arange(count), kinds),
                "mean_in_system": change[:, 0],
                "utilisation": change[:, 1] / [it.capacity for it in self._stations],
                "power_w": change[:, 2],
            }
        )
        self._before, self._before_s = values, now
