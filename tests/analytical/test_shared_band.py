"""Parts of a band against theory: product form, balance equations, integrals, and the limits of R."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t
from toy import toy

from simran.allocation import ALLOCATORS
from simran.allocation.band_queue import MOST_FLOWS, band_queue
from simran.allocation.queues import expected_waits, offered_loads
from simran.engine import run, solve
from simran.engine.designs import designs
from simran.engine.observation import observe
from simran.experiments.oracle import oracle
from simran.experiments.queue_system import QueueSystem
from simran.experiments.queueing import check_case
from simran.experiments.shared_band import band_cases, band_document, flows_in_band
from simran.experiments.varying_rates import inverse_integral, stationary
from simran.radio import part_rate
from simran.scenario import Scenario, load

BAND = {"sharing": "frequency", "bandwidth": "5 MHz"}
FIXED = {"channel": {"rate": "20 Mbit/s"}}
EXPONENTIAL = {"law": "exponential"}


@pytest.mark.parametrize("case", list(band_cases()), ids=lambda case: case.name)
def test_flows_in_a_band_by_their_product_form(case: Any) -> None:
    """Means of 8 runs of 1500 requests in their 99.9 % t intervals; all fixed beforehand."""
    check = check_case(case, 1500, 8)
    assert check.passed, check


@pytest.mark.parametrize("load_", [0.1, 0.8, 2.0])
@pytest.mark.parametrize("efficiency", [0.05, 1.0, 5.0])
def test_the_queue_that_designs_count_on_is_that_of_the_balance_equations(
    load_: float, efficiency: float
) -> None:
    """The same law by the null vector of the birth-and-death generator, without any product."""
    size = 400
    number = np.arange(size + 1)
    signal = 2.0**efficiency - 1.0
    fall = np.log1p(number * signal) / np.log1p(signal)
    generator = np.diag(np.full(size, load_), 1) + np.diag(fall[1:], -1)
    generator -= np.diag(generator.sum(axis=1))
    system = np.vstack([generator.T, np.ones(size + 1)])
    chance, *_ = np.linalg.lstsq(system, np.append(np.zeros(size + 1), 1.0), rcond=None)
    queue = band_queue(np.array([0.25, 0.75]) * load_, np.full(2, efficiency))
    assert queue.mean_flows == pytest.approx(float(chance @ number), rel=1e-7)
    assert queue.in_use == pytest.approx(1.0 - float(chance[0]), rel=1e-7)
    assert flows_in_band(load_, efficiency)[0] == pytest.approx(queue.mean_flows, rel=1e-9)


@settings(deadline=None)
@given(st.floats(0.01, 0.9))
def test_the_limits_of_the_queue(load_: float) -> None:
    """Strong signals: processor sharing; weak ones: nobody is in anybody's way."""
    strong, weak = (band_queue(np.array([load_]), np.array([x])) for x in (1e7, 1e-7))
    assert strong.stretch == pytest.approx(1.0 / (1.0 - load_), rel=1e-4)
    assert strong.in_use == pytest.approx(load_, rel=1e-4)
    assert weak.stretch == pytest.approx(1.0, rel=1e-4)
    assert weak.in_use == pytest.approx(1.0 - math.exp(-load_), rel=1e-4)


def test_a_queue_beyond_all_numbers_is_told_as_one_and_still_in_use_below_one() -> None:
    queue = band_queue(np.array([3.0]), np.array([12.0]))
    assert MOST_FLOWS / 2 < queue.mean_flows <= MOST_FLOWS
    assert queue.in_use < 1.0
    assert band_queue(np.zeros(2), np.ones(2)).stretch == 1.0


