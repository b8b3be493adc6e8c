"""Placement, split, pruning, bits of features and of weights chosen together: against a plain search.

The search is written from theory.md alone: it knows the scenario's numbers and the formulas, none of the
program's tables.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy import toy

import simran

RATIOS = (0.0, 0.15, 0.3)
WIDTHS = {4: 0.02, 8: 0.001, 16: 0.0}
ELEMENTS = (1.5e5, 6e4)
BITS = range(1, 11)
RATE, LAW = 20e6, 10.0
FLOPS, WEIGHTS = (4e9, 4e9, 2e9), (1e6, 2e6, 1e6)
INPUT, ANSWER = 2e6, 1e3


def _document(draw: np.random.Generator, **changes: Any) -> dict[str, Any]:
    blocks = [
        {
            "name": "head",
            "flops": FLOPS[0],
            "parameters": WEIGHTS[0],
            "output": {"elements": ELEMENTS[0]},
        },
        {
            "name": "body",
            "flops": FLOPS[1],
            "parameters": WEIGHTS[1],
            "output": {"elements": ELEMENTS[1]},
        },
        {"name": "tail", "flops": FLOPS[2], "parameters": WEIGHTS[2], "output": "1 kbit"},
    ]
    given: dict[str, Any] = {
        "models__m__blocks": blocks,
        "models__m__split": "auto",
        "models__m__bits": list(BITS),
        "models__m__input": f"{INPUT:g} bit",
        "models__m__feature_bits": list(WIDTHS),
        "models__m__feature_distortion": dict(WIDTHS),
        "models__m__pruning": {"ratios": list(RATIOS)},
        "devices__robot__memory": f"{draw.uniform(0.8e6, 5e6):g} B",
        "agents__a__count": 1,
        "agents__a__placement": "auto",
        "agents__a__budget": {
            "delay": float(draw.uniform(0.1, 0.9)),
            "energy": float(np.exp(draw.uniform(math.log(0.05), math.log(3.0)))),
        },
        "allocator__headroom": 0.0,
    }
    return toy(**(given | changes))


@dataclass(frozen=True)
class _Design:
    distortion: float
    here: float  # FLOP on the agent
    there: float
    sent: float  # bits
    bytes: float


def _designs() -> Iterator[_Design]:
    def error(bits: int, ratio: float) -> float:
        left = math.log1p(2.0 ** -(bits - 1)) / LAW
        lost = ((1 - ratio) * math.log(1 - ratio) + ratio) / LAW if ratio else 0.0
        return lost + (1 - ratio) * left

    yield _Design(0.0, 0.0, sum(FLOPS), INPUT, 0.0)
    for depth, ratio, bits in itertools.product((1, 2, 3), RATIOS, BITS):
        weights, flops = sum(WEIGHTS[:depth]), sum(FLOPS[:depth])
        work = flops * bits / 32 * (1 - ratio)
        held = weights * bits / 8 * (1 - ratio) + (weights / 8 if ratio else 0.0)
        own = error(bits, ratio) * weights / sum(WEIGHTS)
        if depth == 3:
            yield _Design(own, work, 0.0, 0.0, held)
            continue
        for width, added in WIDTHS.items():
            sent = ELEMENTS[depth - 1] * width
            yield _Design(own + added, work, sum(FLOPS[depth:]), sent, held)


def _least(document: dict[str, Any], points: int = 1500) -> float:
    """Return the least distortion of a feasible design; the server is as slow as the delay lets it be."""
    budget = document["agents"]["a"]["budget"]
    room = float(document["devices"]["robot"]["memory"].split()[0])
    f = 2e9 * np.geomspace(1e-3, 1.0, points)
    best = math.inf
    for it in _designs():
        if it.bytes > room or it.distortion >= best:
            continue
        sends = it.sent > 0.0
        fixed = (it.sent + ANSWER) * (1 / RATE + 1 / 100e6) + 2e-3 if sends else 0.0
        spent = 1.5 * it.sent / RATE
        left = budget["delay"] - fixed - it.here / (4 * f)
        cycles = it.there / 16
        with np.errstate(divide="ignore"):
            g = np.where(left > 0, cycles / np.where(left > 0, left, 1.0), np.inf)
        energy = (
            spent
            + 1.1 * 1e-27 * it.here / 4 * f**2
            + 1.2 * 1e-28 * cycles * np.minimum(g, 4e9) ** 2
        )
        if np.any((left >= 0) & (g <= 4e9) & (energy <= budget["energy"])):
            best = it.distortion
    return best


@pytest.mark.parametrize("seed", range(20))
def test_exact_and_sca_find_what_a_plain_search_finds(seed: int) -> None:
    document = _document(np.random.default_rng(seed))
    least = _least(document)
    for name in ("exact", "sca"):
        design = simran.solve(simran.load({**document, "allocator": {"name": name}}))["agents"][0]
        assert design["feasible"] == (least < math.inf)
        if design["feasible"]:
            # A grid of clocks may miss a design that only just fits, never find one that does not.
            assert design["distortion"] <= least * (1 + 1e-9)
            generous = document["agents"]["a"]["budget"] | {}
            tight = {key: value * 0.999 for key, value in generous.items()}
            closer = {**document, "agents": {"a": {**document["agents"]["a"], "budget": tight}}}
            nearly = simran.solve(simran.load({**closer, "allocator": {"name": name}}))["agents"][0]
            assert least <= nearly["distortion"] * (1 + 1e-9) or not nearly["feasible"]


@pytest.mark.parametrize("name", ["joint", "greedy", "exhaustive"])
@pytest.mark.parametrize("seed", [1, 5, 8])
def test_joint_designs_of_one_agent_choose_the_same(name: str, seed: int) -> None:
    document = _document(np.random.default_rng(seed))
    document["network"]["cells"]["cell"]["uplink_scheduler"] = "allocated"
    document["network"]["servers"]["server"]["discipline"] = "allocated"
    found = [
        simran.solve(simran.load({**document, "allocator": {"name": it}}))["agents"][0]
        for it in ("exact", name)
    ]
    if name == "greedy":  # it may stop early
        assert found[1]["distortion"] >= found[0]["distortion"] * (1 - 1e-9)
    else:
        assert found[1]["distortion"] == pytest.approx(found[0]["distortion"], rel=1e-9)


def _fleet(*overrides: str) -> dict[str, dict[str, Any]]:
    solved = simran.solve(simran.load("mixed_fleet", list(overrides)))
    return {it["group"]: it for it in solved["agents"]}


def _all(placement: str) -> list[str]:
    return [f"agents.{group}.placement={placement}" for group in ("walker", "rover", "drone")]


def test_the_mixed_fleet_uses_every_choice() -> None:
    fleet = _fleet()
    assert all(it["feasible"] for it in fleet.values())
    assert fleet["walker"]["placement"] == "on-server"
    assert fleet["rover"]["placement"] == "co-inference"
    assert fleet["rover"]["feature_bits"] == 6
    assert fleet["drone"]["placement"] == "on-device"
    assert fleet["drone"]["pruning_ratio"] == 0.2
    assert len({it["weight_bits"] for it in fleet.values()}) == 3


#: The table of docs/allocators.md: distortion of walkers, rovers and drones; None where nothing is feasible.
ROWS: list[tuple[list[str], tuple[float, float | None, float | None]]] = [
    (["models.captioner.pruning.ratios=[0]"], (0.0, 5.19e-4, 2.94e-3)),
    (["models.captioner.feature_bits=16"], (0.0, 1.75e-3, 1.15e-3)),
    (["models.captioner.bits=[8]"], (0.0, 5.28e-4, None)),
    (
        [*_all("co-inference"), "models.captioner.split=image-encoder/12"],
        (6.32e-6, 1.92e-3, None),
    ),
    (_all("on-server"), (0.0, None, None)),
    (_all("on-device"), (9.75e-5, 1.75e-3, 1.15e-3)),
]


@pytest.mark.parametrize(("overrides", "expected"), ROWS)
def test_each_choice_taken_away_costs_the_mixed_fleet(
    overrides: list[str], expected: tuple[float | None, ...]
) -> None:
    free, bound = _fleet(), _fleet(*overrides)
    found = [it["distortion"] if it["feasible"] else None for it in bound.values()]
    assert found == [None if it is None else pytest.approx(it, rel=5e-3) for it in expected]
    lost = [
        group
        for group, it in bound.items()
        if not it["feasible"] or it["distortion"] > 1.01 * free[group]["distortion"]
    ]
    assert lost
    page = Path(__file__).parents[2] / "docs" / "allocators.md"
    table = [line for line in page.read_text("utf-8").splitlines() if line.startswith("| ")]
    told = [f"{it:.2e}".replace("e-0", "e-") for it in expected if it]
    assert any(all(figure in line for figure in told) for line in table)


def _contending(counts: tuple[int, int, int], few: int) -> float:
    """Return Σ w D of the fleet where cells and server give shares, with fewer choices."""
    groups = zip(("walker", "rover", "drone"), counts, strict=True)
    overrides = [
        *(f"agents.{group}.count={count}" for group, count in groups),
        "network.cells.hall.uplink_scheduler=allocated",
        "network.cells.yard.uplink_scheduler=allocated",
        "network.servers.edge-1.discipline=allocated",
        "models.captioner.pruning.ratios=[0,0.2]",
        "models.captioner.feature_bits=[6]",
        "models.captioner.bits=[5,6,9,16]",
        f"allocator={{name: joint, headroom: 0.25, options: {{exact_up_to: {few}}}}}",
    ]
    solved = simran.solve(simran.load("mixed_fleet", overrides))
    assert solved["feasible"]
    return float(solved["objective"])


@pytest.mark.parametrize("counts", [(2, 1, 1), (2, 2, 1), (4, 2, 4)])
def test_joint_is_no_worse_than_giving_everything_to_one_rover(
    counts: tuple[int, int, int],
) -> None:
    """The server's clock that suits a rover does not suit walkers, so prices at a common clock miss it.

    One rover with the whole yard and server has the design of a rover alone, all others caption on board.
    """
    walkers, rovers, drones = counts
    alone, board = _fleet(), _fleet(*_all("on-device"))
    one = walkers * board["walker"]["distortion"] + drones * board["drone"]["distortion"]
    one += (rovers - 1) * board["rover"]["distortion"] + alone["rover"]["distortion"]
    found = _contending(counts, 0)
    assert found <= one * (1 + 1e-9)
    assert _contending(counts, 6) <= found * (1 + 1e-9)
