"""Varying rates against theory: counts, gaps, waits, and what a constant rate gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import poisson, t
from toy import toy

from simran.engine import run, solve
from simran.engine.modulation import varying_gap_scv
from simran.engine.varying import varying_arrivals
from simran.scenario import Arrivals, RateStates, RateSteps, load
from simran.streams import Streams

SCHEDULE = RateSteps((0.0, 10.0, 15.0), (0.5, 3.0, 0.0), 20.0)
MODULATED = RateStates((0.2, 4.0, 1.0), (6.0, 1.5, 3.0))


def _times(spec: Arrivals, seed: int, end_s: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    found = []
    for time_s in varying_arrivals(spec, "a/0", "a", Streams(seed), end_s):
        if time_s >= end_s:
            break
        found.append(time_s)
    return np.array(found)


def test_counts_of_a_schedule_in_every_piece() -> None:
    """Sum over 400 runs in each piece of two periods: Poisson with the mean of the schedule, at 99.9 %."""
    spec = Arrivals("poisson", 1.0, varying=SCHEDULE)
    edges = [0.0, 4.0, 10.0, 12.0, 15.0, 20.0, 30.0, 35.0, 40.0]
    counts = np.zeros(len(edges) - 1)
    for seed in range(400):
        counts += np.histogram(_times(spec, seed, 40.0), edges)[0]
    means = 400 * np.array([2.0, 3.0, 6.0, 9.0, 0.0, 5.0, 15.0, 0.0])
    for count, mean in zip(counts, means, strict=True):
        low, high = poisson.interval(0.999, mean) if mean else (0.0, 0.0)
        assert low <= count <= high


def test_counts_of_modulated_arrivals() -> None:
    """Mean over 600 independent runs within its 99.9 % t interval, from the very beginning."""
    spec = Arrivals("poisson", 1.0, varying=MODULATED)
    mean_hz = (0.2 * 6.0 + 4.0 * 1.5 + 1.0 * 3.0) / 10.5
    counts = np.array([len(_times(spec, seed, 3.0)) for seed in range(600)])
    half = t.ppf(0.9995, 599) * counts.std(ddof=1) / np.sqrt(600)
    assert abs(counts.mean() - 3.0 * mean_hz) <= half


@pytest.mark.parametrize(
    "varying", [MODULATED, RateStates((0.2, 4.0, 1.0), (6.0, 1.5, 3.0), True), SCHEDULE]
)
def test_gaps_are_as_irregular_as_reckoned(varying: RateStates | RateSteps) -> None:
    """E[gap²]/E[gap]² − 1 of 12 long runs, by their ratio's jackknife in a 99.9 % t interval."""
    fractions = varying.fractions(None)
    mean_hz = sum(rate * part for rate, part in fractions)
    spec = Arrivals("poisson", mean_hz, varying=varying)
    gaps = [np.diff(_times(spec, seed, 4000.0)) for seed in range(12)]
    sums = np.array([(len(it), it.sum(), (it**2).sum()) for it in gaps])

    def scv(rows: Any) -> float:
        count, first, second = rows.sum(axis=0)
        return float(second * count / first**2 - 1.0)

    whole = scv(sums)
    parts = np.array([12 * whole - 11 * scv(np.delete(sums, k, axis=0)) for k in range(12)])
    half = t.ppf(0.9995, 11) * parts.std(ddof=1) / np.sqrt(12)
    assert abs(parts.mean() - varying_gap_scv(spec, None)) <= half


def test_the_gaps_of_an_interrupted_process_in_closed_form() -> None:
    """On-off arrivals are a renewal process with hyperexponential gaps (Kuczura 1973)."""
    on, off, rate = 2.0, 5.0, 3.0
    spec = Arrivals("poisson", rate * on / (on + off), varying=RateStates((rate, 0.0), (on, off)))
    # First and second moment of the gap, from the phase at an arrival, which is on.
    first = (1.0 + off / on) / rate
    # 1/rate spent on in exponential pieces; number of off spells geometric with mean 1/(rate on).
    spells = 1.0 / (rate * on)
    second = 2.0 / rate**2 * (1 + off / on) ** 2 + 2.0 * off**2 * spells
    assert varying_gap_scv(spec, None) == pytest.approx(second / first**2 - 1.0)


@pytest.mark.parametrize("process", ["poisson", "periodic", "gamma"])
def test_equal_rates_are_as_irregular_as_a_constant_one(process: str) -> None:
    base = {"poisson": 1.0, "periodic": 0.0, "gamma": 0.09}[process]
    for varying in (RateSteps((0.0, 3.0), (2.0, 2.0), 7.0), RateSteps((0.0, 3.0), (2.0, 2.0))):
        spec = Arrivals(process, 2.0, cv=0.3, varying=varying)
        assert varying_gap_scv(spec, 50.0) == pytest.approx(base, abs=1e-12)


CONSTANT = {"rate": "4 Mbit/s"}
EQUAL = (
    {"states": [{"rate": "4 Mbit/s", "dwell": 0.3}, {"rate": "4 Mbit/s", "dwell": 0.1}]},
    {"states": [{"rate": "4 Mbit/s", "dwell": 0.3}], "dwells": "constant", "shared": True},
)
COLUMNS = ["uplink_end_s", "finish_s", "transmit_j", "energy_j", "uplink_rate_bps"]


