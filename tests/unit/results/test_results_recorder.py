"""The figures of the summary, computed a second time from the rows of the file."""

from __future__ import annotations

import copy

import numpy as np
import pandas as pd
import pytest
from rows import context, request
from toy import toy

from simran.engine import run
from simran.results import Recorder, Result
from simran.scenario import load


@pytest.fixture(scope="module")
def result() -> Result:
    document = toy(duration=400.0, warmup=50.0, models__m__size={"law": "exponential"})
    quiet = copy.deepcopy(document["agents"]["a"]) | {"count": 2, "on_violation": "drop"}
    document["agents"]["tight"] = quiet | {"budget": {"delay": "1 ms", "energy": "3 J"}}
    document["agents"]["b"] = quiet | {"placement": "on-server"}
    return run(load(document))


def parts(result: Result) -> list[tuple[dict[str, object], pd.DataFrame]]:
    frame, summary = result.requests, result.summary
    kept = frame[frame["arrival_s"] >= 50.0]
    groups = [
        (summary["groups"][name], kept[kept["group"] == name]) for name in ("a", "b", "tight")
    ]
    return [*groups, (summary["total"], kept)]


def test_counts_and_throughput(result: Result) -> None:
    for figures, rows in parts(result):
        for status in ("completed", "dropped", "failed", "unfinished"):
            assert figures[status] == (rows["status"] == status).sum()
        assert figures["arrivals"] == len(rows)
        assert figures["throughput_hz"] == pytest.approx(figures["completed"] / 350.0)
    assert result.summary["groups"]["tight"]["dropped"] > 0


@pytest.mark.parametrize("name", ["delay_s", "energy_j", "distortion"])
def test_moments_and_percentiles(result: Result, name: str) -> None:
    for figures, rows in parts(result):
        values = rows.loc[rows["status"] == "completed", name].to_numpy()
        found = figures[name]
        if not len(values):
            assert set(found.values()) == {None, "run too short"}
            continue
        assert found["mean"] == pytest.approx(values.mean(), rel=1e-12)
        assert found["std"] == pytest.approx(values.std(ddof=1), rel=1e-9, abs=1e-15)
        for percent in (50, 95, 99):
            assert found[f"p{percent}"] == np.quantile(values, percent / 100)


def test_offered_load_of_every_station(result: Result) -> None:
    """Work of the arrivals after the warm-up over capacity and time, from the stages of the rows."""
    rows = result.requests
    stations = result.summary["stations"]
    agents = rows[(rows["group"] == "a") & (rows["arrival_s"] >= 50.0)]
    by_clock = agents["weight_bits"].astype(float) / 32 * 4e9 / (agents["agent_frequency_hz"] * 4)
    offered = (by_clock * agents["size_factor"]).sum() / (3 * 350.0)
    assert stations["agents/a"]["offered_load"] == pytest.approx(offered, rel=1e-9)
    sent = rows[rows["uplink_start_s"] >= 50.0]["uplink_bits"].sum() / 20e6
    assert stations["cell"]["offered_load"] == pytest.approx(sent / 350.0, rel=1e-9)


def test_rows_are_in_the_order_of_their_end_ties_by_number() -> None:
    recorder = Recorder(context(), None)
    later, first, tie = request(5, 1.0), request(9, 0.0), request(3, 1.0)
    order: list[int] = []
    add = recorder.checks.add
    recorder.checks.add = lambda block: (order.extend(block["id"].astype(int)), add(block))[1]  # type: ignore[method-assign]
    for it in (first, later, tie):
        recorder.record(it)
    recorder.close(8.0, (), {})
    assert order == [9, 3, 5]


def test_the_context_knows_which_agents_belong_together() -> None:
    names, codes = context(("a", "b", "a")).coded("groups")
    assert names == ("a", "b")
    assert codes.tolist() == [0, 1, 0]
