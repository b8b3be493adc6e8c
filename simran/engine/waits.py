"""The waits that a controller has observed, and what it plans with."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simran.engine.world import World
from simran.results.records import Request

__all__ = ["ObservedWaits"]

Floats = NDArray[np.float64]


class ObservedWaits:
    """Mean waits since the last look: at each agent, in each cell, at each server.

    The wait in a cell is what a flow took beyond its own airtime, or with shares of the band beyond its own
    time on its part of it, of a band shared equally on all of it; at a server that shares its
    processors what a job took beyond its own work; both at the share that the design has, since the
    plan counts the share itself. Where shares are allocated, the wait is the agent's own. Where
    nothing has passed since the last look, the work that waits there now is what has been observed.

    Parameters
    ----------
    world : whose requests are observed
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._agents = [[0.0, 0.0] for _ in world.agents]
        cells = {name: [0.0, 0.0] for name in world.cells}
        servers = {name: [0.0, 0.0] for name in world.servers}
        self._cells = [
            [0.0, 0.0] if world.cells[group.cell].private else cells[group.cell]
            for group in world.groups
        ]
        self._servers = [
            [0.0, 0.0] if world.servers[group.server].private else servers[group.server]
            for group in world.groups
        ]

    def note(self, request: Request) -> None:
        """Take note of a request that has completed."""
        design = request.design
        index = request.agent
        if design.agent_flops:
            held_s = request.agent_start - request.arrival - self._world.agents[index].decision_s
            _add(self._agents[index], held_s)
        if design.placement == "on-device":
            return
        share = design.bandwidth_share
        noted = self._world.cells[self._world.groups[index].cell].notes_airtime
        airtime_s = request.airtime_s if noted else design.uplink_unit_s * request.uplink_size
        airtime_s = airtime_s if math.isnan(share) else airtime_s / share
        _add(self._cells[index], request.uplink_end - request.uplink_start - airtime_s)
        if self._world.servers[self._world.groups[index].server].private:
            _add(self._servers[index], request.server_start - request.server_arrival)
        else:
            work_s = design.server_unit_s * request.server_size
            _add(self._servers[index], request.server_end - request.server_arrival - work_s)

    def means(self) -> tuple[Floats, Floats, Floats]:
        """Return (K,) waits at agent, cell and server [s], and start afresh."""
        agent, cell, server = snapshot(self._world)
        found = (
            _mean(self._agents, agent),
            _mean(self._cells, cell),
            _mean(self._servers, server),
        )
        for sums in (*self._agents, *self._cells, *self._servers):
            sums[:] = 0.0, 0.0
        return found


def snapshot(world: World) -> tuple[Floats, Floats, Floats]:
    """Return (K,) the work that waits now at each agent, in its cell and at its server [s]."""
    rows = [waits_now(world, index) for index in range(len(world.agents))]
    agent, cell, server = np.array(rows).T
    return agent, cell, server


def waits_now(world: World, agent: int) -> tuple[float, float, float]:
    """Return the work that waits now before a request of one agent, at its three stations [s]."""
    group = world.groups[agent]
    return (
        world.agents[agent].backlog_s(),
        world.cells[group.cell].backlog_s(agent),
        world.servers[group.server].backlog_s(agent),
    )


def _add(sums: list[float], wait_s: float) -> None:
    sums[0] += 1.0
    sums[1] += max(0.0, wait_s)


def _mean(sums: list[list[float]], otherwise: Floats) -> Floats:
    counts, totals = np.array(sums).T
    return np.where(counts > 0, totals / np.maximum(counts, 1.0), otherwise)
