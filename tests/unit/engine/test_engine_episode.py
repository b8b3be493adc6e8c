"""A run that pauses for each decision is the run that asks its allocator itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import simran
from simran.allocation import Allocator, find_allocator
from simran.engine import Episode
from simran.engine.consulting import make_allocator
from simran.errors import InputError, RunError
from simran.scenario import Scenario
from simran.streams import Streams

CASES = {
    "once": ["allocator.every=once"],
    "periodic": ["allocator.every=10 s"],
    "late reports": [
        "allocator.every=5 s",
        "allocator.decision_time=5 s",
        "allocator.observation={delay: 7 s, noise: 0.2}",
    ],
    "per request": ["allocator.every=per-request", "allocator.decision_time=50 ms"],
    "sizes that vary": [
        "allocator.every=per-request",
        "models.captioner.size={law: exponential}",
        "allocator.observation={delay: 1 s, noise: 0.2}",
    ],
    "closed loop": [
        "allocator.every=per-request",
        "agents.inspector.arrivals={process: closed-loop, think: 3 s}",
    ],
}


def _scenario(*overrides: str) -> Scenario:
    given = ["duration=90 s", "warmup=20 s", "agents.inspector.count=4", *overrides]
    return simran.load("warehouse_contention", given)


def _same_data(first: Path, second: Path) -> bool:
    """Tell whether two tables hold the same bytes of data."""
    tables = [pd.read_parquet(path) for path in (first, second)]
    columns = [
        {
            key: column.tolist()
            if column.dtype == object or "str" in str(column.dtype)
            else column.to_numpy().tobytes()
            for key, column in table.items()
        }
        for table in tables
    ]
    return columns[0] == columns[1] and len(tables[0]) > 0


def _play(episode: Episode, allocators: dict[int | None, Allocator]) -> None:
    while question := episode.question:
        _, design = allocators[question.agent].decide(question.problem)
        episode.answer(design)


def _allocators(scenario: Scenario, seed: int) -> dict[int | None, Allocator]:
    streams = Streams(seed)
    count = sum(group.count for group in scenario.groups.values())
    names = [f"inspector/{number}" for number in range(count)]
    single = {k: make_allocator(scenario, streams, name) for k, name in enumerate(names)}
    return {None: make_allocator(scenario, streams), **single}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("allocator", ["exact", "random"])
def test_the_allocators_own_answers_reproduce_its_run(
    name: str, allocator: str, tmp_path: Path
) -> None:
    scenario = _scenario(*CASES[name], f"allocator.name={allocator}")
    run = simran.run(scenario, seed=11, out=tmp_path / "run")
    episode = Episode(scenario, seed=11, out=tmp_path / "episode")
    _play(episode, _allocators(scenario, 11))
    for table in ("requests", "allocations", "timeseries"):
        files = [tmp_path / part / f"{table}.parquet" for part in ("run", "episode")]
        assert _same_data(*files), table
    summary = json.loads((tmp_path / "episode" / "summary.json").read_text())
    assert summary == run.summary
    assert summary["total"]["completed"] > 30


@pytest.mark.parametrize("every", ["once", "per-request", "7 s"])
def test_a_number_of_requests_ends_it_as_it_ends_a_run(every: str, tmp_path: Path) -> None:
    scenario = simran.load("paper_blip2_coco", ["requests=150", f"allocator.every={every}"])
    simran.run(scenario, seed=3, out=tmp_path / "run")
    episode = Episode(scenario, seed=3, out=tmp_path / "episode")
    exact = find_allocator("exact")(scenario.allocator.options)
    while episode.question:
        episode.answer(exact.allocate(episode.question.problem))
    files = [tmp_path / part / "requests.parquet" for part in ("run", "episode")]
    assert _same_data(*files)
    assert episode.summary["total"]["completed"] == 150


def test_an_impossible_answer_is_counted_and_changes_nothing() -> None:
    scenario = _scenario("allocator.every=20 s")
    exact = find_allocator("exact")(scenario.allocator.options)
    plain, spoilt = (Episode(scenario, seed=1) for _ in range(2))
    assert plain.question is not None
    design = exact.allocate(plain.question.problem)
    for number in range(5):
        plain.answer(design)
        wrong = replace(design, agent_frequency_hz=design.agent_frequency_hz * 9.0)
        spoilt.answer(wrong if number == 3 else design)
    assert (plain.refusals, spoilt.refusals) == (0, 1)
    assert spoilt.summary["total"] == plain.summary["total"]


def test_what_has_ended_is_handed_over_once() -> None:
    scenario = _scenario("allocator.every=20 s")
    episode = Episode(scenario, seed=1)
    exact = find_allocator("exact")(scenario.allocator.options)
    seen: list[int] = []
    while episode.question:
        episode.answer(exact.allocate(episode.question.problem))
        seen += [request.id for request in episode.ended]
    assert sorted(seen) == list(range(len(simran.run(scenario, seed=1).requests)))


def test_it_ends() -> None:
    episode = Episode(_scenario(), seed=1)
    with pytest.raises(RunError, match="has not ended"):
        episode.summary  # noqa: B018
    assert episode.question is not None
    design = find_allocator("exact")().allocate(episode.question.problem)
    episode.answer(design)
    assert episode.question is None
    assert episode.time_s == 90.0
    with pytest.raises(RunError, match="has ended"):
        episode.answer(design)


def test_measured_decision_times_are_refused() -> None:
    scenario = _scenario("allocator.every=per-request", "allocator.decision_time=measured")
    with pytest.raises(InputError, match=r"allocator\.decision_time"):
        Episode(scenario)
