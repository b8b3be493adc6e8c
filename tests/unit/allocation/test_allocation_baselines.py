"""Each baseline keeps what it is named after."""

from __future__ import annotations

import math

import numpy as np
import pytest

from simran.allocation import evaluate, refuse_impossible
from simran.allocation.baselines import (
    FixedBits,
    FixedFrequency,
    FullPrecision,
    MaxFrequency,
    OnDevice,
    OnServer,
    RandomFeasible,
)
from simran.allocation.exact import Exact
from simran.allocation.samples import sample_problem
from simran.allocation.simple import clock_set, cut_table, many_agents, single_agent
from simran.errors import InputError, UnknownNameError


def sample(seed=5, **columns):
    return sample_problem(np.random.default_rng(seed), 60, **columns)


def test_fixed_bits_takes_the_least_energy_at_that_width():
    problem = single_agent(520.72e9, 245.95e9, 3.5, 2.0)
    exact = Exact().allocate(problem)
    eleven = FixedBits({"bits": 11}).allocate(problem)
    assert eleven.agent_frequency_hz == exact.agent_frequency_hz
    assert (FixedBits().allocate(problem).weight_bits == 8).all()


def test_fixed_bits_must_be_a_candidate():
    table = cut_table(agent_flops=1e9, bits=[4, 6])
    with pytest.raises(InputError, match=r"bit-width 8 is not one of the model's: 4, 6$"):
        FixedBits().allocate(single_agent(1e9, 1e9, 1.0, 1.0, table=table))


def test_full_precision_has_no_distortion():
    problem = sample(delay_budget_s=1e3, energy_budget_j=1e3)
    design = FullPrecision().allocate(problem)
    refuse_impossible(problem, design)
    served = design.cut >= 0
    assert (design.weight_bits[served] == 32).all()
    assert (evaluate(problem, design).distortion[served] == 0).all()


@pytest.mark.parametrize(("cls", "name"), [(OnDevice, "on-device"), (OnServer, "on-server")])
def test_placement_is_kept(cls, name):
    problem = sample(agent_memory_bytes=np.inf, on_violation="degrade")
    design = cls().allocate(problem)
    refuse_impossible(problem, design)
    assert {problem.tables[0].placement[cut] for cut in design.cut} == {name}


def test_placement_that_is_not_listed():
    with pytest.raises(InputError, match="on-server"):
        OnServer().allocate(single_agent(1e9, 1e9, 1.0, 1.0))


def test_max_frequency_then_most_bits():
    problem = single_agent(1024e9, 0.0, 2.3, 100.0)
    design = MaxFrequency().allocate(problem)
    assert design.agent_frequency_hz[0] == 2e9
    assert design.weight_bits[0] == 4  # 0.5 s and 0.4 J per bit at 2 GHz
    problem = single_agent(1024e9, 0.0, 2.3, 0.9)
    assert MaxFrequency().allocate(problem).weight_bits[0] == 2


def test_fixed_frequency_defaults_to_half():
    design = FixedFrequency().allocate(single_agent(1024e9, 1e9, 5.0, 100.0))
    assert design.agent_frequency_hz[0] == 1e9
    assert design.server_frequency_hz[0] == 5e9


def test_fixed_frequency_defaults_to_the_step_below_half():
    steps = clock_set(1, table_hz=[0.3e9, 0.9e9, 1.1e9, 2e9], table_w=[1.0, 2.0, 3.0, 8.0])
    design = FixedFrequency().allocate(single_agent(64e9, 1e9, 50.0, 100.0, agent_clock=steps))
    assert design.agent_frequency_hz[0] == 0.9e9
    only = clock_set(1, table_hz=[1.5e9, 2e9], table_w=[1.0, 2.0])
    design = FixedFrequency().allocate(single_agent(64e9, 1e9, 50.0, 100.0, agent_clock=only))
    assert design.agent_frequency_hz[0] == 1.5e9


def test_fixed_frequency_takes_the_options():
    options = {"agent_frequency": "1.2 GHz", "server_frequency": 3e9}
    design = FixedFrequency(options).allocate(single_agent(64e9, 64e9, 5.0, 100.0))
    assert design.agent_frequency_hz[0] == 1.2e9
    assert design.server_frequency_hz[0] == 3e9


