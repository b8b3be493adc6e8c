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


def test_what_rounding_leaves_of_a_budget_is_no_slack() -> None:
    raw, told = [], []
    for tenths in range(15, 30):
        quick = ["allocator.select=min-delay", f"agents.inspector.budget.energy={tenths / 10} J"]
        (agent, *_) = solve(load("warehouse_contention", quick))["agents"]
        raw.append(agent["energy_budget_j"] - agent["energy_j"])
        told.append(agent["energy_slack_j"])
    assert any(0.0 < abs(it) < 1e-9 for it in raw)  # else this would show nothing
    assert all(got == (0.0 if abs(it) < 1e-9 else it) for it, got in zip(raw, told, strict=True))


def test_a_budget_without_bounds_has_no_slack_to_tell() -> None:
    for budget in ("{energy: 2 J}", "{delay: 3.5 s}"):
        changes = [f"agents.inspector.budget={budget}"]
        (agent, *_) = solve(load("warehouse_contention", changes))["agents"]
        slacks = (agent["delay_slack_s"], agent["energy_slack_j"])
        assert slacks == ((None, 0.0) if "energy" in budget else (0.0, None))
