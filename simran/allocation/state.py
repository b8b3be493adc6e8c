"""What a controller knows of the moment: queues, what was spent, the design in force, costs of change."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from simran.allocation.arrays import Floats, Ints

__all__ = ["ControlState", "idle_state"]


@dataclass(frozen=True)
class ControlState:
    """What a controller knows of the moment, besides the design problem itself; all arrays (K,).

    Parameters
    ----------
    agent_jobs, cell_jobs, server_jobs : requests at the agent's processor, in its cell and at its server;
        its own only where cell or server gives it a share
    agent_backlog_s, cell_backlog_s, server_backlog_s : how long a request that came at the time of the
        report would wait there [s]
    report_age_s : how old the reports are [s]; rates and queues are as they were then
    elapsed_s : time since the last decision [s]; 0 at the first
    completed : requests that have completed between the last two reports
    spent_j, delay_s : sums of their energies [J] and delays [s]
    cut, weight_bits : the design in force; cut -1 for none
    agent_frequency_hz, server_frequency_hz : its clocks [Hz]; NaN where nothing runs
    agent_load_s_per_byte, server_load_s_per_byte : time to load weights [s/B]; 0 for unlimited memory
        bandwidth
    agent_switch_s, server_switch_s : time of one change of clock [s]
    agent_switch_j, server_switch_j : energy of one change of clock, PUE included [J]
    """

    agent_jobs: Floats
    cell_jobs: Floats
    server_jobs: Floats
    agent_backlog_s: Floats
    cell_backlog_s: Floats
    server_backlog_s: Floats
    report_age_s: Floats
    elapsed_s: Floats
    completed: Floats
    spent_j: Floats
    delay_s: Floats
    cut: Ints
    weight_bits: Ints
    agent_frequency_hz: Floats
    server_frequency_hz: Floats
    agent_load_s_per_byte: Floats
    server_load_s_per_byte: Floats
    agent_switch_s: Floats
    server_switch_s: Floats
    agent_switch_j: Floats
    server_switch_j: Floats

    def select_agents(self, rows: Ints) -> ControlState:
        """Return the state of some agents, in the order of ``rows``."""
        return replace(self, **{f.name: getattr(self, f.name)[rows] for f in fields(self)})


def idle_state(count: int, **columns: Floats | Ints) -> ControlState:
    """Return the state before the first decision: nothing waits, nothing is in force, change is free.

    Parameters
    ----------
    count : K
    columns : fields of :class:`ControlState` that are otherwise

    Examples
    --------
    >>> idle_state(2).cut.tolist()
    [-1, -1]
    """
    zeros: dict[str, Floats | Ints] = {f.name: np.zeros(count) for f in fields(ControlState)}
    none = {"cut": np.full(count, -1), "weight_bits": np.zeros(count, dtype=np.int64)}
    clocks = {f"{side}_frequency_hz": np.full(count, np.nan) for side in ("agent", "server")}
    return ControlState(**(zeros | none | clocks | columns))
