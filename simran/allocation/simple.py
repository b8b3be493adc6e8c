"""Problems from a handful of numbers, for notebooks, tests and benchmarks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from simran.allocation.problem import ClockSet, CutTable, Floats, Problem
from simran.allocation.state import idle_state

__all__ = ["clock_set", "cut_table", "many_agents", "single_agent"]

_EACH: Mapping[str, float] = {
    "agent_memory_bytes": np.inf,
    "server_memory_bytes": np.inf,
    "size": 1.0,
    "uplink_size": 1.0,
    "server_size": 1.0,
    "rate_bps": np.inf,
    "bandwidth_hz": np.nan,
    "transmit_w": 0.0,
    "link_s_per_bit": 0.0,
    "link_delay_s": 0.0,
    "agent_wait_s": 0.0,
    "uplink_wait_s": 0.0,
    "server_wait_s": 0.0,
    "decision_s": 0.0,
    "arrival_rate_hz": 0.0,
    "arrival_scv": 1.0,
    "size_scv": 0.0,
    "delay_budget_s": np.inf,
    "energy_budget_j": np.inf,
    "quality_floor": -np.inf,
    "weight": 1.0,
}
_REST: Mapping[str, Any] = {
    "cell_scheduler": ("equal-share",),
    "cell_sharing": ("time",),
    "server_discipline": ("fifo",),
    "server_partition": ("space",),
    "headroom": 0.0,
    "select": "min-energy",
}


def clock_set(count: int, **columns: ArrayLike) -> ClockSet:
    """Return a set of clocks from scalars or (K,) arrays.

    Parameters
    ----------
    count : K
    columns : fields of :class:`ClockSet`; by default 2 GHz, 32 FLOP/cycle, ψ = 1e-28, α = 3, η = 1
        and no table. A table of shape (F,) is the same for every agent.

    Examples
    --------
    >>> clock_set(2, f_max_hz=[1e9, 2e9]).f_max_hz.tolist()
    [1000000000.0, 2000000000.0]
    """
    defaults: dict[str, ArrayLike] = {
        "f_max_hz": 2e9, "flops_per_cycle": 32.0, "dynamic": 1e-28, "exponent": 3.0, "pue": 1.0
    }  # fmt: skip
    tables = {key: columns.pop(key, np.empty(0)) for key in ("table_hz", "table_w")}
    values = {key: _column(count, value) for key, value in (defaults | columns).items()}
    steps = {
        key: np.array(np.broadcast_to(value, (count, np.shape(value)[-1])), dtype=np.float64)
        for key, value in tables.items()
    }
    return ClockSet(**values, **steps)


def cut_table(**columns: Any) -> CutTable:
    """Return a cut table; what is left out is free, fits, and has distortion 2^(1−b) per weight.

    Parameters
    ----------
    columns : fields of :class:`CutTable`; C follows from ``agent_flops``, which is needed

    Examples
    --------
    >>> cut_table(agent_flops=[1e9], server_flops=[1e9]).placement
    ('co-inference',)
    """
    flops = np.atleast_1d(np.asarray(columns.pop("agent_flops"), dtype=np.float64))
    count = len(flops)
    bits = np.asarray(columns.pop("bits", np.arange(1, 17)), dtype=np.int64)
    reference = float(columns.pop("reference_bits", 32.0))
    law = np.where(bits == reference, 0.0, 2.0 ** (1 - bits)) * (flops > 0)[:, None]
    grids = {"distortion": law, "lower": law / 2, "upper": law * 2, "quality": np.nan}
    rows = {
        "server_flops": 0.0, "uplink_bits": 0.0, "downlink_bits": 0.0,
        "agent_weight_bytes_per_bit": 0.0, "server_weight_bytes": 0.0, "reference_quality": np.nan,
        "pruning_ratio": 0.0, "feature_bits": np.nan, "agent_mask_bytes": 0.0,
        "reference_distortion": 0.0,
    }  # fmt: skip
    return CutTable(
        placement=tuple(columns.pop("placement", ("co-inference",) * count)),
        split=tuple(columns.pop("split", tuple(f"block/{i}" for i in range(count)))),
        allowed=np.array(columns.pop("allowed", np.ones(count)), dtype=np.bool_),
        agent_flops=flops,
        bits=bits,
        reference_bits=reference,
        **{key: _column(count, columns.pop(key, value)) for key, value in rows.items()},
        **{
            key: np.array(
                np.broadcast_to(columns.pop(key, value), (count, len(bits))), dtype=np.float64
            )
            for key, value in grids.items()
        },
        **columns,
    )


def many_agents(
    table: CutTable, agent_clock: ClockSet, server_clock: ClockSet, **columns: Any
) -> Problem:
    """Return the problem of K agents that use one cut table, one cell and one server.

    Parameters
    ----------
    table, agent_clock, server_clock : as in :class:`Problem`; K follows from ``agent_clock``
    columns : any other field of :class:`Problem`, scalars or (K,); by default free transmission,
        no waits, no budgets, unlimited memory, and degrading where nothing is feasible
    """
    count = len(agent_clock.f_max_hz)
    zeros = np.zeros(count, dtype=np.int64)
    fixed: dict[str, Any] = {
        "agents": tuple(f"agent/{i}" for i in range(count)),
        "groups": ("agent",) * count,
        "tables": (table,),
        "table_index": zeros,
        "cell_index": zeros.copy(),
        "server_index": zeros.copy(),
        "on_violation": ("degrade",) * count,
        "state": idle_state(count),
    }
    each: dict[str, Any] = {
        key: _column(count, columns.pop(key, value)) for key, value in _EACH.items()
    }
    rest = {**fixed, **_REST, **columns}
    if isinstance(rest["on_violation"], str):
        rest["on_violation"] = (rest["on_violation"],) * count
    for station, index in (("cell_agents", "cell_index"), ("server_agents", "server_index")):
        rest.setdefault(station, tuple(np.bincount(rest[index]).tolist()))
    rest.setdefault("server_workers", (1,) * len(rest["server_agents"]))
    return Problem(agent_clock=agent_clock, server_clock=server_clock, **each, **rest)


def single_agent(
    agent_flops: float,
    server_flops: float,
    delay_budget_s: float,
    energy_budget_j: float,
    **columns: Any,
) -> Problem:
    """Return the single-agent problem of the paper with its device constants and free transmission.

    Parameters
    ----------
    agent_flops, server_flops : N and Ñ at 32 bits [FLOP]
    delay_budget_s, energy_budget_j : T0 [s], E0 [J]
    columns : any other field of :class:`Problem`, or ``agent_clock``, ``server_clock``, ``table``

    Examples
    --------
    >>> from simran.allocation.exact import Exact
    >>> problem = single_agent(520.72e9, 245.95e9, delay_budget_s=3.5, energy_budget_j=2.0)
    >>> int(Exact().allocate(problem).weight_bits[0])
    11
    """
    agent = columns.pop("agent_clock", clock_set(1))
    server = columns.pop(
        "server_clock", clock_set(1, f_max_hz=10e9, flops_per_cycle=128.0, dynamic=2e-30)
    )
    table = columns.pop("table", cut_table(agent_flops=agent_flops, server_flops=server_flops))
    budgets = {"delay_budget_s": delay_budget_s, "energy_budget_j": energy_budget_j}
    return many_agents(table, agent, server, **budgets, **columns)


def _column(count: int, value: ArrayLike) -> Floats:
    return np.array(np.broadcast_to(value, (count,)), dtype=np.float64)
