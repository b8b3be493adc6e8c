"""Quality floors: where they are refused, and with what mend."""

from __future__ import annotations

import math
from typing import Any

import pytest
from toy import toy

from simran.errors import ScenarioError
from simran.scenario import load

CURVE = {"metric": "score", "quantizer": "uniform", "curves": {"head": {4: 0.5, 8: 0.9}}}
UNIFORM = {"kind": "uniform", "clip": "none"}


def _document(**changes: Any) -> dict[str, Any]:
    own: dict[str, Any] = {"models__m__quality": CURVE, "models__m__quantizer": UNIFORM}
    return toy(**({"agents__a__quality_floor": 0.8} | own | changes))


def test_a_floor_reaches_the_group() -> None:
    assert load(_document()).groups["a"].quality_floor == 0.8
    assert load(toy()).groups["a"].quality_floor == -math.inf
    assert load(_document(agents__a__quality_floor=-3)).groups["a"].quality_floor == -3.0


@pytest.mark.parametrize(
    ("changes", "message", "mend"),
    [
        ({"models__m__quantizer": "uniform"},
         "the quality of models.m was measured with uniform, not with its quantizer, uniform, clipped"
         " by mae, so no floor can be held against it",
         "set models.m.quantizer to {kind: uniform, scale: tensor, clip: none}, or leave"
         " quality_floor out"),
        ({"models__m__quality": {**CURVE, "quantizer": "something of my own"}},
         "the quality of models.m was measured with something of my own, not with its quantizer,"
         " uniform, so no floor can be held against it",
         "leave quality_floor out"),
        ({"models__m__quality": None},
         "models.m has no quality curve to hold a floor against",
         "give models.m.quality, or leave quality_floor out"),
        ({"agents__a__quality_floor": "high"}, "expected a plain number", None),
    ],
)  # fmt: skip
def test_a_floor_needs_the_curve_of_its_quantizer(
    changes: dict[str, Any], message: str, mend: str | None
) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(_document(**changes))
    (fault,) = caught.value.faults
    assert fault.path == "agents.a.quality_floor"
    assert fault.message.startswith(message)
    assert mend is None or fault.suggestion == mend
