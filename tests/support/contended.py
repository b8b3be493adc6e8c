"""Independent references for joint designs: brute force and convex programs."""

from __future__ import annotations

import cvxpy as cp
import numpy as np

from simran.allocation import Allocation, Evaluation, Problem, evaluate, refuse_impossible
from simran.allocation.base import Allocator
from simran.allocation.simple import clock_set, cut_table, many_agents


def parameters(problem: Problem, cut: np.ndarray, bits: np.ndarray) -> dict[str, np.ndarray]:
    """Return the numbers of the joint problem for settled cuts and bits, straight from their definitions."""
    table, agent, server = problem.tables[0], problem.agent_clock, problem.server_clock
    scale = problem.size
    fixed = table.downlink_bits[cut] * scale / problem.rate_bps
    airtime = table.uplink_bits[cut] * problem.uplink_size / problem.rate_bps
    return {
        "A": bits / table.reference_bits * table.agent_flops[cut] * scale / agent.flops_per_cycle,
        "Q": table.server_flops[cut] * problem.server_size / server.flops_per_cycle,
        "a": airtime,
        "T": problem.delay_budget_s * (1 - problem.headroom) - fixed,
        "E": problem.energy_budget_j - problem.transmit_w * airtime,
        "P": agent.pue * agent.dynamic,
        "q": server.pue * server.dynamic,
        "f_max": agent.f_max_hz,
        "alpha": agent.exponent,
        "beta": server.exponent,
        "sent": problem.transmit_w * airtime,
    }


def least_energy(problem: Problem, cut: np.ndarray, bits: np.ndarray) -> float:
    """Return the least sum of energies over shares and clocks [J] by a geometric program; inf if none.

    Frequencies are scaled by their limits, so that the solver sees numbers near one.
    """
    it = parameters(problem, cut, bits)
    count = len(cut)
    f, beta, phi = (
        cp.Variable(count, pos=True),
        cp.Variable(count, pos=True),
        cp.Variable(count, pos=True),
    )
    g = cp.Variable(pos=True)
    top = float(problem.server_clock.f_max_hz[0])
    rules = [g <= 1, cp.sum(beta) <= 1, cp.sum(phi) <= 1]
    total = 0.0
    for k in range(count):
        rules.append(f[k] <= 1)
        time = it["A"][k] / it["f_max"][k] / f[k] + it["a"][k] / beta[k]
        time = time + it["Q"][k] / top / (phi[k] * g)
        rules.append(time <= it["T"][k])
        energy = (
            it["P"][k]
            * it["A"][k]
            * it["f_max"][k] ** (it["alpha"][k] - 1)
            * f[k] ** (it["alpha"][k] - 1)
        )
        energy = energy + it["q"][k] * it["Q"][k] * top ** (it["beta"][k] - 1) * g ** (
            it["beta"][k] - 1
        )
        rules.append(energy <= it["E"][k])
        total = total + energy
    program = cp.Problem(cp.Minimize(total), rules)
    try:
        program.solve(gp=True, solver=cp.CLARABEL)
    except cp.error.SolverError:
        return float("inf")
    if program.status not in ("optimal", "optimal_inaccurate"):
        return float("inf")
    return float(program.value) + float(it["sent"].sum())


CONVENTIONS = [
    (sharing, partition) for sharing in ("time", "frequency") for partition in ("space", "clock")
]


def convex_optimum(
    problem: Problem, cut: np.ndarray, bits: np.ndarray, goal: str, room: float = 1.0
) -> float:
    """Return the least largest sum of shares, or the least sum of energies [J], by a convex program.

    For every convention of cell and server, with continuous clocks; inf where there is none. Time of the
    agent, of sending and of the server are variables of their own, so nothing of the solution in closed form
    is used.
    """
    it = parameters(problem, cut, bits)
    count = len(cut)
    by_band = problem.cell_sharing[0] == "frequency"
    by_clock = problem.server_partition[0] == "clock"
    top = float(problem.server_clock.f_max_hz[0])
    beta, phi, most = cp.Variable(count), cp.Variable(count), cp.Variable()
    sent, computed, served = cp.Variable(count), cp.Variable(count), cp.Variable(count)
    clock = cp.Variable()  # as a part of the highest
    rules = [
        beta >= 1e-9,
        phi >= 1e-9,
        clock >= 1e-6,
        clock <= 1,
        cp.sum(beta) <= most,
        cp.sum(phi) <= most,
    ]
    rules += [beta <= 1, phi <= 1]
    total = 0.0
    for k in range(count):
        p, alpha = problem.transmit_w[k], it["alpha"][k]
        if by_band:
            efficiency = problem.rate_bps[k] / problem.bandwidth_hz[k]
            snr = 2.0**efficiency - 1
            carried = -cp.rel_entr(beta[k], beta[k] + snr) / (efficiency * np.log(2))
            rules.append(sent[k] >= it["a"][k] * cp.inv_pos(carried))
            paid = p * (sent[k] - it["a"][k])  # beyond what E has been lessened by already
        else:
            rules.append(sent[k] >= it["a"][k] * cp.inv_pos(beta[k]))
            paid = 0.0
        work, full_w = it["Q"][k] / top, it["q"][k] * top ** it["beta"][k]
        if by_clock:
            rules.append(served[k] >= work * cp.inv_pos(phi[k]))
            drawn = full_w * work ** it["beta"][k] * cp.power(served[k], 1 - it["beta"][k])
        else:
            rules.append(served[k] >= work * cp.inv_prod(cp.hstack([phi[k], clock])))
            drawn = full_w * work * cp.power(clock, it["beta"][k] - 1)
        rules += [computed[k] >= it["A"][k] / it["f_max"][k]]
        spent = it["P"][k] * it["A"][k] ** alpha * cp.power(computed[k], 1 - alpha)
        rules.append(sent[k] + computed[k] + served[k] <= it["T"][k])
        rules.append(paid + spent + drawn <= it["E"][k])
        total = total + paid + spent + drawn
    if goal == "energy":
        rules.append(most == room)
    program = cp.Problem(cp.Minimize(most if goal == "load" else total), rules)
    try:
        program.solve(solver=cp.CLARABEL)
    except cp.error.SolverError:
        return float("inf")
    if program.status not in ("optimal", "optimal_inaccurate"):
        return float("inf")
    return float(program.value) + (float(it["sent"].sum()) if goal == "energy" else 0.0)


def solved(allocator: Allocator, problem: Problem) -> tuple[Allocation, Evaluation]:
    """Return a design with its cost, after what holds of every one."""
    design = allocator.allocate(problem)
    refuse_impossible(problem, design)
    cost = evaluate(problem, design)
    ok = design.feasible
    assert (cost.delay_ok & cost.energy_ok & cost.quality_ok)[ok].all()
    for share in (design.bandwidth_share, design.server_share):
        assert np.nansum(share) <= 1 + 1e-9
        assert (share[ok] > 0).all()
    return design, cost


def alike(count: int, **columns: object) -> Problem:
    """Return alike agents that contend for a cell and a server of fixed size."""
    table = cut_table(agent_flops=400e9, server_flops=200e9, uplink_bits=4e6, bits=np.arange(1, 9))
    server = clock_set(count, f_max_hz=10e9, flops_per_cycle=400.0, dynamic=2e-30)
    chosen = {
        "rate_bps": 5e7,
        "delay_budget_s": 3.0,
        "energy_budget_j": 3.0,
        "cell_scheduler": ("allocated",),
        "server_discipline": ("allocated",),
    }
    return many_agents(table, clock_set(count), server, **(chosen | columns))
