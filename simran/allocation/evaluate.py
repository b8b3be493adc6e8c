"""What a design costs: every term of delay and energy, without any queue but the observed waits."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from simran.allocation.problem import Allocation, Bools, ClockSet, CutTable, Floats, Ints, Problem
from simran.allocation.stages import (
    RELATIVE_TOLERANCE,
    Shares,
    meets_floor,
    offloads,
    stages,
    waits,
)

__all__ = ["Evaluation", "clock_power", "evaluate"]


@dataclass(frozen=True)
class Evaluation:
    """What each agent's design costs and gives, one entry per agent; NaN where it is refused.

    Parameters
    ----------
    agent_s : (b/b_ref) N size/(f c) [s]
    uplink_s : S/(β r) [s]
    backhaul_s, return_link_s : cell to server and back, idle links [s]
    server_s : Ñ size/(φ f̃ c̃) [s]
    downlink_s : the answer at the whole-cell rate [s]
    decision_s : time that the decision takes [s]
    agent_wait_s : of the observed wait what is left after the decision [s]
    uplink_wait_s, server_wait_s : as observed [s]
    delay_s : sum of all of these [s]
    agent_j, transmit_j, server_j, energy_j : η ψ (b/b_ref)(N/c) f^(α−1), p S/r, likewise, sum [J]
    distortion, distortion_lower, distortion_upper, quality : of the cut at that bit-width
    delay_ok, energy_ok : whether T0 and E0 are met to within 1e-9 relative
    quality_ok : whether the quality reaches its floor, likewise
    """

    agent_s: Floats
    uplink_s: Floats
    backhaul_s: Floats
    server_s: Floats
    return_link_s: Floats
    downlink_s: Floats
    agent_wait_s: Floats
    uplink_wait_s: Floats
    server_wait_s: Floats
    decision_s: Floats
    delay_s: Floats
    agent_j: Floats
    transmit_j: Floats
    server_j: Floats
    energy_j: Floats
    distortion: Floats
    distortion_lower: Floats
    distortion_upper: Floats
    quality: Floats
    delay_ok: Bools
    energy_ok: Bools
    quality_ok: Bools


def evaluate(problem: Problem, allocation: Allocation, assumed_share: float = 1.0) -> Evaluation:
    """Return what ``allocation`` costs and gives.

    Parameters
    ----------
    problem, allocation : the question and the answer
    assumed_share : stands in for a share that is NaN, in (0, 1]; 1 is an otherwise empty network

    Raises
    ------
    ValueError
        if ``assumed_share`` is outside (0, 1]

    Notes
    -----
    Nothing is checked here; see :func:`simran.allocation.refuse_impossible`.
    """
    if not 0 < assumed_share <= 1:
        raise ValueError(f"assumed_share must be in (0, 1], got {assumed_share}")
    count = len(problem.agents)
    columns = {
        f.name: np.full(count, np.nan) for f in fields(Evaluation) if not f.name.endswith("_ok")
    }
    for index, table in enumerate(problem.tables):
        rows = np.flatnonzero((problem.table_index == index) & (allocation.cut >= 0))
        if rows.size:
            terms = _compute(problem, table, allocation, rows, assumed_share)
            terms |= _waits(problem, table, rows, allocation.cut[rows], terms)
            terms |= _quality(table, allocation.cut[rows], allocation.weight_bits[rows])
            for name, values in terms.items():
                columns[name][rows] = values
    loose = 1 + RELATIVE_TOLERANCE
    return Evaluation(
        **columns,
        delay_ok=columns["delay_s"] <= problem.delay_budget_s * loose,
        energy_ok=columns["energy_j"] <= problem.energy_budget_j * loose,
        quality_ok=meets_floor(columns["quality"], problem.quality_floor),
    )


def clock_power(clock: ClockSet, agents: Ints, frequency_hz: Floats) -> Floats:
    """Return η times the dynamic power at ``frequency_hz`` [W], by law or by the nearest step."""
    power: Floats = clock.dynamic[agents] * frequency_hz ** clock.exponent[agents]
    if clock.table_hz.shape[1]:
        steps = clock.table_hz[agents]
        gaps = np.where(np.isfinite(steps), np.abs(steps - frequency_hz[:, None]), np.inf)
        listed = clock.table_w[agents, np.argmin(gaps, axis=1)]
        power = np.where(np.isfinite(steps).any(axis=1), listed, power)
    total: Floats = clock.pue[agents] * power
    return total


def _share(share: Floats, rows: Ints, local: Bools, assumed: float) -> Floats:
    given = share[rows]
    return np.where(np.isnan(given) | (local & (given == 0.0)), assumed, given)


def _seconds(cycles: Floats, frequency_hz: Floats) -> Floats:
    return np.where(cycles > 0, cycles / frequency_hz, 0.0)


def _joules(cycles: Floats, frequency_hz: Floats, power_w: Floats) -> Floats:
    return np.where(cycles > 0, power_w * (cycles / frequency_hz), 0.0)


def _compute(
    problem: Problem, table: CutTable, allocation: Allocation, rows: Ints, assumed: float
) -> dict[str, Floats]:
    local = ~offloads(table)[allocation.cut[rows]]  # needs no share, so 0 is as good as any
    shares = Shares(
        _share(allocation.bandwidth_share, rows, local, assumed),
        _share(allocation.server_share, rows, local, assumed),
    )
    cost = stages(problem, table, rows, allocation.cut[rows], shares)
    f, g = allocation.agent_frequency_hz[rows], allocation.server_frequency_hz[rows]
    cycles = cost.agent_cycles_per_bit * allocation.weight_bits[rows]
    agent_j = _joules(cycles, f, clock_power(problem.agent_clock, rows, f))
    server_j = _joules(cost.server_cycles, g, clock_power(problem.server_clock, rows, g))
    agent_s, server_s = _seconds(cycles, f), _seconds(cost.server_cycles_in_slice, g)
    return {
        "agent_s": agent_s,
        "uplink_s": cost.uplink_s,
        "backhaul_s": cost.backhaul_s,
        "server_s": server_s,
        "return_link_s": cost.return_link_s,
        "downlink_s": cost.downlink_s,
        "delay_s": agent_s + server_s + cost.transfers_s,
        "agent_j": agent_j,
        "transmit_j": cost.transmit_j,
        "server_j": server_j,
        "energy_j": agent_j + cost.transmit_j + server_j,
    }


def _waits(
    problem: Problem, table: CutTable, rows: Ints, cuts: Ints, terms: dict[str, Floats]
) -> dict[str, Floats]:
    agent, uplink, server = waits(problem, table, rows, cuts)
    decision = problem.decision_s[rows]
    return {
        "agent_wait_s": agent,
        "uplink_wait_s": uplink,
        "server_wait_s": server,
        "decision_s": decision,
        "delay_s": terms["delay_s"] + agent + uplink + server + decision,
    }


def _quality(table: CutTable, cuts: Ints, weight_bits: Ints) -> dict[str, Floats]:
    column = np.minimum(np.searchsorted(table.bits, weight_bits), len(table.bits) - 1)
    unquantized = (weight_bits == table.reference_bits) | (weight_bits == 0)
    known = unquantized | (table.bits[column] == weight_bits)

    def pick(tabled: Floats, reference: Floats) -> Floats:
        value = np.where(unquantized, reference, tabled[cuts, column])
        return np.where(known, value, np.nan)

    whole = table.reference_distortion[cuts]
    return {
        "distortion": pick(table.distortion, whole),
        "distortion_lower": pick(table.lower, whole),
        "distortion_upper": pick(table.upper, whole),
        "quality": pick(table.quality, table.reference_quality[cuts]),
    }