def _run(seed: int = 3, **changes: Any) -> Any:
    return run(load(toy(agents__a__count=3, duration=120, **changes)), seed=seed)


@pytest.mark.parametrize("channel", EQUAL)
@pytest.mark.parametrize("scheduler", ["equal-share", "allocated"])
def test_equal_rates_give_what_a_constant_one_gives(
    channel: dict[str, Any], scheduler: str
) -> None:
    same = {"network__cells__cell__uplink_scheduler": scheduler}
    one = _run(network__cells__cell__channel=CONSTANT, **same)
    other = _run(network__cells__cell__channel=channel, **same)
    one_log, other_log = (it.requests.sort_values("request_id") for it in (one, other))
    assert len(one_log) == len(other_log) > 100
    for name in COLUMNS:
        np.testing.assert_allclose(other_log[name], one_log[name], rtol=1e-9)
    loads = [it.summary["stations"]["cell"]["offered_load"] for it in (one, other)]
    assert loads[0] == pytest.approx(loads[1], rel=1e-9)


def test_equal_rates_of_arrival_give_the_same_arrivals() -> None:
    schedule = {"schedule": [{"at": 0, "rate": 2.0}, {"at": 7, "rate": 2.0}], "period": 11}
    for process in (
        {"process": "poisson"},
        {"process": "periodic"},
        {"process": "gamma", "cv": 0.5},
    ):
        one, other = (
            _run(agents__a__arrivals={**process, "rate": rate}).requests["arrival_s"].sort_values()
            for rate in (2.0, schedule)
        )
        np.testing.assert_allclose(other, one, rtol=1e-9)


VARYING = {"states": [{"rate": "8 Mbit/s", "dwell": 0.3}, {"rate": "1 Mbit/s", "dwell": 0.2}]}


def test_a_group_more_moves_no_draw_and_a_run_can_be_repeated() -> None:
    """Another group of its own cell leaves every figure of the first as it is."""
    document = toy(agents__a__count=2, duration=60, network__cells__cell__channel=VARYING)
    document["agents"]["a"]["arrivals"] = {
        "process": "poisson",
        "states": [{"rate": 3.0, "dwell": 2.0}, {"rate": 0.0, "dwell": 1.0}],
    }
    alone = run(load(document)).requests
    again = run(load(document)).requests
    assert alone.equals(again)
    more = {
        **document,
        "agents": {"z": dict(document["agents"]["a"], count=1), **document["agents"]},
    }
    beside = run(load(more)).requests
    mine = beside[beside.group == "a"].sort_values(["agent", "arrival_s"])
    was = alone.sort_values(["agent", "arrival_s"])
    assert list(mine.arrival_s) == list(was.arrival_s)
    assert list(mine.size_factor) == list(was.size_factor)


def test_bits_over_airtime_lie_between_the_rates() -> None:
    """And energy is power times airtime, which the load of the cell counts, too."""
    result = _run(network__cells__cell__channel=VARYING, agents__a__transmit={"power": "2 W"})
    log = result.requests
    done = log[log.uplink_end_s.notna()]
    rates = done.uplink_bits / (done.transmit_j / 2.0)
    assert rates.between(1e6 * (1 - 1e-9), 8e6 * (1 + 1e-9)).all()
    assert rates.nunique() > 20
    cell = result.summary["stations"]["cell"]
    sent_s = log.transmit_j.sum() / 2.0
    assert cell["utilisation"] == pytest.approx(sent_s / 120.0, rel=1e-9)
    offered_s = sent_s + cell["end_backlog_s"]
    assert cell["offered_load"] == pytest.approx(offered_s / 120.0, rel=1e-9)


def test_answers_come_down_at_the_rate_of_every_moment(tmp_path: Path) -> None:
    """A trace of two rates in turn: what has come down between two stamps is the answer, to the bit."""
    (tmp_path / "rates.csv").write_text("time,rate\n0,1e6\n0.3,4e6\n")
    trace = {"file": str(tmp_path / "rates.csv"), "time": "time", "rate": "rate", "period": 0.5}
    document = toy(agents__a__count=1, duration=100, network__cells__cell__channel={"trace": trace})
    document["models"]["m"]["blocks"][-1]["output"] = "1 Mbit"
    log = run(load(document)).requests
    done = log[log.status == "completed"]
    assert len(done) > 50

    def bits_by(time_s: Any) -> Any:
        periods, rest = np.divmod(time_s, 0.5)
        return periods * 1.1e6 + np.minimum(rest, 0.3) * 1e6 + np.maximum(rest - 0.3, 0.0) * 4e6

    begun = done.server_end_s + 1e-3 + 1e6 / 1e8  # over the link
    np.testing.assert_allclose(bits_by(done.finish_s) - bits_by(begun), 1e6, rtol=1e-9)


def test_designs_count_on_the_mean_time_of_a_bit() -> None:
    """What an upload takes on average, 1 over the mean of 1/rate, and what solve says of it."""
    scenario = load(toy(network__cells__cell__channel=VARYING))
    assert scenario.cells["cell"].rate_bps == pytest.approx(1.0 / (0.6 / 8e6 + 0.4 / 1e6))
    found = solve(scenario)
    assert "mean rates of the channel" in found["assumes"]
    assert any("its rate varies" in note for note in scenario.notes)
