"""Independent references for joint designs: brute force and convex programs."""

from __future__ import annotations

import cvxpy as cp
import numpy as np

from simran.allocation.problem import Problem


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
