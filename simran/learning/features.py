"""What a policy sees of a design problem: one row of figures in [0, 1] for each agent."""

from __future__ import annotations

import numpy as np

from simran.allocation import Problem
from simran.allocation.evaluate import clock_power
from simran.allocation.problem import CutTable, Floats, Ints

__all__ = ["FEATURES", "features"]

#: The columns of an observation, in order. With x/(x + r), r is the reference that is named.
FEATURES: tuple[str, ...] = (
    "uplink",  # time to send the most that an allowed cut sends, with the whole cell; T0
    "agent_wait",  # waits as the problem has them; T0
    "uplink_wait",
    "server_wait",
    "agent_backlog",  # what waits there now; T0
    "cell_backlog",
    "server_backlog",
    "agent_jobs",  # requests there; 1
    "cell_jobs",
    "server_jobs",
    "report_age",  # age of the reports; T0
    "size",  # size factors; 1
    "uplink_size",
    "server_size",
    "delay_budget",  # T0; time of the agent's largest part with the most bits at full clock
    "energy_budget",  # E0; energy of the same
    "load",  # requests in that time; 1
    "weight",  # w_k; 1
    "cut",  # in force: its number among those allowed, from 1, over how many; 0 for none
    "weight_bits",  # in force, over the largest candidate
    "agent_clock",  # in force, over the highest; 0 where nothing runs
    "server_clock",
    "completed",  # requests between the last two reports; 1
    "spent",  # their mean energy; E0
    "delay",  # their mean delay; T0
    "asked",  # 1 if the decision is about this agent, else 0
)


def features(problem: Problem) -> Floats:
    """Return (K, F) what a policy sees of each agent, in the order of :data:`FEATURES`.

    Nothing but the problem enters, and values have 32 bits, so a policy sees the same in training and as an
    allocator. A budget
    without bound counts as 1 s or 1 J where it is a reference.

    Parameters
    ----------
    problem : as the controller has observed it

    Examples
    --------
    >>> from simran.allocation.simple import single_agent
    >>> problem = single_agent(520.7e9, 224.0e9, delay_budget_s=3.5, energy_budget_j=2.0)
    >>> features(problem).shape == (1, len(FEATURES))
    True
    """
    state = problem.state
    budget_s = np.where(np.isinf(problem.delay_budget_s), 1.0, problem.delay_budget_s)
    budget_j = np.where(np.isinf(problem.energy_budget_j), 1.0, problem.energy_budget_j)
    sent, most_s, most_j, cut, bits = _by_table(problem)
    done = np.maximum(state.completed, 1.0)
    columns = {
        "uplink": _part(sent * problem.uplink_size / problem.rate_bps, budget_s),
        **{name: _part(getattr(problem, f"{name}_s"), budget_s) for name in FEATURES[1:4]},
        **{name: _part(getattr(state, f"{name}_s"), budget_s) for name in FEATURES[4:7]},
        **{name: _part(getattr(state, name), 1.0) for name in FEATURES[7:10]},
        "report_age": _part(state.report_age_s, budget_s),
        **{name: _part(getattr(problem, name), 1.0) for name in FEATURES[11:14]},
        "delay_budget": _part(problem.delay_budget_s, most_s),
        "energy_budget": _part(problem.energy_budget_j, most_j),
        "load": _part(problem.arrival_rate_hz * most_s, 1.0),
        "weight": _part(problem.weight, 1.0),
        "cut": cut,
        "weight_bits": bits,
        "agent_clock": state.agent_frequency_hz / problem.agent_clock.f_max_hz,
        "server_clock": state.server_frequency_hz / problem.server_clock.f_max_hz,
        "completed": _part(state.completed, 1.0),
        "spent": _part(state.spent_j / done, budget_j),
        "delay": _part(state.delay_s / done, budget_s),
        "asked": np.ones(len(problem.agents)),
    }
    rows = np.column_stack([columns[name] for name in FEATURES])
    seen = np.clip(np.nan_to_num(rows), 0.0, 1.0).astype(np.float32)
    return np.asarray(seen, dtype=np.float64)  # as environments hand it out


def _part(value: Floats, reference: Floats | float) -> Floats:
    """Return x/(x + r), which is 1 for an infinite x and 0 for 0/0."""
    total = value + reference
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(np.isinf(value), 1.0, value / total)
    return np.asarray(np.nan_to_num(part))


def _by_table(problem: Problem) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Return (K,) most bits sent, time and energy of the most work, and cut and bits in force."""
    found = np.zeros((5, len(problem.agents)))
    for index, table in enumerate(problem.tables):
        rows = np.flatnonzero(problem.table_index == index)
        allowed = np.flatnonzero(table.allowed)
        found[0, rows] = table.uplink_bits[allowed].max(initial=0.0)
        found[1:3, rows] = _most_work(problem, table, rows, allowed)
        place = np.searchsorted(allowed, problem.state.cut[rows]) + 1.0
        known = np.isin(problem.state.cut[rows], allowed)
        found[3, rows] = np.where(known, place, 0.0) / max(1, len(allowed))
        found[4, rows] = problem.state.weight_bits[rows] / table.bits[-1]
    sent, seconds, joules, cut, bits = found
    return sent, seconds, joules, cut, bits


def _most_work(problem: Problem, table: CutTable, rows: Ints, allowed: Ints) -> Floats:
    clock = problem.agent_clock
    flops = table.agent_flops[allowed].max(initial=0.0) * table.bits[-1] / table.reference_bits
    top_hz = clock.f_max_hz[rows]
    seconds = flops / clock.flops_per_cycle[rows] / top_hz
    return np.array([seconds, seconds * clock_power(clock, rows, top_hz)])
