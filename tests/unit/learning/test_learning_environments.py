"""The environments: what the ecosystem's checkers ask, and that they are the run of their scenario."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from gymnasium.utils.env_checker import check_env
from pettingzoo.test import parallel_api_test, parallel_seed_test

import simran
from simran.allocation import find_allocator
from simran.errors import InputError
from simran.learning import (
    ACTIONS,
    FEATURES,
    CoInferenceEnv,
    CoInferenceParallelEnv,
    Reward,
    encode,
)
from simran.scenario import Scenario

SHARES = [
    "network.cells.gnb-1.uplink_scheduler=allocated",
    "network.servers.edge-1.discipline=allocated",
]
FREE = "models.free={profile: blip2-opt-2.7b}"
KINDS = {
    "periodic": ["allocator.every=10 s"],
    "per request": ["allocator.every=per-request"],
    "once": ["allocator.every=once"],
    "shares": ["allocator.every=10 s", *SHARES],
    "splits": ["allocator.every=10 s", "agents.inspector.model=free", FREE],
}  # fmt: skip


def _scenario(*overrides: str) -> Scenario:
    given = ["duration=60 s", "warmup=0 s", "agents.inspector.count=3", *overrides]
    return simran.load("warehouse_contention", given)


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "once"])
def test_gymnasiums_checker_passes(kind: str, flat: bool) -> None:
    with warnings.catch_warnings():
        # Of its advice only one is not followed: it wants a registered name for its tests of drawing.
        warnings.filterwarnings("ignore", message=".*alternative render modes.*")
        check_env(CoInferenceEnv(_scenario(*KINDS[kind]), flat=flat))


@pytest.mark.parametrize("flat", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_pettingzoos_checkers_pass(kind: str, flat: bool) -> None:
    scenario = _scenario(*KINDS[kind])
    parallel_api_test(CoInferenceParallelEnv(scenario, flat=flat), num_cycles=12)
    parallel_seed_test(lambda: CoInferenceParallelEnv(scenario, flat=flat), num_cycles=6)


@pytest.mark.parametrize("kind", KINDS)
def test_what_exact_answers_as_actions_gives_its_run(kind: str, tmp_path: Path) -> None:
    scenario = _scenario(*KINDS[kind])
    expected = simran.run(scenario, seed=5).requests
    env = CoInferenceEnv(scenario, flat=True)
    exact = find_allocator("exact")(scenario.allocator.options)
    env.action_space.dtype = np.float64  # rounding to 32 bits would be seen
    env.reset(seed=5, options={"out": tmp_path / "episode"})
    ended = False
    while not ended:
        ended = _follow(env, exact)
    found = pd.read_parquet(tmp_path / "episode" / "requests.parquet")
    assert len(found) == len(expected) > 20
    for name, column in expected.items():
        if name == "allocator":
            assert set(found[name]) == {"learning"}
        elif column.dtype == np.float64:
            # An action holds a clock over the highest, which may lose its last bit.
            np.testing.assert_allclose(found[name], column, rtol=1e-9, atol=1e-9, err_msg=name)
        else:
            assert found[name].tolist() == column.tolist(), name


def _follow(env: CoInferenceEnv, allocator: Any) -> bool:
    question = env.play.episode.question
    assert question is not None
    rows = slice(None) if question.agent is None else [question.agent]
    action = np.full((len(env.play.problem.agents), len(ACTIONS)), 0.5)
    design = allocator.allocate(question.problem)
    action[rows] = encode(question.problem, design)
    *_, terminated, truncated, _ = env.step(action)
    return terminated or truncated


def test_seeds_and_replications_are_those_of_runs() -> None:
    scenario = _scenario(*KINDS["periodic"])
    env = CoInferenceEnv(scenario)
    for seed, replication in ((9, 0), (None, 1), (None, 2), (9, 0)):
        env.reset(seed=seed)
        arrivals = _arrivals(env)
        run = simran.run(scenario, seed=9, replication=replication).requests
        assert arrivals == run.sort_values("request_id")["arrival_s"].tolist()
    env.reset(seed=9, options={"replication": 2})
    assert _arrivals(env) != arrivals


def _arrivals(env: CoInferenceEnv) -> list[float]:
    seen = []
    env.action_space.seed(0)
    ended = False
    while not ended:
        *_, terminated, truncated, _ = env.step(env.action_space.sample())
        seen += [(request.id, request.arrival) for request in env.play.episode.ended]
        ended = terminated or truncated
    return [arrival for _, arrival in sorted(seen)]


def test_the_controllers_reward_is_the_sum_over_agents_and_counts_what_the_run_counts() -> None:
    scenario = _scenario(*KINDS["periodic"])
    one, many = CoInferenceEnv(scenario, flat=True), CoInferenceParallelEnv(scenario, flat=True)
    one.reset(seed=3)
    many.reset(seed=3)
    rng = np.random.default_rng(0)
    judged = completed = 0
    ended = False
    while not ended:
        action = rng.random((3, len(ACTIONS)))
        _, reward, _, ended, info = one.step(action)
        names = many.agents
        _, rewards, _, _, _ = many.step(dict(zip(names, action, strict=True)))
        assert reward == pytest.approx(sum(rewards.values()), rel=1e-12)
        judged += info["violated"]
        completed += info["completed"]
    total = info["summary"]["total"]
    assert completed == total["completed"] > 0
    assert judged == sum(total["violations"]["causes"].values())


def test_weights_of_the_reward() -> None:
    scenario = _scenario(*KINDS["periodic"])
    sums = {}
    for name in ("distortion", "violation", "energy"):
        weights = {"distortion": 0.0, "violation": 0.0, "energy": 0.0, name: 1.0}
        env = CoInferenceEnv(scenario, Reward(**weights), flat=True)
        env.reset(seed=3)
        action = np.full((3, len(ACTIONS)), 0.4)
        steps = [env.step(action) for _ in range(6)]
        sums[name] = -sum(step[1] for step in steps)
        violated = sum(step[4]["violated"] for step in steps)
    mean = steps[-1][4]["summary"]["total"]["distortion"]["mean"]
    largest = max(table.distortion[table.allowed].max() for table in env.play.problem.tables)
    completed = steps[-1][4]["summary"]["total"]["completed"]
    assert sums["distortion"] == pytest.approx(mean * completed / largest, rel=1e-9)
    assert sums["violation"] == violated
    assert sums["energy"] > 0.0


def test_observations_say_who_is_asked() -> None:
    env = CoInferenceEnv(_scenario(*KINDS["per request"]))
    seen, info = env.reset(seed=2)
    asked = FEATURES.index("asked")
    for _ in range(5):
        assert seen[:, asked].sum() == 1.0
        assert info["asked"].tolist() == (seen[:, asked] == 1.0).tolist()
        seen, _, _, _, info = env.step(env.action_space.sample())


def test_spaces_have_what_is_open() -> None:
    names = {kind: set(CoInferenceEnv(_scenario(*KINDS[kind])).action_space) for kind in KINDS}
    always = {"weight_bits", "agent_clock", "server_clock"}
    assert names["periodic"] == names["once"] == names["per request"] == always
    assert names["shares"] == always | {"bandwidth_share", "server_share"}
    assert names["splits"] == always | {"cut"}


def test_an_episode_ends_once() -> None:
    env = CoInferenceEnv(_scenario(*KINDS["once"]))
    with pytest.raises(InputError, match="reset"):
        env.step(env.action_space.sample())
    env.reset(seed=1)
    _, _, terminated, truncated, info = env.step(env.action_space.sample())
    assert (terminated, truncated, info["time_s"]) == (False, True, 60.0)
    with pytest.raises(InputError, match="has ended"):
        env.step(env.action_space.sample())


def test_a_number_of_requests_terminates() -> None:
    scenario = simran.load("paper_blip2_coco", ["requests=20", "allocator.every=10 s"])
    env = CoInferenceEnv(scenario)
    env.reset(seed=1)
    ends = []
    while not ends or not any(ends[-1]):
        ends.append(env.step(env.action_space.sample())[2:4])
    assert ends[-1] == (True, False)
