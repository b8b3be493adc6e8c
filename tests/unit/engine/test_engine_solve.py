"""What solve says of a design as a whole."""

from __future__ import annotations

from simran.engine.solve import solve
from simran.scenario import load


def test_stations_that_are_offered_too_much_are_named() -> None:
    calm = solve(load("warehouse_contention"))
    assert "BUT" not in calm["assumes"]
    (agent,) = {it["server_s"] for it in calm["agents"]}
    crowd = solve(load("warehouse_contention", ["agents.inspector.count=64"]))
    load_ = 64 * 0.2 * agent
    assert crowd["assumes"].endswith(f"more is offered than can be done: edge-1 {load_:.3g} times")
    busy = ["agents.inspector.arrivals.rate=0.5 Hz", "agents.inspector.count=1"]
    assert "inspector " in solve(load("warehouse_contention", busy))["assumes"]


def test_conventions_of_cell_and_server_are_named() -> None:
    band = ["network.cells.gnb-1.sharing=frequency", "network.cells.gnb-1.bandwidth=20 MHz"]
    clock = [
        "network.servers.edge-1.discipline=allocated",
        "network.servers.edge-1.partition=clock",
    ]
    said = solve(load("warehouse_contention", [*band, *clock]))["assumes"]
    assert "sent on at full power" in said
    assert "energy for free" in said
    plain = solve(load("warehouse_contention"))["assumes"]
    assert "full power" not in plain
    assert "free" not in plain
