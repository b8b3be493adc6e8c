"""Drift-plus-penalty against the best stationary policy: its gap, its queues, its long-run averages."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.optimize import linprog

from simran.allocation import evaluate
from simran.allocation.drift import DriftPlusPenalty
from simran.allocation.problem import Problem
from simran.allocation.simple import clock_set, cut_table, single_agent

STEPS = np.array([0.4e9, 0.8e9, 1.2e9, 1.6e9, 2.0e9])
RATES = (20e6, 5e6)
E_AVG, T_AVG = 1.0, 3.0
BITS = np.arange(2, 11)


def _problem() -> Problem:
    table = cut_table(agent_flops=[400e9], server_flops=[200e9], uplink_bits=[4e6], bits=BITS)
    agent = clock_set(1, table_hz=STEPS, table_w=1e-28 * STEPS**3)
    server = clock_set(
        1, f_max_hz=10e9, flops_per_cycle=128.0, table_hz=np.array([10e9]), table_w=np.array([1.0])
    )
    columns = {
        "rate_bps": RATES[0],
        "transmit_w": 1.0,
        "agent_clock": agent,
        "server_clock": server,
    }
    return single_agent(0, 0, 6.0, 5.0, table=table, **columns)


@dataclass(frozen=True)
class Path:
    distortion: np.ndarray
    energy: np.ndarray
    delay: np.ndarray
    queues: np.ndarray


def _path(V: float, steps: int, rates: tuple[float, ...]) -> Path:
    """Return what happens to one request after another, each under a decision of its own."""
    options = {"V": V, "average_energy": E_AVG, "average_delay": T_AVG, "hard": "none"}
    allocator, problem = DriftPlusPenalty(options), _problem()
    rows = []
    for number in range(steps):
        asked = replace(problem, rate_bps=np.array([rates[number % len(rates)]]))
        asked, answer = allocator.decide(asked)
        plan = evaluate(asked, answer)
        queues = allocator.queues(asked)
        state = replace(
            problem.state, completed=np.ones(1), spent_j=plan.energy_j, delay_s=plan.delay_s
        )
        problem = replace(problem, state=state)
        rows.append((plan.distortion, plan.energy_j, plan.delay_s, [queues.energy, queues.delay]))
    distortion, energy, delay, queues = zip(*rows, strict=True)
    return Path(*(np.squeeze(np.array(it)) for it in (distortion, energy, delay, queues)))


def _designs(rate_bps: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return distortion, energy and delay of every design, straight from the formulas."""
    bits, f = (it.ravel() for it in np.meshgrid(BITS, STEPS, indexing="ij"))
    cycles = bits / 32 * 400e9 / 32
    server_s = 200e9 / (128 * 10e9)
    energy = 1e-28 * cycles * f**2 + 4e6 / rate_bps + server_s * 1.0
    return 2.0 ** (1 - bits), energy, cycles / f + 4e6 / rate_bps + server_s


def _stationary(rates: tuple[float, ...]) -> float:
    """Return the least average distortion of a policy that draws designs by rate alone."""
    parts = [_designs(rate) for rate in rates]
    D, E, T = (np.concatenate(it) / len(rates) for it in zip(*parts, strict=True))
    one = np.kron(np.eye(len(rates)), np.ones(len(parts[0][0])))
    found = linprog(D, np.stack([E, T]), [E_AVG, T_AVG], one, np.ones(len(rates)))
    return float(found.fun)


def _bound(rates: tuple[float, ...]) -> float:
    """Return B, half the largest sum of squares of what one request moves the queues by."""
    parts = [_designs(rate) for rate in rates]
    E, T = (np.concatenate([part[it] for part in parts]) for it in (1, 2))
    kept = T <= 2 * T_AVG
    return float(np.max((E[kept] / E_AVG - 1) ** 2 + (T[kept] / T_AVG - 1) ** 2) / 2)


def _slack(rate_bps: float) -> float:
    """Return by which part a stationary policy can stay below both budgets at once."""
    _, E, T = _designs(rate_bps)
    rows = np.column_stack([np.stack([E / E_AVG, T / T_AVG]), np.ones(2)])
    one = np.append(np.ones(len(E)), 0.0)[None, :]
    return -float(linprog(-np.append(np.zeros(len(E)), 1.0), rows, np.ones(2), one, [1.0]).fun)


@pytest.mark.parametrize("V", [1.0, 10.0, 100.0])
def test_the_gap_to_the_best_stationary_policy_is_within_b_over_v(V: float) -> None:
    """With one rate Lyapunov's bounds on gap and queues hold on every path, not only in expectation."""
    rates = RATES[:1]
    path = _path(V, 500, rates)
    largest = 2.0 ** (1 - BITS[0])
    best = _stationary(rates)
    assert path.distortion.mean() <= best + largest * _bound(rates) / V
    assert path.queues.sum(axis=1).mean() <= (_bound(rates) + V) / _slack(rates[0])


def test_a_larger_v_trades_queues_for_distortion() -> None:
    paths = [_path(V, 600, RATES) for V in (1.0, 10.0, 100.0)]
    distortion = [path.distortion.mean() for path in paths]
    queues = [path.queues.max() for path in paths]
    assert distortion[0] > distortion[1] > distortion[2]
    assert queues[0] < queues[1] < queues[2]


@pytest.mark.parametrize("V", [1.0, 100.0])
def test_long_run_averages_meet_their_budgets(V: float) -> None:
    """Exactly: the sum of what was overspent is at most what the queue holds at the end."""
    path = _path(V, 500, RATES)
    for spent, budget, queue in (
        (path.energy, E_AVG, path.queues[-1, 0]),
        (path.delay, T_AVG, path.queues[-1, 1]),
    ):
        assert (spent[:-1] / budget - 1).sum() <= queue + 1e-9
    assert all(_slack(rate) > 0 for rate in RATES)  # a feasible policy exists
