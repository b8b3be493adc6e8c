"""What every key of the scenario language means: one line and one example for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

__all__ = ["Key", "keys"]


@dataclass(frozen=True, slots=True)
class Key:
    """One key.

    Parameters
    ----------
    path : key path; ``*`` stands for a name that the scenario gives, ``[]`` for an entry of a list
    meaning : one line, with the unit where it is not that of the example
    example : as it is written
    """

    path: str
    meaning: str
    example: str


@cache
def keys() -> dict[str, Key]:
    """Return every key of the language by its path, in the order of the reference."""
    text = (files("simran.scenario") / "keys.yaml").read_text(encoding="utf-8")
    return {path: Key(path, **entry) for path, entry in yaml.safe_load(text).items()}
