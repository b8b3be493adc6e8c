"""The best sequence of choices over a horizon, where every change costs."""

from __future__ import annotations

import numpy as np

from simran.allocation.problem import Bools, Floats, Ints

__all__ = ["first_choice"]


def first_choice(stage: Floats, change: Floats, first: Floats, usable: Bools) -> Ints:
    """Return (n,) the first choice of the cheapest sequence, by dynamic programming.

    ``J_h(i) = min_j [change_h(i, j) + stage_h(j) + J_{h+1}(j)]``, and the first is the best j of the first
    stage with ``first(j)`` in the place of the change.

    Parameters
    ----------
    stage : (n, H, N) cost of choice j at each stage
    change : (n, H, N, N) cost of going from choice i to choice j at each stage; that of the first is unused
    first : (n, N) cost of going from what is in force to choice j
    usable : (n, N) whether choice j may come first

    Examples
    --------
    >>> stage = np.array([[[1.0, 0.0], [1.0, 0.0]]])  # the second is better by one at either stage
    >>> free = np.ones((1, 2), dtype=bool)
    >>> dear = np.array([[0.0, 3.0]])  # but costs three to change to
    >>> none = np.zeros((1, 2, 2, 2))
    >>> first_choice(stage, none + dear[:, None, None, :], dear, free).tolist()
    [0]
    """
    to_go = np.zeros(first.shape)
    for h in range(stage.shape[1] - 1, 0, -1):
        to_go = (change[:, h] + (stage[:, h] + to_go)[:, None, :]).min(axis=2)
    total = np.where(usable, first + stage[:, 0] + to_go, np.inf)
    least = total.min(axis=1, keepdims=True)
    chosen: Ints = np.argmax(total <= least + 1e-12 * np.abs(least), axis=1)
    return chosen
