"""Random design problems that cover what an allocator can meet, for checks and tests."""

from __future__ import annotations

from typing import Any

import numpy as np

from simran.allocation.problem import ClockSet, CutTable, Problem
from simran.allocation.simple import clock_set, cut_table, many_agents

__all__ = ["contended_problem", "sample_problem"]

_STEPS = 5


def sample_problem(
    rng: np.random.Generator,
    count: int = 30,
    *,
    stepped: bool = False,
    floor: float = 0.0,
    same_exponents: bool = True,
    floors: bool = False,
    **columns: Any,
) -> Problem:
    """Return the problem of ``count`` unlike agents, most but not all with a feasible design.

    Five cuts are listed: on-server, three splits and on-device; the splits are allowed.

    Parameters
    ----------
    rng : decides all numbers
    count : K
    stepped : whether the processors have tables of clocks in the place of a range
    floor : least distortion per weight; above 0 it stops to fall with b, as power-of-two does
    same_exponents : whether agent and server follow the same power law
    floors : whether three of four agents have a quality floor; no quality is known of the first split
    columns : fields of :class:`Problem` to set, as in :func:`simran.allocation.simple.many_agents`
    """
    exponent = rng.choice([2.0, 2.5, 3.0], count)
    other = exponent if same_exponents else rng.choice([2.2, 2.8, 3.0], count)
    chosen: dict[str, Any] = {
        "size": rng.uniform(0.5, 2.0, count),
        "uplink_size": rng.uniform(0.5, 2.0, count),
        "server_size": rng.uniform(0.5, 2.0, count),
        "rate_bps": np.where(rng.random(count) < 0.2, np.inf, rng.uniform(2e7, 2e8, count)),
        "transmit_w": rng.uniform(0.0, 2.0, count),
        "link_s_per_bit": rng.uniform(0.0, 1e-9, count),
        "link_delay_s": rng.uniform(0.0, 1e-3, count),
        "agent_wait_s": rng.uniform(0.0, 0.05, count),
        "uplink_wait_s": rng.uniform(0.0, 0.05, count),
        "server_wait_s": rng.uniform(0.0, 0.05, count),
        "delay_budget_s": rng.uniform(0.3, 6.0, count),
        "energy_budget_j": rng.uniform(0.3, 4.0, count),
        "agent_memory_bytes": np.where(rng.random(count) < 0.2, 1e9, np.inf),
        "on_violation": tuple(
            rng.choice(["degrade", "drop", "fallback-on-device"], count).tolist()
        ),
    }
    if floors:
        none = rng.random(count) < 0.25
        chosen["quality_floor"] = np.where(none, -np.inf, rng.uniform(0.3, 1.02, count))
    agent = _clock(rng, exponent, stepped, 2e9, 32.0, 1e-28 * 2e9**3)
    server = _clock(rng, other, stepped, 10e9, 128.0, 2e-30 * 10e9**3)
    return many_agents(_table(floor), agent, server, **(chosen | columns))


def _table(floor: float) -> CutTable:
    here = np.array([0.0, 0.2, 0.5, 0.8, 1.0])
    bits = np.arange(1, 17)
    law = here[:, None] * np.maximum(2.0 ** (1.0 - bits), floor)
    quality = 1.0 - here[:, None] * 2.0 ** (1.0 - bits)
    quality[1] = np.nan
    return cut_table(
        placement=("on-server", "co-inference", "co-inference", "co-inference", "on-device"),
        split=("", "early", "middle", "late", "end"),
        allowed=[False, True, True, True, False],
        agent_flops=600e9 * here,
        server_flops=600e9 * (1 - here),
        uplink_bits=[1.2e6, 8e6, 4e6, 1e6, 0.0],
        downlink_bits=[512.0, 512.0, 512.0, 512.0, 0.0],
        agent_weight_bytes_per_bit=2e8 * here,
        server_weight_bytes=6.4e9 * (1 - here),
        bits=bits,
        distortion=law,
        lower=law / 2,
        upper=law * 2,
        quality=quality,
        reference_quality=np.ones(len(here)),
    )


