"""The exact allocator against published designs, brute force and a convex solver."""

from __future__ import annotations

import json
import math

import cvxpy as cp
import numpy as np
import pytest

from simran.allocation import Problem, evaluate, refuse_impossible
from simran.allocation.exact import Exact
from simran.allocation.samples import sample_problem
from simran.allocation.simple import clock_set, cut_table, many_agents, single_agent

ENCODER = 520.719260160e9  # FLOP of BLIP-2's vision encoder
REST = 12.747866112e9 + 2 * 1_968_640 * 32 + 169.633382400e9 + 12 * 5.29e9


@pytest.mark.parametrize(
    ("delay_s", "bits"),
    [(1, 3), (1.5, 5), (2, 7), (2.5, 8), (3, 10), (3.5, 11), (4, 12), (5, 14)],
)
def test_designs_of_the_catalogued_blip2_split(delay_s, bits):
    problem = single_agent(ENCODER, REST, delay_s, 2.0)
    design = Exact().allocate(problem)
    cost = evaluate(problem, design)
    assert design.weight_bits[0] == bits
    assert design.feasible[0]
    assert cost.delay_ok[0]
    assert cost.energy_ok[0]


def test_free_optimum_has_the_ratio_of_the_theory():
    problem = single_agent(ENCODER, REST, 5.0, 2.0)
    design = Exact().allocate(problem)
    bits = design.weight_bits[0]
    A, B = ENCODER / 32 / 32, REST / 128
    P, Q = 1e-28 * A, 2e-30 * B
    ratio = (design.agent_frequency_hz[0] / design.server_frequency_hz[0]) ** 3
    assert ratio == pytest.approx((A / P) / (B / Q), rel=1e-12)
    spent = A * bits / design.agent_frequency_hz[0] + B / design.server_frequency_hz[0]
    assert spent == pytest.approx(5.0, rel=1e-12)


def explicit(problem: Problem, k: int, cut: int):
    """Return a, A-power, B, q-power, fixed time and energy of one agent, written out again."""
    t, here, there = problem.tables[0], problem.agent_clock, problem.server_clock
    S = t.uplink_bits[cut] * problem.uplink_size[k]
    down = t.downlink_bits[cut] * problem.size[k]
    offload = t.placement[cut] != "on-device"
    fixed = problem.agent_wait_s[k] + problem.decision_s[k]
    if offload:
        fixed += problem.uplink_wait_s[k] + problem.server_wait_s[k]
        fixed += S / problem.rate_bps[k] + down / problem.rate_bps[k]
        fixed += problem.link_s_per_bit[k] * (S + down) + 2 * problem.link_delay_s[k]
    sent_j = problem.transmit_w[k] * S / problem.rate_bps[k] if offload else 0.0
    a = t.agent_flops[cut] * problem.size[k] / 32 / here.flops_per_cycle[k]
    B = t.server_flops[cut] * problem.server_size[k] / there.flops_per_cycle[k]
    P, Q = here.pue[k] * here.dynamic[k] * a, there.pue[k] * there.dynamic[k] * B
    return a, P, B, Q, fixed, sent_j


def brute_force(problem: Problem, k: int, points: int = 1500):
    """Return the least (distortion, energy) over all cuts, bits and a grid of agent clocks.

    For each agent clock the server runs as slowly as the delay budget lets it.
    """
    t, best = problem.tables[0], (math.inf, math.inf)
    F, G = problem.agent_clock.f_max_hz[k], problem.server_clock.f_max_hz[k]
    alpha, beta = problem.agent_clock.exponent[k], problem.server_clock.exponent[k]
    T, E = problem.delay_budget_s[k], problem.energy_budget_j[k]
    f = F * np.geomspace(1e-3, 1.0, points)
    for cut in np.flatnonzero(t.allowed):
        a, P, B, Q, fixed, sent_j = explicit(problem, k, cut)
        if t.server_weight_bytes[cut] > problem.server_memory_bytes[k]:
            continue
        for column, b in enumerate(t.bits):
            if t.agent_weight_bytes_per_bit[cut] * b > problem.agent_memory_bytes[k]:
                continue
            left = T * (1 - problem.headroom) - fixed - a * b / f
            with np.errstate(divide="ignore", invalid="ignore"):
                g = B / left
                energy = sent_j + P * b * f ** (alpha - 1) + Q * g ** (beta - 1)
            energy = energy[(left > 0) & (g <= G) & (energy <= E)]
            if energy.size:
                best = min(best, (t.distortion[cut, column], float(energy.min())))
    return best


