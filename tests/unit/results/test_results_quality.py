"""The mean quality of all groups: only of one and the same score."""

from __future__ import annotations

import copy

import pytest
from toy import toy

from simran.engine import run
from simran.scenario import load


@pytest.mark.parametrize(("metric", "known"), [("score", True), ("word accuracy", False)])
def test_different_scores_have_no_mean(metric: str, known: bool) -> None:
    curve = {"metric": "score", "quantizer": "uniform", "curves": {"head": {2: 0.5, 16: 0.9}}}
    quantizer = {"kind": "uniform", "clip": "none"}
    document = toy(models__m__quality=curve, models__m__quantizer=quantizer, duration=30.0)
    document["models"]["n"] = copy.deepcopy(document["models"]["m"])
    document["models"]["n"]["quality"]["metric"] = metric
    document["agents"]["b"] = {**document["agents"]["a"], "model": "n"}
    summary = run(load(document)).summary
    means = [summary["groups"][name]["quality_mean"] for name in "ab"]
    assert None not in means
    total = summary["total"]["quality_mean"]
    assert (total is not None) == known
    if known:
        assert min(means) <= total <= max(means)
