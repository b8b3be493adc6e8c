"""Environments for learning over any scenario, and trained policies as allocators.

The environments need ``pip install simran[learning]``; a trained policy needs no more than simran.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from simran.learning.actions import ACTIONS, decode, encode
from simran.learning.features import FEATURES, features
from simran.learning.linear import LinearPolicy, act, read_weights, write_weights
from simran.learning.reward import Reward

if TYPE_CHECKING:
    from simran.learning.environment import CoInferenceEnv
    from simran.learning.parallel import CoInferenceParallelEnv

__all__ = [
    "ACTIONS",
    "FEATURES",
    "CoInferenceEnv",
    "CoInferenceParallelEnv",
    "LinearPolicy",
    "Reward",
    "act",
    "decode",
    "encode",
    "features",
    "read_weights",
    "write_weights",
]

_HOME = {
    "CoInferenceEnv": "simran.learning.environment",
    "CoInferenceParallelEnv": "simran.learning.parallel",
}


def __getattr__(name: str) -> Any:
    # A trained policy runs without the libraries of the environments.
    if name in _HOME:
        try:
            return getattr(import_module(_HOME[name]), name)
        except ModuleNotFoundError as error:
            if error.name in ("gymnasium", "pettingzoo"):
                wanted = f"simran.learning.{name} needs {error.name}"
                raise ImportError(f"{wanted}: pip install 'simran[learning]'") from error
            raise
    raise AttributeError(f"module 'simran.learning' has no attribute {name!r}")