@pytest.mark.parametrize("same_exponents", [True, False])
def test_brute_force_cannot_do_better(same_exponents):
    rng = np.random.default_rng(11)
    problem = sample_problem(rng, 250, same_exponents=same_exponents)
    design = Exact().allocate(problem)
    refuse_impossible(problem, design)
    cost = evaluate(problem, design)
    assert 0.5 < design.feasible.mean() < 1.0
    for k in range(len(problem.agents)):
        distortion, energy = brute_force(problem, k, 300)
        if not design.feasible[k]:
            assert distortion == math.inf
            continue
        assert cost.delay_ok[k]
        assert cost.energy_ok[k]
        assert cost.distortion[k] <= distortion
        if cost.distortion[k] == distortion:
            assert cost.energy_j[k] <= energy * (1 + 1e-12)


def test_power_of_two_takes_the_fewest_bits_at_the_floor():
    law = np.array([[0.2395, 0.1711, 0.16993, 0.16993, 0.16992, 0.16992, 0.16992, 0.16992]])
    bits = np.arange(2, 10)
    table = cut_table(agent_flops=64e9, server_flops=64e9, bits=bits, distortion=law)
    problem = single_agent(64e9, 64e9, 10.0, 10.0, table=table)
    design = Exact().allocate(problem)
    assert design.weight_bits[0] == 6
    assert design.binding[0] == "none"


def test_tie_of_energy_goes_to_fewer_bits():
    # free energy and equal distortion: nothing but the number of bits is left to decide
    table = cut_table(agent_flops=1e9, server_flops=0.0, bits=[4, 8], distortion=[[0.2, 0.2]])
    clock = clock_set(1, dynamic=0.0)
    problem = many_agents(table, clock, clock, delay_budget_s=1.0, energy_budget_j=1.0)
    design = Exact().allocate(problem)
    assert design.weight_bits[0] == 4
    assert design.agent_frequency_hz[0] == 2e9


def test_equal_in_a_billionth_counts_as_equal():
    law = [[0.2, 0.2 * (1 - 5e-10), 0.2 * (1 - 5e-9)]]
    table = cut_table(agent_flops=1e9, server_flops=0.0, bits=[4, 8, 12], distortion=law)
    problem = single_agent(1e9, 0.0, 1.0, 1.0, table=table)
    assert Exact().allocate(problem).weight_bits[0] == 12
    short = cut_table(agent_flops=1e9, server_flops=0.0, bits=[4, 8], distortion=[law[0][:2]])
    problem = single_agent(1e9, 0.0, 1.0, 1.0, table=short)
    assert Exact().allocate(problem).weight_bits[0] == 4


def stepped_brute_force(problem: Problem, k: int):
    """Return the least (distortion, rank) over all cuts, bits and pairs of steps."""
    t, best = problem.tables[0], (math.inf, math.inf)
    here, there = problem.agent_clock, problem.server_clock
    T, E = problem.delay_budget_s[k] * (1 + 1e-12), problem.energy_budget_j[k] * (1 + 1e-12)
    for cut in np.flatnonzero(t.allowed):
        a, _, B, _, fixed, sent_j = explicit(problem, k, cut)
        for column, b in enumerate(t.bits):
            if t.agent_weight_bytes_per_bit[cut] * b > problem.agent_memory_bytes[k]:
                continue
            for f, w in zip(here.table_hz[k], here.table_w[k], strict=True):
                for g, v in zip(there.table_hz[k], there.table_w[k], strict=True):
                    time = fixed + a * b / f + B / g
                    energy = sent_j + here.pue[k] * w * a * b / f + there.pue[k] * v * B / g
                    if time <= T and energy <= E:
                        rank = energy if problem.select == "min-energy" else time
                        best = min(best, (t.distortion[cut, column], rank))
    return best


@pytest.mark.parametrize("select", ["min-energy", "min-delay"])
def test_tables_of_clocks_are_searched(select):
    problem = sample_problem(np.random.default_rng(12), 40, stepped=True, select=select)
    design = Exact().allocate(problem)
    refuse_impossible(problem, design)
    cost = evaluate(problem, design)
    for k in range(len(problem.agents)):
        distortion, rank = stepped_brute_force(problem, k)
        assert design.feasible[k] == (distortion < math.inf)
        if design.feasible[k]:
            assert cost.distortion[k] == distortion
            got = cost.energy_j[k] if select == "min-energy" else cost.delay_s[k]
            assert got == pytest.approx(rank, rel=1e-9)


