"""What a step is worth: distortion and missed budgets of the requests that ended in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simran.allocation import Problem
from simran.allocation.problem import Floats
from simran.results import Request
from simran.results.records import COMPLETED
from simran.results.table import block

__all__ = ["Outcome", "Reward"]


@dataclass(frozen=True)
class Outcome:
    """What became of the requests that ended in a step, by agent; all arrays (K,).

    Parameters
    ----------
    reward : what the step is worth
    completed : how many requests have completed
    violated : how many have missed a budget, were dropped or have failed
    """

    reward: Floats
    completed: Floats
    violated: Floats


@dataclass(frozen=True)
class Reward:
    """Weights of what a step costs.

    An agent's reward is minus the sum, over its requests that ended in the step, of
    ``distortion · w_k · D / D_max`` of a completed one, ``energy · E / E0`` of any, and ``violation`` of one
    that was late, over its energy budget, dropped or failed, or was inside past its deadline at the end of
    the run. D_max is the largest distortion of an allowed design, so a violation with weight 1 is as bad as
    the coarsest weights. An unbounded E0 counts as 1 J.

    Parameters
    ----------
    distortion, violation, energy : the weights
    """

    distortion: float = 1.0
    violation: float = 1.0
    energy: float = 0.0

    def of(self, requests: Sequence[Request], problem: Problem, now_s: float) -> Outcome:
        """Return what a step was worth.

        Parameters
        ----------
        requests : that ended in it; at the end of the run with those inside
        problem : of all agents
        now_s : simulated time [s]
        """
        count = len(problem.agents)
        if not requests:
            return Outcome(np.zeros(count), np.zeros(count), np.zeros(count))
        columns = block(requests, now_s)
        agent = columns["agent"]
        done = columns["status"] == COMPLETED
        missed = ~(columns["delay_ok"] & columns["energy_ok"])
        scale = (problem.weight / _largest_distortion(problem))[agent]
        budget_j = np.where(np.isinf(problem.energy_budget_j), 1.0, problem.energy_budget_j)[agent]
        cost = (
            self.distortion * np.where(done, scale * columns["plan_distortion"], 0.0)
            + self.violation * missed
            + self.energy * columns["energy_j"] / budget_j
        )

        def summed(values: Floats) -> Floats:
            return np.bincount(agent, weights=values, minlength=count).astype(np.float64)

        return Outcome(
            -summed(cost), summed(done.astype(np.float64)), summed(missed.astype(np.float64))
        )


def _largest_distortion(problem: Problem) -> Floats:
    """Return (K,) the largest distortion of an allowed design; 1 where all have none."""
    largest = []
    for table in problem.tables:
        known = table.distortion[table.allowed]
        top = float(np.max(known, initial=0.0, where=np.isfinite(known)))
        largest.append(top or 1.0)
    return np.array(largest)[problem.table_index]
