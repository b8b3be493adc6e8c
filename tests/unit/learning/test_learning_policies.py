"""Features, actions and linear policies, and the allocator that a policy makes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import simran
from simran.allocation import Problem, check_allocator, find_allocator, refuse_impossible
from simran.allocation.samples import contended_problem, sample_problem
from simran.errors import InputError
from simran.learning import (
    ACTIONS,
    FEATURES,
    CoInferenceEnv,
    LinearPolicy,
    act,
    decode,
    encode,
    features,
    read_weights,
    write_weights,
)

SHAPE = (len(ACTIONS), len(FEATURES) + 1)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "weights.json"
    write_weights(path, np.random.default_rng(3).normal(0.0, 2.0, SHAPE))
    return path


def _problems() -> Iterator[Problem]:
    rng = np.random.default_rng(8)
    yield sample_problem(rng)
    yield sample_problem(rng, stepped=True)
    yield sample_problem(rng, 1, delay_budget_s=np.inf, energy_budget_j=np.inf)
    yield contended_problem(rng, 6, cuts=3)
    yield contended_problem(rng, 6, stepped=True)
    yield contended_problem(rng, 4, server_partition=("clock",))


def test_any_action_is_physically_possible() -> None:
    rng = np.random.default_rng(1)
    for problem in _problems():
        shape = (len(problem.agents), len(ACTIONS))
        for action in (np.zeros(shape), np.ones(shape), rng.random(shape)):
            refuse_impossible(problem, decode(problem, action, "test"))


def test_decoding_undoes_encoding() -> None:
    rng = np.random.default_rng(2)
    for problem in _problems():
        roomy = replace(problem, agent_memory_bytes=np.full(len(problem.agents), np.inf))
        design = decode(roomy, rng.random((len(problem.agents), len(ACTIONS))), "test")
        again = decode(roomy, encode(roomy, design), "test")
        for name in ("cut", "weight_bits", "feasible"):
            assert getattr(again, name).tolist() == getattr(design, name).tolist()
        for name in ("agent_frequency_hz", "server_frequency_hz", "bandwidth_share"):
            np.testing.assert_allclose(getattr(again, name), getattr(design, name), rtol=1e-12)


def test_weights_that_do_not_fit_the_memory_are_not_chosen() -> None:
    problem = sample_problem(np.random.default_rng(0), 3)
    table = problem.tables[0]
    cut = int(np.flatnonzero(table.allowed)[0])
    per_bit = table.agent_weight_bytes_per_bit[cut]
    room = np.array([np.inf, 5.5 * per_bit, 0.5 * per_bit])
    action = np.zeros((3, len(ACTIONS)))
    action[:, 1] = 1.0
    design = decode(replace(problem, agent_memory_bytes=room), action, "test")
    assert design.weight_bits.tolist() == [16, 5, 0]
    assert design.cut.tolist() == [cut, cut, -1]
    assert design.fallback == ("", "", "failed")


def test_what_no_action_stands_for_is_refused() -> None:
    problem = sample_problem(np.random.default_rng(0), 3)
    on_device = find_allocator("on-device")().allocate(problem)
    with pytest.raises(ValueError, match="cut of agent"):
        encode(problem, on_device)
    with pytest.raises(ValueError, match=r"shape \(3, 6\)"):
        decode(problem, np.zeros((3, 5)), "test")
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        decode(problem, np.full((3, 6), 1.5), "test")
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        decode(problem, np.full((3, 6), np.nan), "test")


def test_features_are_in_range_and_do_not_depend_on_the_order() -> None:
    for problem in _problems():
        rows = features(problem)
        assert rows.shape == (len(problem.agents), len(FEATURES))
        assert ((rows >= 0.0) & (rows <= 1.0)).all()
        turned = np.arange(len(problem.agents))[::-1]
        assert np.array_equal(features(problem.select_agents(turned)), rows[::-1])


@pytest.mark.parametrize(
    ("name", "column", "low", "high"),
    [
        ("server_wait", "server_wait_s", 0.1, 0.2),
        ("delay_budget", "delay_budget_s", 1.0, np.inf),
        ("energy_budget", "energy_budget_j", 1.0, 2.0),
        ("size", "size", 1.0, 1.5),
        ("load", "arrival_rate_hz", 0.1, 0.2),
    ],
)
def test_a_feature_rises_with_its_figure(name: str, column: str, low: float, high: float) -> None:
    problem = sample_problem(np.random.default_rng(4), 5)
    place = FEATURES.index(name)
    less, more = (
        features(replace(problem, **{column: np.full(5, value)}))[:, place] for value in (low, high)
    )
    assert (less < more).all()


def test_the_allocator_conforms(weights: Path) -> None:
    verdicts = check_allocator(LinearPolicy, {"weights": str(weights)})
    assert [f"{it.name}: {it.detail}" for it in verdicts if not it.passed] == []


def test_the_allocator_decides_as_the_policy_does(weights: Path) -> None:
    problem = sample_problem(np.random.default_rng(5))
    design = LinearPolicy({"weights": weights}).allocate(problem)
    expected = decode(problem, act(read_weights(weights), features(problem)), "linear-policy")
    np.testing.assert_array_equal(design.weight_bits, expected.weight_bits)
    np.testing.assert_array_equal(design.agent_frequency_hz, expected.agent_frequency_hz)


def test_a_file_makes_it_an_allocator_of_ones_own(weights: Path) -> None:
    mine = weights.with_name("mine.py")
    mine.write_text(
        "from pathlib import Path\n"
        "from simran.learning import LinearPolicy\n\n"
        "class Mine(LinearPolicy):\n"
        "    name = 'mine'\n"
        "    path = Path(__file__).with_name('weights.json')\n"
    )
    cls = find_allocator(f"{mine}:Mine")
    assert cls.name == "mine"
    assert np.array_equal(cls().weights, read_weights(weights))  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no linear policy"),
        ("[]", "is no linear policy"),
        ('{"actions": [], "features": [], "weights": []}', "train anew"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(content)
    with pytest.raises(InputError, match=rf"broken\.json: .*{said}"):
        LinearPolicy({"weights": path})


def test_missing_or_infinite_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="needs the option 'weights'"):
        LinearPolicy()
    with pytest.raises(InputError, match="cannot be read"):
        LinearPolicy({"weights": tmp_path / "none.json"})
    with pytest.raises(InputError, match="finite"):
        write_weights(tmp_path / "bad.json", np.full(SHAPE, np.inf))


def test_an_agent_of_a_run_is_seen_as_in_training(weights: Path) -> None:
    """A run under the policy is the episode that the policy plays in the environment."""
    given = ["duration=60 s", "warmup=0 s", "agents.inspector.count=3", "allocator.every=10 s"]
    env = CoInferenceEnv(simran.load("warehouse_contention", given), flat=True)
    seen, info = env.reset(seed=4)
    policy = read_weights(weights)
    ended = False
    while not ended:
        seen, _, _, ended, info = env.step(act(policy, seen))
    find_allocator("simran.learning:LinearPolicy")
    given += ["allocator.name=simran.learning:LinearPolicy", f"allocator.options.weights={weights}"]
    run = simran.run(simran.load("warehouse_contention", given), seed=4)
    assert run.summary["total"] == info["summary"]["total"]
    assert run.summary["total"]["completed"] > 0