def test_min_delay_spends_the_energy_budget_or_runs_at_full_clocks():
    rng = np.random.default_rng(13)
    problem = sample_problem(rng, 60, select="min-delay")
    slow = Exact().allocate(sample_problem(np.random.default_rng(13), 60))
    design = Exact().allocate(problem)
    cost = evaluate(problem, design)
    ok = design.feasible
    np.testing.assert_array_equal(ok, slow.feasible)
    np.testing.assert_array_equal(design.weight_bits[ok], slow.weight_bits[ok])
    full_f = np.isclose(design.agent_frequency_hz, problem.agent_clock.f_max_hz, rtol=1e-12)
    full_g = np.isclose(design.server_frequency_hz, problem.server_clock.f_max_hz, rtol=1e-12)
    spent = np.isclose(cost.energy_j, problem.energy_budget_j, rtol=1e-9)
    assert (spent | (full_f & full_g))[ok].all()
    slower = evaluate(problem, slow).delay_s
    assert (cost.delay_s[ok] <= slower[ok] * (1 + 1e-9)).all()


@pytest.mark.parametrize("same_exponents", [True, False])
def test_min_delay_cannot_be_beaten_on_a_grid(same_exponents):
    rng = np.random.default_rng(14)
    problem = sample_problem(rng, 80, select="min-delay", same_exponents=same_exponents)
    design = Exact().allocate(problem)
    cost = evaluate(problem, design)
    for k in np.flatnonzero(design.feasible):
        cut, b = design.cut[k], design.weight_bits[k]
        a, P, B, Q, fixed, sent_j = explicit(problem, k, cut)
        alpha, beta = problem.agent_clock.exponent[k], problem.server_clock.exponent[k]
        f = problem.agent_clock.f_max_hz[k] * np.linspace(0.01, 1.0, 500)
        left = problem.energy_budget_j[k] - sent_j - P * b * f ** (alpha - 1)
        with np.errstate(invalid="ignore"):
            g = np.minimum((left / Q) ** (1 / (beta - 1)), problem.server_clock.f_max_hz[k])
        delay = np.where(left > 0, fixed + a * b / f + B / g, np.inf)
        assert cost.delay_s[k] <= np.nanmin(delay) * (1 + 1e-12)


def test_without_a_delay_budget_full_clocks_unless_the_energy_forbids():
    rich = Exact().allocate(single_agent(ENCODER, REST, math.inf, 100.0))
    assert rich.agent_frequency_hz[0] == 2e9
    assert rich.server_frequency_hz[0] == 10e9
    problem = single_agent(ENCODER, REST, math.inf, 1.0)
    poor = Exact().allocate(problem)
    assert poor.weight_bits[0] == 16
    assert poor.agent_frequency_hz[0] < 2e9
    assert evaluate(problem, poor).energy_j[0] == pytest.approx(1.0, rel=1e-12)


def test_without_any_budget_full_clocks_and_all_bits():
    design = Exact().allocate(single_agent(ENCODER, REST, math.inf, math.inf))
    assert design.agent_frequency_hz[0] == 2e9
    assert design.server_frequency_hz[0] == 10e9
    assert design.weight_bits[0] == 16
    assert design.binding[0] == "bits"


def test_free_energy_runs_at_full_clock():
    free = clock_set(1, dynamic=0.0)
    problem = single_agent(ENCODER, REST, 5.0, 2.0, agent_clock=free)
    design = Exact().allocate(problem)
    assert design.agent_frequency_hz[0] == 2e9
    assert design.server_frequency_hz[0] < 10e9
    assert evaluate(problem, design).delay_s[0] == pytest.approx(5.0, rel=1e-12)
    both = single_agent(ENCODER, REST, 5.0, 2.0, agent_clock=free, server_clock=free)
    design = Exact().allocate(both)
    assert design.agent_frequency_hz[0] == design.server_frequency_hz[0] == 2e9


def test_assumed_share_stretches_uplink_and_server():
    table = cut_table(agent_flops=ENCODER, server_flops=REST, uplink_bits=5e6)
    problem = single_agent(ENCODER, REST, 3.5, 2.0, table=table, rate_bps=2e7, transmit_w=0.2)
    design = Exact({"assumed_share": 0.25}).allocate(problem)
    cost = evaluate(problem, design, assumed_share=0.25)
    assert design.feasible[0]
    assert cost.delay_s[0] == pytest.approx(3.5, rel=1e-9)
    whole = Exact().allocate(problem)
    assert design.weight_bits[0] < whole.weight_bits[0]