def test_flows_of_a_rate_that_all_share_by_balance_equations() -> None:
    """Two states, in which 1 and 4 bit/s/Hz: 10 runs in their 99.9 % t interval, fixed beforehand."""
    arrival, dwell, band, size = 1.2, 5.0, 500.0, 160
    rates = np.array([500.0, 2000.0])
    speeds = np.array(
        [
            band * np.log2(1.0 + np.arange(size + 1) * (2.0 ** (r / band) - 1.0)) / 1000.0
            for r in rates
        ]
    )
    count = 2 * (size + 1)
    generator = np.zeros((count, count))
    for n in range(size + 1):
        for state in range(2):
            here = 2 * n + state
            generator[here, 2 * n + 1 - state] = 1.0 / dwell
            if n < size:
                generator[here, here + 2] = arrival
            if n:
                generator[here, here - 2] = speeds[state, n]
    generator -= np.diag(generator.sum(axis=1))
    chance, *_ = np.linalg.lstsq(
        np.vstack([generator.T, np.ones(count)]), np.append(np.zeros(count), 1.0), rcond=None
    )
    flows = float(chance @ np.repeat(np.arange(size + 1), 2))
    document = band_document(arrival, EXPONENTIAL)
    cell = document["network"]["cells"]["cell"]
    cell["channel"] = {
        "states": [{"rate": float(rate), "dwell": dwell} for rate in rates],
        "shared": True,
    }
    cell["bandwidth"] = band
    document |= {"requests": 2500, "warmup": 200.0}
    found = [
        float(run(load(document), seed=seed).summary["stations"]["cell"]["mean_in_system"])
        for seed in range(1, 11)
    ]
    half = t.ppf(0.9995, 9) * np.std(found, ddof=1) / math.sqrt(10)
    assert half < 0.5 * flows
    assert abs(np.mean(found) - flows) <= half


def test_with_shares_of_time_the_same_balance_is_neuts_solution() -> None:
    """So the generator above is the right one where the answer is known."""
    number, _ = stationary(0.6, (1.5, 0.5), (5.0, 5.0))
    queue = band_queue(np.array([0.6]), np.array([1e8]))
    assert queue.mean_flows == pytest.approx(stationary(0.6, (1.0, 1.0), (5.0, 5.0))[0], rel=1e-5)
    assert number > queue.mean_flows


def test_an_allocated_part_along_a_trace_is_the_integral_of_what_it_carries(tmp_path: Path) -> None:
    """Every upload ends when ∫ R(β; r(t)) dt has grown by its bits, and draws its power so long."""
    starts, rates, period, band = (0.0, 5.0, 8.0), (1000.0, 4000.0, 250.0), 20.0, 700.0
    rows = [f"{at!r},{rate!r}" for at, rate in zip(starts, rates, strict=True)]
    (tmp_path / "r.csv").write_text("\n".join(["t,r", *rows, ""]))
    document = QueueSystem(
        0.5, {"law": "gamma", "cv": 0.3}, at="cell", scheduler="allocated", agents=4
    ).document()
    document["agents"]["source"]["arrivals"] = {"process": "periodic", "rate": 1 / 16.3}
    trace = {"file": str(tmp_path / "r.csv"), "time": "t", "rate": "r", "period": period}
    document["network"]["cells"]["cell"] |= {
        "channel": {"trace": trace},
        "sharing": "frequency",
        "bandwidth": band,
    }
    document["requests"] = 400
    log = run(load(document)).requests
    log = log[log["status"] == "completed"]
    carried = [0.25 * band * math.log2(1.0 + 4.0 * (2.0 ** (rate / band) - 1.0)) for rate in rates]
    corners = np.concatenate([[0.0], np.cumsum(np.diff([*starts, period]) * carried)])
    start = log["uplink_start_s"].to_numpy()
    whole, rest = np.divmod(start, period)
    sent = whole * corners[-1] + np.interp(rest, [*starts, period], corners)
    due = inverse_integral(sent + log["uplink_bits"].to_numpy(), starts, carried, period)
    np.testing.assert_allclose(log["uplink_end_s"], due, atol=1e-9)
    np.testing.assert_allclose(log["transmit_j"], log["uplink_s"], rtol=1e-9)


def _toy(scheduler: str = "equal-share", bandwidth: Any = "5 MHz", **changes: Any) -> Scenario:
    cell = {**FIXED, "uplink_scheduler": scheduler, "sharing": "frequency", "bandwidth": bandwidth}
    if bandwidth is None:
        cell = {**FIXED, "uplink_scheduler": scheduler}
    return load(
        toy(**{"network__cells__cell": cell, "allocator__name": "max-frequency", **changes})
    )


@pytest.mark.parametrize("scheduler", ["equal-share", "allocated"])
def test_energy_is_power_times_the_time_of_sending(scheduler: str) -> None:
    log = run(_toy(scheduler, agents__a__arrivals__rate=0.05)).requests
    log = log[log["status"] == "completed"]
    assert len(log) > 15
    np.testing.assert_allclose(log["transmit_j"], 1.5 * log["uplink_s"], rtol=1e-9)