def test_fixed_frequency_that_a_processor_cannot_take():
    with pytest.raises(InputError, match=r"'agent_frequency'.*'agent/0'"):
        FixedFrequency({"agent_frequency": "3 GHz"}).allocate(single_agent(1e9, 1e9, 1.0, 1.0))
    steps = clock_set(1, table_hz=[1e9, 2e9], table_w=[1.0, 2.0])
    problem = single_agent(1e9, 1e9, 1.0, 1.0, agent_clock=steps)
    with pytest.raises(InputError, match=r"1\.5e"):
        FixedFrequency({"agent_frequency": "1.5 GHz"}).allocate(problem)


@pytest.mark.parametrize("value", ["fast", "-1 GHz", "1 GB", True, "nan", [1]])
def test_fixed_frequency_that_is_none(value):
    with pytest.raises(InputError, match="agent_frequency"):
        FixedFrequency({"agent_frequency": value})


@pytest.mark.parametrize("value", [0, 2.5, "eight", True, None])
def test_bits_that_are_none(value):
    with pytest.raises(InputError, match="bits"):
        FixedBits({"bits": value})


@pytest.mark.parametrize("value", [0, 1.5, "half", None])
def test_share_that_is_none(value):
    with pytest.raises(InputError, match="assumed_share"):
        Exact({"assumed_share": value})


def test_unknown_option_names_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'assumed_share'"):
        Exact({"asumed_share": 1})


def test_random_needs_a_generator():
    with pytest.raises(ValueError, match="rng"):
        RandomFeasible().allocate(sample())


def test_random_is_feasible_wherever_exact_is():
    problem = sample()
    design = RandomFeasible({}, np.random.default_rng(0)).allocate(problem)
    refuse_impossible(problem, design)
    np.testing.assert_array_equal(design.feasible, Exact().allocate(problem).feasible)


def test_random_is_uniform_over_feasible_pairs():
    # b = 1 … 4 are feasible, each in one of two like cuts: eight pairs
    table = cut_table(agent_flops=[1024e9, 1024e9])
    count = 4000
    problem = many_agents(
        table, clock_set(count), clock_set(count), delay_budget_s=2.3, energy_budget_j=100.0
    )
    design = RandomFeasible({}, np.random.default_rng(1)).allocate(problem)
    seen = np.bincount(design.cut * 4 + design.weight_bits - 1, minlength=8)
    assert len(seen) == 8
    chi2 = float(((seen - count / 8) ** 2).sum() / (count / 8))
    assert chi2 < 24.32  # 99.9 % point for 7 degrees of freedom


def test_random_counts_on_server_once():
    # b = 1 … 4 on the agent, or everything on the server: five designs
    table = cut_table(
        placement=("on-device", "on-server"), agent_flops=[1024e9, 0.0], server_flops=[0.0, 1024e9]
    )
    count = 4000
    problem = many_agents(
        table, clock_set(count), clock_set(count, f_max_hz=2e11),
        delay_budget_s=2.3, energy_budget_j=np.inf,
    )  # fmt: skip
    design = RandomFeasible({}, np.random.default_rng(1)).allocate(problem)
    assert design.feasible.all()
    remote = int((design.cut == 1).sum())
    # 99.9 % interval of a binomial with p = 1/5
    assert abs(remote - count / 5) < 3.29 * math.sqrt(count * 0.2 * 0.8)


def test_random_draws_depend_on_the_agent_alone():
    full = sample(2)
    rows = np.array([7, 3])
    whole = RandomFeasible({}, np.random.default_rng(2))
    part = RandomFeasible({}, np.random.default_rng(2))
    for _ in range(3):
        first, second = whole.allocate(full), part.allocate(full.select_agents(rows))
        assert (first.weight_bits[rows] == second.weight_bits).all()
        assert (first.cut[rows] == second.cut).all()


def test_no_baseline_beats_exact():
    problem = sample(on_violation="drop")
    best = evaluate(problem, Exact().allocate(problem)).distortion
    for cls in (FixedBits, FixedFrequency, MaxFrequency, RandomFeasible):
        design = cls({}, np.random.default_rng(3)).allocate(problem)
        got = evaluate(problem, design).distortion
        ok = design.feasible
        assert ok.any()
        assert (best[ok] <= got[ok] * (1 + 1e-9)).all()


def test_baselines_keep_their_clocks_in_range_of_a_slice():
    kinds = {"server_discipline": ("allocated",), "server_partition": ("clock",)}
    problem = sample(**kinds)
    for cls in (MaxFrequency, FixedFrequency):
        clocks = cls().allocate(problem).server_frequency_hz
        limit = problem.server_clock.f_max_hz / 60 * (1 + 1e-12)
        assert all(math.isnan(g) or g <= m for g, m in zip(clocks, limit, strict=True))
