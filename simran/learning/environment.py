"""A Gymnasium environment: one controller designs for all agents."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from simran.allocation.problem import Floats
from simran.learning.actions import ACTIONS
from simran.learning.features import FEATURES
from simran.learning.play import Play
from simran.learning.reward import Reward
from simran.scenario import Scenario

__all__ = ["CoInferenceEnv"]


class CoInferenceEnv(gymnasium.Env[Any, Any]):
    """One controller that designs for all agents, on the run of :func:`simran.run`.

    A step is from one decision to the next, as ``allocator.every`` has it: once, periodically or for each
    request. ``reset(seed=s)`` runs on the random numbers of ``simran.run(scenario, seed=s)``, and without
    a seed on those of its next replication.

    Parameters
    ----------
    scenario : what to run, or its name or path; of its allocator only the times of decisions count
    reward : weights; the reward is the sum over agents
    flat : whether an action is one array (K, 6) in [0, 1] instead of a dictionary of choices

    Examples
    --------
    >>> import simran
    >>> scenario = simran.load("warehouse_contention", ["duration=60 s", "allocator.every=20 s"])
    >>> env = CoInferenceEnv(scenario)
    >>> observation, info = env.reset(seed=7)
    >>> observation, reward, terminated, truncated, info = env.step(env.action_space.sample())
    >>> info["time_s"], terminated, truncated
    (20.0, False, False)
    """

    metadata = {"render_modes": []}  # noqa: RUF012 - as the base class has it

    def __init__(
        self, scenario: Scenario | str, reward: Reward | None = None, flat: bool = False
    ) -> None:
        self.play = Play(scenario, reward, "learning")
        count = len(self.play.problem.agents)
        self._flat = flat
        self.observation_space = spaces.Box(0.0, 1.0, (count, len(FEATURES)), np.float32)
        self.action_space = self._space(count)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode.

        Parameters
        ----------
        seed : of all random streams; None goes on with the next replication
        options : ``replication`` of the seed; ``out``, a result folder to write at the end
        """
        super().reset(seed=seed)
        given = options or {}
        first = self.play.reset(seed, given.get("replication"), given.get("out"))
        return first.astype(np.float32), self._info(None)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Put an action into force and run on until the next decision, or the end."""
        step = self.play.step(self.unit(action))
        reward = float(step.outcome.reward.sum())
        counts = {
            "completed": int(step.outcome.completed.sum()),
            "violated": int(step.outcome.violated.sum()),
        }
        seen = step.observation.astype(np.float32)
        return seen, reward, step.terminated, step.truncated, self._info(counts)

    def unit(self, action: Any) -> Floats:
        """Return (K, 6) an action of either form as numbers in [0, 1]."""
        if self._flat:
            return np.asarray(action, dtype=np.float64)
        play = self.play
        found = np.full((len(play.problem.agents), len(ACTIONS)), 0.5)
        for name in play.live:
            values = np.asarray(action[name], dtype=np.float64)
            sizes = {"cut": play.cuts, "weight_bits": play.bits}.get(name)
            found[:, ACTIONS.index(name)] = values if sizes is None else (values + 0.5) / sizes
        return found

    def _space(self, count: int) -> spaces.Space[Any]:
        if self._flat:
            return spaces.Box(0.0, 1.0, (count, len(ACTIONS)), np.float32)
        play = self.play
        choices = {
            "cut": lambda: spaces.MultiDiscrete(play.cuts),
            "weight_bits": lambda: spaces.MultiDiscrete(play.bits),
        }

        def part() -> spaces.Space[Any]:
            return spaces.Box(0.0, 1.0, (count,), np.float64)

        return spaces.Dict({name: choices.get(name, part)() for name in play.live})

    def _info(self, counts: dict[str, int] | None) -> dict[str, Any]:
        none = {"completed": 0, "violated": 0}
        return {**self.play.info(), **(counts or none), "asked": self.play.asked}
