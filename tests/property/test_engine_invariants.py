"""Whatever the scenario, the invariants of a run hold."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy import toy

from simran.engine import run
from simran.scenario import load

BAND = {"channel": {"rate": "20 Mbit/s"}, "sharing": "frequency", "bandwidth": "5 MHz"}
FADING = {"states": [{"rate": "30 Mbit/s", "dwell": 0.4}, {"rate": "2 Mbit/s", "dwell": 0.2}]}

WORLDS = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 10_000),
        "warmup": st.sampled_from([0.0, 20.0]),
        "duration": st.sampled_from([30.0, 77.7]),
        "models__m__size": st.sampled_from(
            [
                {"law": "constant"},
                {"law": "exponential"},
                {"law": "gamma", "cv": 2.0, "shared": False},
            ]
        ),
        "models__m__split": st.sampled_from(["head", "body", "tail", "auto"]),
        "models__m__quantizer": st.sampled_from(
            ["lloyd-max", "uniform", "power-of-two", "rate-distortion"]
        ),
        "network__cells__cell": st.sampled_from(
            [
                {"channel": {"rate": "unlimited"}},
                {"channel": {"rate": "20 Mbit/s"}},
                {"channel": {"rate": "20 Mbit/s"}, "uplink_scheduler": "allocated"},
                BAND,
                {**BAND, "uplink_scheduler": "allocated"},
                {**BAND, "channel": FADING},
                {**BAND, "channel": FADING, "uplink_scheduler": "allocated"},
            ]
        ),
        "network__servers__server": st.sampled_from(
            [
                {"device": "edge"},
                {"device": "edge", "workers": 3},
                {"device": "edge", "discipline": "ps"},
                {"device": "edge", "discipline": "ps", "workers": 2},
                {"device": "edge", "discipline": "edf", "workers": 2},
                {"device": "edge", "discipline": "allocated"},
                {"device": "edge", "discipline": "allocated", "partition": "clock"},
            ]
        ),
        "devices__edge__switching": st.sampled_from([{}, {"delay": "20 ms", "energy": "0.1 J"}]),
        "devices__robot__switching": st.sampled_from([{}, {"delay": "10 ms", "energy": "0.1 J"}]),
        "devices__edge__memory_bandwidth": st.sampled_from([None, "2 GB/s"]),
        "devices__robot__memory_bandwidth": st.sampled_from([None, "20 MB/s"]),
        "agents__a__placement": st.sampled_from(["co-inference", "on-device", "on-server", "auto"]),
        "agents__a__arrivals": st.sampled_from(
            [
                {"process": "poisson", "rate": 1.0},
                {"process": "periodic", "rate": 2.0},
                {"process": "gamma", "rate": 1.0, "cv": 2.0},
                {"process": "closed-loop", "think": 0.1},
            ]
        ),
        "agents__a__on_violation": st.sampled_from(["degrade", "drop", "fallback-on-device"]),
        "agents__a__budget": st.sampled_from(
            [{}, {"delay": "1 s", "energy": "3 J"}, {"delay": "0.3 s", "energy": "0.5 J"}]
        ),
        "allocator": st.fixed_dictionaries(
            {
                "name": st.sampled_from(
                    [
                        "exact",
                        "sca",
                        "fixed-bits",
                        "max-frequency",
                        "random",
                        "full-precision",
                        "drift-plus-penalty",
                        "model-predictive",
                    ]
                ),
                "every": st.sampled_from(["once", "per-request", 3.0]),
                "decision_time": st.sampled_from([0.0, 0.05]),
                "select": st.sampled_from(["min-energy", "min-delay"]),
                "headroom": st.sampled_from([0.0, 0.4]),
                "observation": st.sampled_from(
                    [{}, {"noise": 0.3}, {"delay": 0.5, "noise": 0.1}, {"delay": 7.0}]
                ),
            }
        ),
    }
)


@settings(max_examples=60, deadline=None)
@given(WORLDS)
def test_the_invariants_hold_in_every_world(changes: dict[str, object]) -> None:
    document = toy(**changes)
    if document["network"]["servers"]["server"].get("partition") == "clock":
        document["devices"]["edge"]["switching"] = {}  # which such slices cannot have
        document["devices"]["edge"].pop("memory_bandwidth", None)
    result = run(load(document))
    summary = result.summary
    assert [it["name"] for it in summary["invariants"] if not it["held"]] == []
    frame = result.requests
    total = summary["energy"]["total_j"]
    budgeted = summary["energy"]["budgeted_j"]
    assert total == pytest.approx(budgeted + summary["energy"]["rest_j"], rel=1e-9, abs=1e-12)
    assert budgeted == pytest.approx(frame["energy_j"].sum(), rel=1e-9, abs=1e-12)
    for name, station in summary["stations"].items():
        if station["utilisation"] is not None and station["kind"] != "link":
            assert -1e-9 <= station["utilisation"] <= 1 + 1e-9, name
    counts = frame["status"].value_counts().to_dict()
    kept = summary["total"]
    if not document["warmup"]:
        for status, count in counts.items():
            assert kept[status] == count
    timeseries = result.timeseries
    assert math.isclose(float(timeseries["time_s"].max()), summary["end_s"])
