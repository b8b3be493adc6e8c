"""Where joint designs are the best there are, and what is said where they need not be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simran import load, solve
from simran.allocation import bounding, evaluate
from simran.allocation.exhaustive import Exhaustive, usable_rows
from simran.allocation.joint import Joint
from simran.allocation.prices import offer, thrifty
from simran.allocation.raising import raise_designs
from simran.allocation.samples import contended_problem
from simran.allocation.shared import contentions, owned
from simran.engine.observation import observe
from simran.reports.designs import render_design

RNG = np.random.default_rng
SHARED = (
    "network.cells.hall.uplink_scheduler=allocated",
    "network.cells.yard.uplink_scheduler=allocated",
    "network.servers.edge-1.discipline=allocated",
)
FEW_DESIGNS = (
    "models.captioner.bits=[4, 8]",
    "models.captioner.pruning.ratios=[0, 0.2]",
    "models.captioner.feature_bits=[6]",
    "models.captioner.feature_distortion={6: 5.19e-4}",
)


def fleet(counts, cell, *changes):
    """Return the problem of the mixed fleet with all its agents in one cell that gives shares."""
    sets = [f"agents.{name}.count={count}" for name, count in counts.items()]
    sets += [f"agents.{name}.cell={cell}" for name in counts]
    return observe(load("mixed_fleet", [*SHARED, *sets, *changes]))


def value_of(problem, design):
    assert design.feasible.all()
    return float((problem.weight * evaluate(problem, design).distortion).sum())


@pytest.mark.parametrize("cell", ["hall", "yard"])
@pytest.mark.parametrize("fair", [False, True])
def test_mixed_fleet_against_everything(cell, fair):
    problem = fleet({"walker": 1, "rover": 1, "drone": 1}, cell, *FEW_DESIGNS)
    options = {"objective": "max-min" if fair else "weighted-sum"}
    joint = Joint(options)
    one, best = joint.allocate(problem), Exhaustive(options).allocate(problem)
    assert value_of(problem, one) == pytest.approx(value_of(problem, best), rel=1e-9)
    assert joint.remark(problem, one) == ""


def test_a_mixed_fleet_of_six_is_searched_to_the_end():
    problem = fleet({"walker": 2, "rover": 2, "drone": 2}, "hall")
    joint = Joint()
    design = joint.allocate(problem)
    assert joint.remark(problem, design) == ""
    alone = Joint({"exact_up_to": 0})
    assert value_of(problem, design) <= value_of(problem, alone.allocate(problem)) * (1 + 1e-12)


def test_a_search_that_is_given_up_is_told_with_how_much_it_may_cost(monkeypatch):
    problem = fleet({"walker": 2, "rover": 2, "drone": 2}, "hall")
    least = value_of(problem, Joint().allocate(problem))
    monkeypatch.setattr(bounding, "_MOST_NODES", 100)
    joint = Joint()
    design = joint.allocate(problem)
    told = joint.remark(problem, design)
    assert "6 agents that contend come from prices and repair" in told
    above = float(told.split("at most ")[1].split(" %")[0]) / 100
    assert value_of(problem, design) <= (1 + above) * (1 + 1e-2) * least
    assert above > 0


def test_more_agents_than_are_searched_are_told():
    problem = contended_problem(RNG(5), 8, most_bits=6, crowding=2.0)
    joint = Joint()
    design = joint.allocate(problem)
    assert joint.remark(problem, design).startswith("the designs of 8 agents that contend")
    again = Joint().remark(problem, design)  # of one that was not asked before
    assert again == joint.remark(problem, design)
    fair = Joint({"objective": "max-min"})
    assert "need not be the best" in fair.remark(problem, fair.allocate(problem))


def test_agents_that_were_turned_away_without_a_search_are_told():
    problem = contended_problem(RNG(7), 8, most_bits=6, crowding=25.0)
    joint = Joint()
    design = joint.allocate(problem)
    assert not design.feasible.all()
    assert "others could be served instead" in joint.remark(problem, design)


def test_several_servers_are_never_known_to_be_at_their_best():
    problem = contended_problem(RNG(3), 3, most_bits=4)
    server = problem.server_clock
    two = replace(
        problem,
        server_index=np.array([0, 1, 0]),
        server_discipline=("allocated",) * 2,
        server_partition=("space",) * 2,
        server_agents=(2, 1),
        server_clock=server,
    )
    joint = Joint()
    assert "need not be the best" in joint.remark(two, joint.allocate(two))


def test_solve_prints_what_is_to_be_known():
    sets = [*SHARED, "agents.drone.count=5", "allocator.name=joint", *FEW_DESIGNS]
    design = solve(load("mixed_fleet", sets))
    assert design["remark"].startswith("the designs of 11 agents that contend come from prices")
    assert "come from prices and repair" in render_design(design)
    calm = solve(load("mixed_fleet", [*SHARED, "allocator.name=exact", *FEW_DESIGNS]))
    assert calm["remark"] is None


def plainly_raised(given, columns, costs, room, fair, fixed):
    """Return what raising comes to if every step is looked for anew."""
    columns, left = columns.copy(), np.isfinite(given.value)
    value, agents = given.value, np.arange(len(columns))
    while True:
        gain = value[columns, agents] - value
        open_ = left & (gain > 0) & ~fixed
        if not open_.any():
            return columns
        more = np.maximum(costs - costs[columns, agents], 1e-300)
        with np.errstate(invalid="ignore", over="ignore"):
            best = np.where(open_, gain / more, -np.inf)
        if fair:
            now = np.where(open_.any(axis=0), value[columns, agents], -np.inf)
            best = np.where(open_ & (now == now.max()), -more, -np.inf)
        agent = int(np.argmax(best.max(axis=0)))
        row = int(np.argmax(best[:, agent]))
        left[row, agent] = False
        tried = columns.copy()
        tried[agent] = row
        if given.load(tried) <= room:
            columns = tried


@pytest.mark.parametrize("fair", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_raising_is_what_looking_for_every_step_anew_comes_to(seed, fair):
    problem = contended_problem(RNG(seed), 5, most_bits=8, cuts=3, crowding=1.5)
    group = contentions(problem, owned(problem), 1.0)[0]
    given = offer(group, np.array([0.6 * group.clocks[0][1]]))
    room = float(group.capacity(np.ones(5, dtype=bool)))
    columns, load_, direction = thrifty(given, room)
    assert load_ <= room
    fixed = np.arange(5) == seed
    found = raise_designs(given, columns, direction, room, fair=fair, fixed=fixed)
    expected = plainly_raised(given, columns, given.costs(direction), room, fair, fixed)
    np.testing.assert_array_equal(found, expected)
    assert (found != columns).any()
    assert all(len(rows) for rows in usable_rows(group))
