"""The paper's closed forms and the distortion rows, against this installation."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from simran.compute import PowerStates, Processor
from simran.distortion import (
    blahut_arimoto,
    code_book_error,
    exact_sign_magnitude,
    expected_distortion,
    lloyd_iteration,
    optimal_levels,
    quantize,
    scalar_optimal,
)
from simran.engine import run, solve
from simran.entities import Meter
from simran.experiments.checks import Check, exactly
from simran.results import Result
from simran.scenario import Scenario, load

__all__ = ["distortion_checks", "energy_checks", "paper_checks"]

#: Delay budget [s] -> bits of the best design at E0 = 2 J with the catalogue's assumed ψ.
PAPER_BITS = {1.0: 3, 1.5: 5, 2.0: 7, 2.5: 8, 3.0: 10, 3.5: 11, 4.0: 12, 5.0: 14}


def paper_checks() -> Iterator[Check]:
    """Yield the paper's delay and energy on every request, and its bits by delay budget."""
    scenario = load("paper_blip2_coco", ["requests=200"])
    result = run(scenario)
    delay_s, energy_j = _closed_forms(scenario, result)
    frame = result.requests
    source = "arXiv 2602.13052: delay (b/b_ref)N/(fc) + Ñ/(f̃c̃), energy ηψ(b/b_ref)(N/c)f² + …"
    for name, expected, column in (
        ("paper: delay of a request", delay_s, "delay_s"),
        ("paper: energy of a request", energy_j, "energy_j"),
    ):
        worst = frame[column].iloc[int(np.argmax(np.abs(frame[column] - expected)))]
        # A delay is the difference of two times of the simulated clock, which ends at about 800 s.
        rounding = 4 * np.spacing(float(frame["finish_s"].max())) if column == "delay_s" else 0.0
        yield Check(name, expected, float(worst), float(rounding + 1e-12 * expected), source)
    for budget_s, bits in PAPER_BITS.items():
        name = f"paper: bits at T0 = {budget_s:g} s, E0 = 2 J"
        for allocator in ("exact", "sca"):
            change = [f"agents.robot.budget.delay={budget_s}", f"allocator.name={allocator}"]
            design = solve(load("paper_blip2_coco", change))["agents"][0]
            yield Check(f"{name} ({allocator})", bits, design["weight_bits"], 0.0, "theory, §1")


def _closed_forms(scenario: Scenario, result: Result) -> tuple[float, float]:
    design = result.allocations.iloc[0]
    model = scenario.models["captioner"]
    group, server = scenario.groups["robot"].processor, scenario.servers["edge-1"].processor
    depth = 1 + [block.name for block in model.blocks].index(design["split"])
    here = sum(block.flops for block in model.blocks[:depth])
    there = sum(block.flops for block in model.blocks[depth:])
    here *= float(design["weight_bits"]) / model.reference_bits
    f, g = float(design["agent_frequency_hz"]), float(design["server_frequency_hz"])
    delay_s = here / (f * group.flops_per_cycle) + there / (g * server.flops_per_cycle)
    energy_j = 1e-28 * here / group.flops_per_cycle * f**2
    energy_j += 2e-30 * there / server.flops_per_cycle * g**2
    return delay_s, energy_j


def distortion_checks() -> Iterator[Check]:
    """Yield the rows of the distortion table against independent computations."""
    for rate_bits in (0.5, 1.0, 2.0, 3.0):
        reached, distortion = blahut_arimoto(2.0 ** (rate_bits + 1.0) - 1.0, cells=1500)
        expected = float(exact_sign_magnitude(reached + 1.0, 1.0))
        name = f"distortion-rate function at {reached:.2f} bit"
        yield Check(name, expected, distortion, 1e-3 * expected, "Blahut-Arimoto, grid of 1500")
    for bits in (2, 3, 4, 5):
        reached = code_book_error(lloyd_iteration(bits, 1.0, 20_000), 1.0)
        expected = float(scalar_optimal(bits, 1.0))
        yield exactly(
            f"scalar quantizer at {bits} bit", expected, reached, "Lloyd's iteration", 1e-9
        )
    floor = {3: 0.2395, 4: 0.1711, 5: 0.16992, 8: 0.16992, 16: 0.16992}
    for bits, expected in floor.items():
        got = float(expected_distortion("power-of-two", bits, 1.0))
        half = 5e-5 if bits < 5 else 5e-6
        yield Check(f"power-of-two at {bits} bit", expected, got, half, "floor of theory, §2")
    yield _sampled()


def _sampled() -> Check:
    weights = np.random.default_rng(1).laplace(scale=1.0, size=1_000_000)
    errors = np.abs(weights - quantize(weights, optimal_levels(4, 1.0)))
    tolerance = 3.29 * float(errors.std()) / math.sqrt(len(errors))
    expected = float(scalar_optimal(4, 1.0))
    return Check("a million weights at 4 bit", expected, float(errors.mean()), tolerance, "sampled")


def energy_checks() -> Iterator[Check]:
    """Yield the golden case of energy by states."""
    states = PowerStates((2e7, 1e8), busy_w=(105.0, 120.0), idle_w=(90.0, 100.0))
    processor = Processor(1e8, 1.0, states, frequencies_hz=(2e7, 1e8))
    meter = Meter(processor)
    meter.job(10.0, 10.0 + processor.seconds(1e8, 1e8), 1e8)
    meter.job(11.0, 11.0 + processor.seconds(1e8, 2e7), 2e7)
    meter.idle_until(20.0)
    yield exactly("energy by states [J]", 2005.0, meter.total_j, "10·100 + 1·120 + 5·105 + 4·90")
