"""Errors of a run in another process arrive as they were."""

from __future__ import annotations

import pickle

import pytest

from simran import errors
from simran.errors import Fault, ScenarioError, SimranError, UnknownNameError

PLAIN = [
    getattr(errors, name)("what went wrong")
    for name in errors.__all__
    if name.endswith("Error") and name not in {"ScenarioError", "UnknownNameError"}
]
FAULTS = ScenarioError([Fault("found x", "a.yaml", 3, 4, "agents.a"), Fault("found y")])
UNKNOWN = UnknownNameError("allocator", "exakt", ["sca", "exact"])


@pytest.mark.parametrize("error", [*PLAIN, FAULTS, UNKNOWN], ids=lambda it: type(it).__name__)
def test_an_error_survives_pickling(error: SimranError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert getattr(again, "faults", None) == getattr(error, "faults", None)
