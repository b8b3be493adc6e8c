"""One episode after the other of a scenario, behind both kinds of environment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from simran.allocation import Problem
from simran.allocation.problem import Bools, Floats
from simran.engine import Episode
from simran.engine.observation import observe
from simran.errors import InputError
from simran.learning.actions import ACTIONS, decode, open_shares
from simran.learning.features import FEATURES, features
from simran.learning.reward import Outcome, Reward
from simran.scenario import Scenario, load

__all__ = ["Play", "Step"]

_ASKED = FEATURES.index("asked")


@dataclass(frozen=True)
class Step:
    """What a step leads to.

    Parameters
    ----------
    observation : (K, F) of each agent, as in :data:`simran.learning.FEATURES`
    outcome : what became of the requests that ended in it
    terminated : whether nothing can happen any more, or the asked number of requests has completed
    truncated : whether the scenario's duration has passed
    """

    observation: Floats
    outcome: Outcome
    terminated: bool
    truncated: bool


class Play:
    """Episodes of a scenario whose decisions come as actions.

    Parameters
    ----------
    scenario : what to run, or its name or path
    reward : weights
    name : of who decides, for the columns of results

    Attributes
    ----------
    problem : of all agents, for empty queues
    cuts, bits : (K,) numbers of allowed cuts and of candidate bit-widths
    live : names of the columns of an action that have a choice to make
    """

    def __init__(self, scenario: Scenario | str, reward: Reward | None, name: str) -> None:
        self.scenario = load(scenario) if isinstance(scenario, str) else scenario
        if self.scenario.allocator.measured:
            raise InputError(
                "allocator.decision_time: measured has no meaning in training; give it a time"
            )
        self._reward = reward or Reward()
        self._name = name
        self.problem: Problem = observe(self.scenario)
        tables = self.problem.tables
        of = self.problem.table_index
        self.cuts = np.array([np.count_nonzero(table.allowed) for table in tables])[of]
        self.bits = np.array([len(table.bits) for table in tables])[of]
        self.live = self._live()
        self._used: tuple[int, int] | None = None
        self._rows = np.zeros((len(self.problem.agents), len(FEATURES)))
        self._episode: Episode | None = None

    @property
    def asked(self) -> Bools:
        """(K,) whether the decision that is due is about the agent."""
        flags: Bools = self._rows[:, _ASKED] > 0.0
        return flags

    @property
    def episode(self) -> Episode:
        """The run in progress.

        Raises
        ------
        InputError
            before the first reset
        """
        if self._episode is None:
            raise InputError("reset the environment before its first step")
        return self._episode

    def reset(self, seed: int | None, replication: int | None, out: str | Path | None) -> Floats:
        """Begin an episode and return its first observation.

        Parameters
        ----------
        seed : of all random streams, as in a run; None goes on with the next replication
        replication : of the seed; None for 0 with a seed, for the next one without
        out : result folder to write at the end, or None
        """
        last = self._used or (self.scenario.seed, -1)
        base = last[0] if seed is None else seed
        following = last[1] + 1 if seed is None else 0
        self._used = base, following if replication is None else replication
        self._episode = Episode(self.scenario, *self._used, out=out)
        self._rows = features(self.problem)
        return self._observation()

    def step(self, action: Floats) -> Step:
        """Put an action into force, run on until the next decision or the end.

        Parameters
        ----------
        action : (K, 6) as in :data:`simran.learning.ACTIONS`; rows of agents that were not asked do nothing
        """
        episode = self.episode
        question = episode.question
        if question is None:
            raise InputError("the episode has ended: reset the environment")
        rows = slice(None) if question.agent is None else slice(question.agent, question.agent + 1)
        episode.answer(decode(question.problem, action[rows], self._name))
        outcome = self._reward.of(episode.ended, self.problem, episode.time_s)
        ended = episode.question is None
        in_time = self.scenario.duration_s is not None
        return Step(self._observation(), outcome, ended and not in_time, ended and in_time)

    def info(self) -> dict[str, Any]:
        """Return the time [s], how many actions were refused so far, and at the end the summary."""
        episode = self.episode
        found: dict[str, Any] = {"time_s": episode.time_s, "refused": episode.refusals}
        if episode.question is None:
            found["summary"] = episode.summary
        return found

    def _observation(self) -> Floats:
        question = self.episode.question
        self._rows[:, _ASKED] = 0.0
        if question is None:
            closing = self.episode.closing()
            if closing is not None:
                self._rows = features(closing)
                self._rows[:, _ASKED] = 0.0
        elif question.agent is None:
            self._rows = features(question.problem)
        else:
            self._rows[question.agent] = features(question.problem)[0]
        return self._rows.copy()

    def _live(self) -> tuple[str, ...]:
        cell, server = open_shares(self.problem)
        alone = self.scenario.allocator.every == "per-request"
        chosen = {
            "cut": bool((self.cuts > 1).any()),
            "bandwidth_share": bool(cell.any()) and not alone,
            "server_share": bool(server.any()) and not alone,
        }
        return tuple(name for name in ACTIONS if chosen.get(name, True))