def _clock(
    rng: np.random.Generator,
    exponent: np.ndarray[Any, np.dtype[np.float64]],
    stepped: bool,
    f_max_hz: float,
    flops_per_cycle: float,
    full_w: float,
) -> ClockSet:
    count = len(exponent)
    highest = f_max_hz * rng.uniform(0.5, 1.5, count)
    dynamic = full_w * rng.uniform(0.5, 2.0, count) / highest**exponent
    steps = highest[:, None] * np.linspace(1 / _STEPS, 1.0, _STEPS)
    steps[rng.random(count) < 0.5, 0] = np.nan
    steps = np.sort(steps, axis=1)  # NaN last
    watts = (dynamic[:, None] * steps ** exponent[:, None]) * rng.uniform(0.9, 1.1, steps.shape)
    tables = {"table_hz": steps, "table_w": watts} if stepped else {}
    return clock_set(
        count,
        f_max_hz=highest,
        flops_per_cycle=flops_per_cycle,
        dynamic=dynamic,
        exponent=exponent,
        pue=rng.uniform(1.0, 1.5, count),
        **tables,
    )


def contended_problem(
    rng: np.random.Generator,
    count: int,
    *,
    most_bits: int = 10,
    cuts: int = 1,
    stepped: bool = False,
    crowding: float = 1.0,
    **columns: Any,
) -> Problem:
    """Return the problem of ``count`` unlike agents that contend for one cell and one server.

    Both give shares. The rate of the cell and the cores of the server grow with ``count``, so that an equal
    share is worth the same at any number.

    Parameters
    ----------
    rng : decides all numbers
    count : K
    most_bits : largest candidate bit-width
    cuts : number of splits that are allowed, 1 to 3
    stepped : whether all processors have tables of clocks
    crowding : by what factor less there is to share out
    columns : fields of :class:`Problem` to set, as in :func:`simran.allocation.simple.many_agents`; with
        ``cell_sharing=("frequency",)`` the band grows with ``count``, too
    """
    here = np.array([0.5, 0.25, 0.75])[:cuts]
    law = here[:, None] * 2.0 ** (1.0 - np.arange(1, most_bits + 1))
    table = cut_table(
        agent_flops=600e9 * here,
        server_flops=600e9 * (1 - here),
        uplink_bits=np.array([4e6, 8e6, 2e6])[:cuts],
        downlink_bits=512.0,
        bits=np.arange(1, most_bits + 1),
        distortion=law * rng.uniform(0.8, 1.2),
    )
    alpha = float(rng.choice([2.5, 3.0]))
    room = count / crowding
    agent = clock_set(
        count,
        f_max_hz=2e9 if stepped else rng.uniform(1e9, 3e9, count),
        dynamic=rng.uniform(0.5, 2.0, count) * 1e-28 * 2e9 ** (3 - alpha),
        exponent=alpha,
        **(_steps(2e9, 0.8, alpha) if stepped else {}),
    )
    server = clock_set(
        count,
        f_max_hz=10e9,
        flops_per_cycle=64.0 * room,
        dynamic=1e-30 * room * 10e9 ** (3 - alpha),
        exponent=alpha,
        **(_steps(10e9, 2.0, alpha) if stepped else {}),
    )
    chosen = _contending(rng, count, room)
    if columns.get("cell_sharing") == ("frequency",):
        chosen["bandwidth_hz"] = 8e6 * room
    return many_agents(table, agent, server, **(chosen | columns))


def _contending(rng: np.random.Generator, count: int, room: float) -> dict[str, Any]:
    """Return what sets agents apart from each other, and makes them share."""
    return {
        "size": rng.uniform(0.7, 1.4, count),
        "rate_bps": rng.uniform(1e7, 6e7, count) * room,
        "transmit_w": rng.uniform(0.2, 2.0, count),
        "delay_budget_s": rng.uniform(1.5, 5.0, count),
        "energy_budget_j": rng.uniform(0.8, 4.0, count),
        "weight": rng.uniform(0.5, 2.0, count),
        "cell_scheduler": ("allocated",),
        "server_discipline": ("allocated",),
    }


def _steps(top_hz: float, top_w: float, alpha: float) -> dict[str, Any]:
    """Return the table of a stepped clock, whose power follows the exponent."""
    steps = top_hz * np.linspace(0.2, 1.0, _STEPS)
    return {"table_hz": steps, "table_w": top_w * (steps / top_hz) ** alpha}
