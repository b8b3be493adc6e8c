"""Capacity of a queue with a formula."""

from __future__ import annotations

import pytest
from executors import AtOnce
from toy import toy

import simran


@pytest.mark.parametrize(("law", "load"), [("constant", 2 / 3), ("exponential", 1 / 2)])
def test_the_rate_at_which_a_queue_doubles_the_delay(law: str, load: float) -> None:
    """W = 2 s at ρ = 2/3 in M/D/1, by W = s + ρ s/(2 (1 − ρ)), and at 1/2 in M/M/1, by W = s/(1 − ρ)."""
    document = toy(
        duration=1500.0,
        warmup=100.0,
        agents__a__count=1,
        agents__a__placement="on-server",
        agents__a__arrivals={"process": "poisson", "rate": "2 Hz"},
        agents__a__budget={"delay": 1e4, "energy": 1e4},
        models__m__size={"law": law},
        network__cells__cell__channel__rate="unlimited",
        network__links=[{"between": ["cell", "server"], "rate": "unlimited", "delay": 0.0}],
        allocator={"name": "max-frequency"},
        outputs={},
    )
    scenario = simran.load(document)
    service_s = simran.solve(scenario)["agents"][0]["delay_s"]
    found = simran.capacity(
        scenario,
        "agents.a.arrivals.rate",
        f"delay_mean_s={2.0 * service_s!r}",
        replications=8,
        tolerance=0.1,
        executor=AtOnce(),
    ).summary()["allocators"]["max-frequency"]
    low, high = found["bracket"]
    assert low <= load / service_s < high
    assert low <= found["capacity"] < high
    assert (
        high <= 2.0 * low
    )  # values are doubled, and at half and twice the answer no doubt is left
