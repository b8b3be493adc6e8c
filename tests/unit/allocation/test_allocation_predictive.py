"""Model-predictive designs: forecasts, sequences against all of them, costs of change."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from simran.allocation import check_allocator
from simran.allocation.exact import Exact
from simran.allocation.forecast import Series
from simran.allocation.horizon import first_choice
from simran.allocation.predictive import ModelPredictive
from simran.allocation.problem import Allocation, Problem
from simran.allocation.samples import sample_problem
from simran.allocation.simple import cut_table, single_agent
from simran.errors import InputError


def test_a_forecast_returns_to_the_mean_as_fast_as_the_series_forgets() -> None:
    rng = np.random.default_rng(4)
    series, value, count = Series(4000), 0.0, 4000
    for _ in range(count):
        value = 0.8 * value + rng.normal(0, 0.6)
        series.add(np.array([5.0 + value, 2.0, np.inf]))
    correlation = series.correlation()
    assert abs(correlation[0] - 0.8) < 3.3 * np.sqrt((1 - 0.8**2) / count)
    assert correlation[1] == 1.0
    ahead = series.forecast(3.0)
    mean = series.mean()[0]
    assert ahead[0] == pytest.approx(mean + correlation[0] ** 3 * (5.0 + value - mean))
    assert ahead[1:].tolist() == [2.0, np.inf]


def test_errors_without_memory_are_averaged_out() -> None:
    rng = np.random.default_rng(5)
    series = Series(2000)
    for _ in range(2000):
        series.add(rng.normal(10.0, 1.0, 4))
    assert (np.abs(series.forecast(1.0) - 10.0) < 0.35).all()


def test_the_first_of_few_observations_is_believed() -> None:
    series = Series()
    for value in (1.0, 2.0, 9.0):
        series.add(np.array([value]))
    assert series.forecast(2.0).tolist() == [9.0]


@pytest.mark.parametrize("seed", range(5))
def test_no_sequence_is_cheaper(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, H, N = 6, 4, 3
    stage, change, first = (rng.random(shape) for shape in ((n, H, N), (n, H, N, N), (n, N)))
    usable = rng.random((n, N)) < 0.8
    usable[:, 0] = True
    chosen = first_choice(stage, change, first, usable)
    for row in range(n):
        costs = {}
        for path in itertools.product(range(N), repeat=H):
            if usable[row, path[0]]:
                steps = sum(change[row, h, path[h - 1], path[h]] for h in range(1, H))
                held = sum(stage[row, h, path[h]] for h in range(H))
                costs[path] = first[row, path[0]] + steps + held
        assert min(costs, key=costs.__getitem__)[0] == chosen[row]


def test_where_nothing_moves_and_change_is_free_it_designs_as_exact_does() -> None:
    for kind in ({}, {"stepped": True}, {"floor": 0.17}, {"select": "min-delay"}):
        problem = sample_problem(np.random.default_rng(8), **kind)
        mine, other = ModelPredictive().allocate(problem), Exact().allocate(problem)
        assert mine.cut.tolist() == other.cut.tolist()
        assert mine.weight_bits.tolist() == other.weight_bits.tolist()
        assert mine.agent_frequency_hz == pytest.approx(other.agent_frequency_hz, nan_ok=True)


BITS = np.arange(2, 13)


def _problem(load_s_per_byte: float) -> Problem:
    table = cut_table(
        agent_flops=[400e9],
        server_flops=[200e9],
        uplink_bits=[20e6],
        agent_weight_bytes_per_bit=[1e8],
        bits=BITS,
    )
    problem = single_agent(0, 0, 3.0, 4.0, table=table, rate_bps=20e6, transmit_w=0.5)
    state = replace(problem.state, agent_load_s_per_byte=np.array([load_s_per_byte]))
    return replace(problem, state=state)


def _designs(problem: Problem, rates: list[float], period_s: float = 1.0) -> list[int]:
    """Return the bits chosen at each decision, each with what the one before has put into force."""
    allocator = ModelPredictive()
    bits = []
    for rate in rates:
        asked = replace(problem, rate_bps=np.array([rate]))
        _, answer = allocator.decide(asked)
        bits.append(int(answer.weight_bits[0]))
        problem = _after(problem, answer, period_s)
    return bits


def _after(problem: Problem, answer: Allocation, period_s: float) -> Problem:
    state = replace(
        problem.state,
        elapsed_s=np.array([period_s]),
        cut=answer.cut,
        weight_bits=answer.weight_bits,
        agent_frequency_hz=answer.agent_frequency_hz,
    )
    return replace(problem, state=state)


def test_bits_are_not_changed_back_and_forth_where_loading_is_slow() -> None:
    """The rate flips at every decision: free loading follows it, slow loading does not."""
    rates = [20e6, 14e6] * 15
    free, slow = (_designs(_problem(cost), rates) for cost in (0.0, 1e-9))
    exact = [
        int(Exact().allocate(replace(_problem(0.0), rate_bps=np.array([rate]))).weight_bits[0])
        for rate in rates[:2]
    ]
    assert exact[0] > exact[1]
    changes = [int(np.count_nonzero(np.diff(bits[10:]))) for bits in (free, slow)]
    assert changes[1] == 0
    assert set(slow[10:]) <= {min(exact), *range(min(exact))} or changes[0] == 0


def test_a_gain_for_long_pays_a_load() -> None:
    """A rate that has risen for good: more bits are worth one load, at 0.1 s, but not at 100 s."""
    rates = [8e6] * 10 + [20e6] * 40
    worth, not_worth = (_designs(_problem(cost), rates) for cost in (1e-10, 1e-6))
    assert worth[-1] > worth[5]
    assert not_worth[-1] == not_worth[5]


def test_more_requests_than_it_can_serve_cost_bits() -> None:
    problem = _problem(0.0)
    calm = int(ModelPredictive().decide(problem)[1].weight_bits[0])
    allocator = ModelPredictive()
    busy = replace(problem.state, elapsed_s=np.ones(1), completed=np.array([1.0]))
    for _ in range(20):
        _, answer = allocator.decide(replace(problem, state=busy))
    served = answer.agent_frequency_hz[0] / (answer.weight_bits[0] / 32 * 400e9 / 32)
    assert answer.weight_bits[0] < calm
    assert served > 0.9


@pytest.mark.parametrize("options", [{"horizon": 1}, {"horizon": 12, "candidates": 2}, {"miss": 5}])
def test_conformance_with_options(options: dict[str, float]) -> None:
    assert [it for it in check_allocator(ModelPredictive, options) if not it.passed] == []


@pytest.mark.parametrize(
    "options", [{"horizon": 0}, {"horizon": 2.5}, {"candidates": 65}, {"miss": 0}, {"V": 1}]
)
def test_options_of_no_use_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(InputError):
        ModelPredictive(options)
