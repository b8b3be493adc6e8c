"""A PettingZoo environment: each agent designs for itself."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from pettingzoo import ParallelEnv

from simran.allocation.problem import Floats
from simran.learning.actions import ACTIONS
from simran.learning.features import FEATURES
from simran.learning.play import Play
from simran.learning.reward import Reward
from simran.scenario import Scenario

__all__ = ["CoInferenceParallelEnv"]


class CoInferenceParallelEnv(ParallelEnv):  # type: ignore[misc]
    """Each agent designs for itself, sees its own row and is paid for its own requests.

    Steps, seeds and rewards are those of :class:`simran.learning.CoInferenceEnv`, whose reward is the sum of
    these. Where a decision is about one agent's request, the actions of the others do nothing.

    Parameters
    ----------
    scenario : what to run, or its name or path; of its allocator only the times of decisions count
    reward : weights
    flat : whether an action is one array (6,) in [0, 1] instead of a dictionary of choices

    Examples
    --------
    >>> import simran
    >>> scenario = simran.load("warehouse_contention", ["duration=60 s", "allocator.every=20 s"])
    >>> env = CoInferenceParallelEnv(scenario)
    >>> observations, infos = env.reset(seed=7)
    >>> env.agents[:2]
    ['inspector/0', 'inspector/1']
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": [], "name": "simran_co_inference_v0"}

    def __init__(
        self, scenario: Scenario | str, reward: Reward | None = None, flat: bool = False
    ) -> None:
        self.play = Play(scenario, reward, "learning")
        self._flat = flat
        self.possible_agents = list(self.play.problem.agents)
        self.agents: list[str] = []
        self.observation_spaces = {
            name: spaces.Box(0.0, 1.0, (len(FEATURES),), np.float32)
            for name in self.possible_agents
        }
        self.action_spaces = {
            name: self._space(row) for row, name in enumerate(self.possible_agents)
        }
        self.render_mode = None

    def observation_space(self, agent: str) -> spaces.Space[Any]:
        """Return the space of an agent's observations."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Space[Any]:
        """Return the space of an agent's actions."""
        return self.action_spaces[agent]

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Begin an episode; parameters as of :meth:`simran.learning.CoInferenceEnv.reset`."""
        given = options or {}
        first = self.play.reset(seed, given.get("replication"), given.get("out"))
        self.agents = list(self.possible_agents)
        return self._by_agent(first.astype(np.float32)), self._infos()

    def step(self, actions: dict[str, Any]) -> tuple[dict[str, Any], ...]:
        """Put the agents' actions into force and run on until the next decision, or the end."""
        unit = np.array([self._unit(k, actions[name]) for k, name in enumerate(self.agents)])
        step = self.play.step(unit)
        rewards = self._by_agent(step.outcome.reward.tolist())
        ends = [dict.fromkeys(self.agents, it) for it in (step.terminated, step.truncated)]
        seen, infos = self._by_agent(step.observation.astype(np.float32)), self._infos()
        if step.terminated or step.truncated:
            self.agents = []
        return seen, rewards, *ends, infos

    def render(self) -> None:
        """Do nothing: there is nothing to draw."""

    def _by_agent(self, values: Any) -> dict[str, Any]:
        return dict(zip(self.agents, values, strict=True))

    def _infos(self) -> dict[str, Any]:
        info = self.play.info()
        asked = self.play.asked.tolist()
        return {name: {**info, "asked": it} for name, it in zip(self.agents, asked, strict=True)}

    def _space(self, row: int) -> spaces.Space[Any]:
        if self._flat:
            return spaces.Box(0.0, 1.0, (len(ACTIONS),), np.float32)
        play = self.play
        counts = {"cut": int(play.cuts[row]), "weight_bits": int(play.bits[row])}
        return spaces.Dict(
            {
                name: spaces.Discrete(counts[name])
                if name in counts
                else spaces.Box(0.0, 1.0, (1,), np.float64)
                for name in play.live
            }
        )

    def _unit(self, row: int, action: Any) -> Floats:
        if self._flat:
            return np.asarray(action, dtype=np.float64)
        play = self.play
        sizes = {"cut": play.cuts[row], "weight_bits": play.bits[row]}
        found = np.full(len(ACTIONS), 0.5)
        for name in play.live:
            value = float(np.asarray(action[name]).item())
            found[ACTIONS.index(name)] = (value + 0.5) / sizes[name] if name in sizes else value
        return found
