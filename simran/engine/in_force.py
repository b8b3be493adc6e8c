"""The designs in force, as arrays, and the weights that a change of design makes devices load."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from simran.allocation import Allocation, ControlState, CutTable, Problem
from simran.engine.world import World

__all__ = ["InForce"]

_COLUMNS = ("cut", "weight_bits", "agent_frequency_hz", "server_frequency_hz")
_NO_BYTES: Mapping[int, float] = {}


class InForce:
    """What is in force for each agent, and which weights are in memory.

    A change of bit-width or pruning ratio loads the agent's whole part anew; a change of split alone what
    the old part did not hold. A server holds, of each model, the largest part that a design in force asks
    for, and loads what it lacks when that grows. The first designs find their weights in memory.

    Parameters
    ----------
    world : whose devices load
    problem : the design problem at the start, for all agents
    """

    def __init__(self, world: World, problem: Problem) -> None:
        self._world, self._problem = world, problem
        state: ControlState = problem.state
        self.columns = {name: getattr(state, name).copy() for name in _COLUMNS}
        costs = state.agent_load_s_per_byte, state.server_load_s_per_byte
        self._costs = bool(np.any(costs[0]) or np.any(costs[1]))
        self._loaded: list[tuple[int, float, float] | None] = [None] * len(world.agents)
        self._resident: dict[tuple[str, str], dict[int, float]] = {}

    def adopt(self, rows: Mapping[int, int], allocation: Allocation) -> None:
        """Put designs into force.

        Parameters
        ----------
        rows : agent -> row of the allocation
        allocation : the answer
        """
        for name, column in self.columns.items():
            column[list(rows)] = getattr(allocation, name)[list(rows.values())]
        if self._costs:
            self._load(rows)

    def _load(self, rows: Mapping[int, int]) -> None:
        needed: dict[tuple[str, str], dict[int, float]] = {}
        for agent in rows:
            cut = int(self.columns["cut"][agent])
            if cut < 0:
                continue
            table = self._problem.tables[self._problem.table_index[agent]]
            self._load_agent(agent, table, cut)
            if table.placement[cut] != "on-device":
                group = self._world.groups[agent]
                place = group.server, group.model
                needed.setdefault(place, {})[agent] = float(table.server_weight_bytes[cut])
        for place, held in needed.items():
            self._load_server(place, held)

    def _load_agent(self, agent: int, table: CutTable, cut: int) -> None:
        bits = int(self.columns["weight_bits"][agent])
        if not bits:
            return  # nothing runs here; what is in memory stays there
        ratio = float(table.pruning_ratio[cut])
        whole = float(table.agent_weight_bytes_per_bit[cut]) * bits
        whole += float(table.agent_mask_bytes[cut])
        loaded = self._loaded[agent]
        self._loaded[agent] = bits, ratio, whole
        if loaded is None or loaded == (bits, ratio, whole):
            return
        new = whole if loaded[:2] != (bits, ratio) else max(0.0, whole - loaded[2])
        seconds = new * float(self._problem.state.agent_load_s_per_byte[agent])
        if seconds > 0.0:
            self._world.agents[agent].load(seconds)

    def _load_server(self, place: tuple[str, str], held: Mapping[int, float]) -> None:
        before = self._resident.get(place, _NO_BYTES)
        after = {**before, **held}
        self._resident[place] = after
        if not before:
            return
        new = max(after.values()) - max(before.values())
        server = self._world.servers[place[0]]
        seconds = new / server.processor.memory_bytes_per_s
        if seconds > 0.0:
            server.load(seconds)
