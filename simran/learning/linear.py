"""A linear policy, and the allocator that it makes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from simran.allocation import Allocation, Allocator, Option, Problem
from simran.allocation.problem import Floats
from simran.errors import InputError
from simran.learning.actions import ACTIONS, decode
from simran.learning.features import FEATURES, features

__all__ = ["LinearPolicy", "act", "read_weights", "write_weights"]


def act(weights: Floats, rows: Floats) -> Floats:
    """Return (K, 6) the actions ``1/(1 + exp(-W [x, 1]))`` of a linear policy.

    Parameters
    ----------
    weights : (6, F + 1) W, the last column added to every agent
    rows : (K, F) what it sees, as in :data:`simran.learning.FEATURES`

    Examples
    --------
    >>> act(np.zeros((6, len(FEATURES) + 1)), np.zeros((1, len(FEATURES)))).tolist()
    [[0.5, 0.5, 0.5, 0.5, 0.5, 0.5]]
    """
    score = rows @ weights[:, :-1].T + weights[:, -1]
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * score)))


def write_weights(path: str | Path, weights: Floats) -> None:
    """Write the weights of a linear policy as JSON, with the names of its rows and columns.

    Parameters
    ----------
    path : of the file
    weights : (6, F + 1)
    """
    _check(weights, "weights")
    content = {
        "policy": "linear",
        "actions": list(ACTIONS),
        "features": [*FEATURES, "1"],
        "weights": np.asarray(weights, dtype=np.float64).tolist(),
    }
    Path(path).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_weights(path: str | Path) -> Floats:
    """Return (6, F + 1) the weights that :func:`write_weights` has written.

    Raises
    ------
    InputError
        if the file cannot be read, or is of a policy that sees or decides something else
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        names = content["actions"], content["features"]
        weights = np.array(content["weights"], dtype=np.float64)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError) as error:
        raise InputError(f"{path}: is no linear policy: {type(error).__name__}: {error}") from error
    if names != (list(ACTIONS), [*FEATURES, "1"]):
        raise InputError(
            f"{path}: its actions or features are not those of this version; train anew"
        )
    _check(weights, str(path))
    return weights


def _check(weights: Floats, name: str) -> None:
    shape = (len(ACTIONS), len(FEATURES) + 1)
    if np.shape(weights) != shape or not np.isfinite(weights).all():
        raise InputError(f"{name}: expected finite numbers of shape {shape}")


class LinearPolicy(Allocator):
    """A trained linear policy: each agent's design from what is seen of it.

    To give it a file, use the option, or a class of your own with ``path`` set.

    Examples
    --------
    >>> class Mine(LinearPolicy):
    ...     name = "mine"
    ...     path = Path(__file__).with_name("mine.json")
    """

    name: ClassVar[str] = "linear-policy"
    path: ClassVar[Path | None] = None
    watches: ClassVar[bool] = True
    OPTIONS: ClassVar[Mapping[str, Option]] = {
        "weights": Option("path of the file of weights", None, lambda value: value)
    }

    def __init__(
        self, options: Mapping[str, Any] | None = None, rng: np.random.Generator | None = None
    ) -> None:
        super().__init__(options, rng)
        path = self.options["weights"] or self.path
        if path is None:
            raise InputError(f"allocator {self.name!r} needs the option 'weights', a file")
        self.weights = read_weights(path)

    def allocate(self, problem: Problem) -> Allocation:
        """Return the policy's design for every agent."""
        return decode(problem, act(self.weights, features(problem)), self.name)