def test_slice_by_clock_counts_on_an_equal_share_of_the_clock():
    kinds = {"server_discipline": ("allocated",), "server_partition": ("clock",)}
    table = cut_table(agent_flops=ENCODER, server_flops=REST)
    server = clock_set(4, f_max_hz=10e9, flops_per_cycle=128.0, dynamic=2e-30)
    problem = many_agents(table, clock_set(4), server, delay_budget_s=3.0, **kinds)
    design = Exact().allocate(problem)
    assert (design.server_frequency_hz <= 10e9 / 4).all()
    refuse_impossible(problem, design)


def test_slice_by_clock_takes_a_step_within_its_share():
    kinds = {"server_discipline": ("allocated",), "server_partition": ("clock",)}
    table = cut_table(agent_flops=64e9, server_flops=64e9)
    steps = {"table_hz": [1e9, 2e9, 10e9], "table_w": [1.0, 3.0, 9.0], "f_max_hz": 10e9}
    for count, clock in ((1, 10e9), (2, 2e9), (6, 1e9)):
        server = clock_set(count, **steps)
        limits = {"energy_budget_j": 1e3, "select": "min-delay"}
        problem = many_agents(table, clock_set(count), server, **limits, **kinds)
        design = Exact().allocate(problem)
        assert (design.server_frequency_hz == clock).all()
    server = clock_set(11, **steps)  # f̃_max/11 is below the lowest step
    design = Exact().allocate(many_agents(table, clock_set(11), server, **kinds))
    assert set(design.fallback) == {"failed"}


def geometric_program(problem: Problem, bits: int) -> float:
    """Return the least energy at ``bits`` within the delay budget, by a convex solver."""
    A, B = ENCODER / 32 / 32 * bits / 1e9, REST / 128 / 1e9  # gigacycles, so that the scale is sane
    f, g = cp.Variable(pos=True), cp.Variable(pos=True)
    energy = 0.1 * A * f**2 + 0.002 * B * g**2
    limits = [A / f + B / g <= problem.delay_budget_s[0], f <= 2.0, g <= 10.0]
    program = cp.Problem(cp.Minimize(energy), limits)
    program.solve(gp=True, solver=cp.CLARABEL)
    return float(program.value) if program.status == cp.OPTIMAL else math.inf


@pytest.mark.parametrize("seed", range(10))
def test_geometric_program_agrees(seed):
    rng = np.random.default_rng(seed)
    problem = single_agent(ENCODER, REST, rng.uniform(0.8, 5.0), rng.uniform(0.7, 2.5))
    design = Exact().allocate(problem)
    bits = int(design.weight_bits[0])
    least = geometric_program(problem, bits)
    # Clarabel's default duality gap is 1e-8
    assert evaluate(problem, design).energy_j[0] == pytest.approx(least, rel=1e-6)
    assert least <= problem.energy_budget_j[0] * (1 + 1e-6)
    if bits < 16:
        assert geometric_program(problem, bits + 1) > problem.energy_budget_j[0] * (1 - 1e-6)


def test_design_is_plain_data():
    design = Exact().allocate(single_agent(ENCODER, REST, 3.5, 2.0))
    assert json.dumps([design.weight_bits.tolist(), list(design.binding)])


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"stepped": True},
        {"floor": 0.17},
        {"floor": 1.0},
        {"same_exponents": False, "select": "min-delay"},
        {"delay_budget_s": np.inf},
    ],
)
def test_looking_in_order_of_the_objective_finds_the_same(options, monkeypatch):
    for seed in range(20):
        problem = sample_problem(np.random.default_rng(seed), **options)
        monkeypatch.setattr("simran.allocation.designs._FEW", 10**9)
        whole = Exact().allocate(problem)
        monkeypatch.setattr("simran.allocation.designs._FEW", 0)
        monkeypatch.setattr("simran.allocation.designs._PORTION", 1 + seed % 5)
        ordered = Exact().allocate(problem)
        for name in ("cut", "weight_bits", "feasible"):
            assert (getattr(ordered, name) == getattr(whole, name)).all(), name
        for name in ("agent_frequency_hz", "server_frequency_hz"):
            one, other = getattr(ordered, name), getattr(whole, name)
            assert one == pytest.approx(other, rel=1e-12, nan_ok=True), name
        assert ordered.binding == whole.binding