@pytest.mark.parametrize("scheduler", ["equal-share", "allocated"])
def test_a_strong_signal_in_a_narrow_band_is_delayed_as_with_shares_of_time(scheduler: str) -> None:
    """R(β)/(βr) − 1 is at most log2(1/β)/x, 7·10⁻⁸ of 128 flows here: some 7 µs in 100 s.

    With a weak signal nobody waits for anybody.
    """
    same = {"agents__a__arrivals__rate": 3.0, "duration": 100}
    by_time, strong, weak = (
        run(_toy(scheduler, band, **same)).requests.sort_values("request_id")
        for band in (None, 20e6 / 1e8, 20e6 / 1e-6)
    )
    done = (by_time["status"] == "completed").to_numpy()
    np.testing.assert_allclose(
        strong["uplink_s"][done], by_time["uplink_s"][done], rtol=0, atol=2e-5
    )
    if scheduler == "equal-share":
        alone = weak["uplink_bits"][done] / 20e6
        np.testing.assert_allclose(weak["uplink_s"][done], alone, rtol=1e-4)
        assert (by_time["uplink_s"][done] > 1.2 * alone).any()


@given(share=st.floats(1e-6, 1.0), more=st.floats(1.0, 10.0), efficiency=st.floats(1e-6, 1e4))
def test_what_a_part_carries_lies_between_its_share_and_all(
    share: float, more: float, efficiency: float
) -> None:
    """And rises, with ever less gain; the spectral efficiency falls."""
    larger = min(1.0, share * more)
    one, other = part_rate([share, larger], efficiency).tolist()
    assert share * (1 - 1e-12) <= one <= 1.0 + 1e-12
    assert one <= other * (1 + 1e-12)
    assert one / share >= other / larger * (1 - 1e-12)
    middle = float(part_rate((share + larger) / 2, efficiency))
    assert middle >= (one + other) / 2 * (1 - 1e-12)


def test_the_whole_band_carries_exactly_the_whole_rate() -> None:
    """Not what rounding makes of it: a lone sender takes as long as where shares are of time."""
    efficiency = np.exp(np.random.default_rng(1).uniform(-12.0, 6.0, 5000))
    assert (part_rate(1.0, efficiency) == 1.0).all()


def test_expected_waits_in_a_band() -> None:
    scenario = _toy(agents__a__arrivals__rate=6.0)
    problem = observe(scenario)
    found = ALLOCATORS.load("max-frequency")().allocate(problem)
    service = 2e6 / 20e6
    load_ = 3 * 6.0 * service
    flows, none = flows_in_band(load_, 4.0)
    assert load_ > 1.0
    waits, loads = expected_waits(problem, found), offered_loads(problem, found)
    np.testing.assert_allclose(waits.uplink, service * (flows / load_ - 1.0), rtol=1e-9)
    np.testing.assert_allclose(loads.uplink, 1.0 - none, rtol=1e-9)


def test_flows_of_several_rates_count_by_their_part_of_the_load() -> None:
    """No product form covers them; between those of either rate alone."""
    mixed = band_queue(np.array([0.3, 0.3]), np.array([1.0, 6.0])).stretch
    weak, strong = (band_queue(np.array([0.6]), np.array([x])).stretch for x in (1.0, 6.0))
    assert weak < mixed < strong


def test_no_load_is_too_much_for_a_band_and_a_run_says_so() -> None:
    scenario = load(band_document(1.3, EXPONENTIAL) | {"requests": 3000, "warmup": 200.0})
    assert "BUT" not in solve(scenario)["assumes"]
    cell = run(scenario).summary["stations"]["cell"]
    assert cell["offered_load_low"] > 1.0
    assert cell["verdict"] != "overloaded"
    by_time = QueueSystem(1.3, EXPONENTIAL, at="cell").document() | {
        "requests": 3000,
        "warmup": 200.0,
    }
    assert "cell 1.3 times" in solve(load(by_time))["assumes"]
    assert run(load(by_time)).summary["stations"]["cell"]["verdict"] == "overloaded"


