"""What a controller plans with, and what a station is judged by, against figures worked out by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy import toy

from simran.engine import run
from simran.scenario import load

ALLOCATED = {
    "network__cells__cell": {"channel": {"rate": "20 Mbit/s"}, "uplink_scheduler": "allocated"},
    "network__servers__server": {"device": "edge", "discipline": "allocated"},
}


def _slices(**changes: Any) -> dict[str, Any]:
    return toy(
        **ALLOCATED,
        agents__a__count=4,
        agents__a__arrivals__rate=0.1,
        duration=600.0,
        **changes,
    )


def test_a_share_is_no_wait() -> None:
    """A quarter of cell and server makes work four times as long; that is planned, not waited for."""
    told = {"name": "max-frequency", "options": {"assumed_share": 0.25}}
    once = run(load(_slices(agents__a__budget__delay=1.6, allocator=told)))
    often = run(load(_slices(agents__a__budget__delay=1.6, allocator={**told, "every": 5.0})))
    assert set(once.allocations["weight_bits"]) == {15}
    log = often.allocations
    assert log["uplink_s"].to_numpy() == pytest.approx(0.4)
    assert log["server_s"].to_numpy() == pytest.approx(0.375)
    alone = log[log["time_s"] <= 5.0]
    assert (alone["uplink_wait_s"] == 0.0).all()
    assert log["uplink_wait_s"].median() == 0.0
    assert often.requests["weight_bits"].mean() > 14.5


def test_nobody_waits_for_another_s_slice() -> None:
    """One agent floods its half of the cell (load 0.96); the other's designs do not notice."""
    document = toy(
        duration=400.0,
        agents__a__count=1,
        agents__a__arrivals__rate=0.1,
        agents__a__budget__delay=0.8,
        devices__robot__flops_per_cycle=40,
        devices__edge__flops_per_cycle=160,
        network__cells__cell=ALLOCATED["network__cells__cell"],
        allocator={"name": "exact", "every": 10.0, "options": {"assumed_share": 0.5}},
    )
    document["agents"]["busy"] = document["agents"]["a"] | {
        "arrivals": {"process": "poisson", "rate": 4.8}
    }
    result = run(load(document))
    frame, log = result.requests, result.allocations
    assert frame[frame["group"] == "busy"]["uplink_s"].mean() > 1.0
    assert frame[frame["group"] == "a"]["uplink_s"].max() < 0.5
    calm = log[log["group"] == "a"]
    assert set(calm["weight_bits"]) == {16}
    assert calm["feasible"].all()
    assert not log[log["group"] == "busy"]["feasible"].all()


def test_the_queue_moves_on_while_a_decision_is_made(tmp_path: Path) -> None:
    """The second request comes 50 ms after the first; it waits for the processor, not also to decide.

    The first one runs 1.2 s to 1.45 s: at 14 bit of 32, 4 GFLOP on 8 GFLOP/s take 0.21875 s, at the 16
    bit that its own budget admits 0.25 s. So the second waits 0.4 s, which holds the decision's 0.2 s.
    """
    (tmp_path / "t.csv").write_text("t\n1.0\n1.05\n")
    document = toy(
        duration=5.0,
        agents__a__count=1,
        agents__a__arrivals={"process": "trace", "file": str(tmp_path / "t.csv"), "column": "t"},
        agents__a__budget={"delay": 0.75, "energy": 30.0},
        network__cells__cell__channel__rate="unlimited",
        allocator={"name": "max-frequency", "every": "per-request", "decision_time": 0.2},
    )
    result = run(load(document))
    frame = result.requests.sort_values("arrival_s")
    assert frame["agent_start_s"].to_numpy() == pytest.approx([1.2, 1.45])
    plans = result.allocations
    assert plans["agent_wait_s"].to_numpy() == pytest.approx([0.2, 0.4])
    assert frame["weight_bits"].tolist() == [16, 14]
    assert frame["delay_ok"].all()


def test_a_slice_with_a_clock_of_its_own_is_a_server_of_its_own() -> None:
    """Twelve slices at a twelfth of the clock: 6 GFLOP take 1.125 s, load 0.1125 each, nobody waits."""
    document = toy(
        duration=2000.0,
        network__servers__server={
            "device": "edge", "discipline": "allocated", "partition": "clock"
        },
        network__cells__cell__channel__rate="unlimited",
        agents__a__count=12,
        agents__a__arrivals={"process": "poisson", "rate": 0.1},
        agents__a__budget={"delay": "20 s", "energy": "30 J"},
        allocator={"name": "max-frequency"},
    )  # fmt: skip
    result = run(load(document))
    station = result.summary["stations"]["server"]
    done = result.requests["server_compute_s"].dropna()
    assert done.to_numpy() == pytest.approx(1.125)
    assert station["capacity"] == 12
    assert station["offered_load"] == pytest.approx(len(done) * 1.125 / 2000 / 12, rel=0.02)
    assert station["utilisation"] == pytest.approx(station["offered_load"], rel=0.02)
    assert result.summary["verdict"] == "stable"


@pytest.mark.parametrize(
    ("rate", "duration", "verdict"), [(1.5, 100.0, "overloaded"), (20.0, 100.0, "stable")]
)
def test_a_link_is_judged_like_every_station(rate: float, duration: float, verdict: str) -> None:
    document = toy(
        duration=duration,
        warmup=10.0,
        agents__a__arrivals__rate=0.5,
        agents__a__budget={"delay": "200 s", "energy": "30 J"},
        allocator={"name": "max-frequency"},
    )
    document["network"]["links"][0]["rate"] = f"{rate} Mbit/s"
    result = run(load(document))
    link = result.summary["stations"]["cell>server"]
    counted = result.requests[result.requests["uplink_end_s"] >= 10.0]
    load_ = counted["uplink_bits"].sum() / (rate * 1e6) / 90.0
    assert link["offered_load"] == pytest.approx(load_, rel=1e-9)
    assert link["verdict"] == result.summary["verdict"] == verdict
    busy = result.timeseries[result.timeseries["station"] == "cell>server"]
    assert np.all(busy["utilisation"] <= 1 + 1e-9)