def test_a_lane_that_is_offered_more_than_its_part_carries_is_named() -> None:
    document = band_document(2.4, EXPONENTIAL, scheduler="allocated", agents=2) | {"duration": 9.0}
    # What half of the band carries of the rate, at an SNR of 31.
    half = 0.5 * math.log1p(2 * 31) / math.log1p(31)
    assert f"cell {1.2 / half:.3g} times" in solve(load(document))["assumes"]


def test_units_of_designs_hold_no_wait() -> None:
    """A plan pays for the wait in a shared band; what is of size 1 and alone does not."""
    from dataclasses import replace

    problem = observe(_toy())
    waiting = replace(problem, uplink_wait_s=np.full(3, 0.7))
    found = ALLOCATORS.load("max-frequency")().allocate(waiting)
    design = designs(waiting, found, 0, [0])[0]
    assert design.transmit_unit_j == pytest.approx(1.5 * 0.1)
    assert design.transmit_j == pytest.approx(1.5 * 0.8)


@pytest.mark.parametrize("scheduler", ["equal-share", "allocated"])
def test_observed_waits_are_what_exceeds_the_time_on_the_own_part(scheduler: str) -> None:
    """One request now and then never waits, whatever its part of the band."""
    arrivals = {"process": "periodic", "rate": 0.25, "phase": 0.1}
    same = {
        "agents__a__count": 1,
        "agents__b": None,
        "agents__a__arrivals": arrivals,
        "allocator__every": 5.0,
        "duration": 60,
    }
    log = run(_toy(scheduler, **same)).allocations
    assert log["uplink_wait_s"].abs().max() < 1e-9
    crowded = run(_toy(scheduler, **{**same, "agents__a__arrivals": {"rate": 8.0}})).allocations
    assert crowded["uplink_wait_s"].max() > 0.01


def test_the_oracle_bounds_designs_on_parts_of_a_band() -> None:
    budget = {"agents__a__budget": {"delay": 0.9, "energy": "1.2 J"}}
    for scheduler in ("equal-share", "allocated"):
        scenario = _toy(scheduler, allocator__name="exact", **budget)
        bound = oracle(scenario)["a"]["distortion"]
        alone = _toy(scheduler, allocator__name="exact", agents__a__count=1, **budget)
        assert bound <= solve(alone)["agents"][0]["distortion"]
        for agent in solve(scenario)["agents"]:
            assert not agent["feasible"] or agent["distortion"] >= bound * (1 - 1e-12)
        log = run(scenario).requests
        good = log[log["delay_ok"] & log["energy_ok"] & (log["status"] == "completed")]
        assert (good["distortion"] >= bound * (1 - 1e-12)).all()


@pytest.mark.parametrize("name", ["exact", "drift-plus-penalty", "model-predictive"])
@pytest.mark.parametrize("scheduler", ["equal-share", "allocated"])
def test_those_who_decide_anew_do_so_on_a_band(name: str, scheduler: str) -> None:
    """Every account holds, and the same run gives the same bytes."""
    changes = {"allocator__name": name, "allocator__every": 2.0, "duration": 30}
    first, again = (run(_toy(scheduler, **changes)) for _ in range(2))
    assert [it["name"] for it in first.summary["invariants"] if not it["held"]] == []
    assert first.requests.equals(again.requests)
    assert first.requests["transmit_j"].sum() > 0.0


def test_solve_says_what_a_share_is_of() -> None:
    from simran.reports import render_design

    by_band, by_time = (solve(_toy("allocated", band)) for band in ("5 MHz", None))
    assert {it["cell_sharing"] for it in by_band["agents"]} == {"frequency"}
    assert "share of the cell's band 0.3333" in render_design(by_band)
    assert "share of the cell 0.3333" in render_design(by_time)


def test_queue_aware_designs_pay_for_the_wait() -> None:
    crowded = {"agents__a__arrivals__rate": 2.0, "agents__a__budget__delay": 1.5}
    told = {"name": "exact", "options": {"queue_aware": True}}
    found = solve(_toy(allocator=told, **crowded))
    (agent, *_) = found["agents"]
    assert agent["uplink_wait_s"] > 0.0
    expected = 1.5 * (agent["uplink_s"] + agent["uplink_wait_s"])
    assert agent["transmit_j"] == pytest.approx(expected, rel=1e-9)
    assert "the mean waits" in found["assumes"]
