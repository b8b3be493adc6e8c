"""Jain's index, and how agents fare, against the request log."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy import toy

from simran.engine import run
from simran.results.fairness import jain_index
from simran.scenario import load


def test_known_indices() -> None:
    assert jain_index(np.array([1.0, 2.0, 3.0])) == pytest.approx(36 / 42)
    assert jain_index(np.array([0.0, 0.0])) == 1.0
    assert jain_index(np.array([1e300, 1e300])) == 1.0
    assert jain_index(np.array([5e-320, 0.0])) == 0.5
    assert math.isnan(jain_index(np.zeros(0)))


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=20), st.floats(1e-3, 1e3))
def test_it_lies_between_one_over_n_and_one_and_has_no_unit(
    values: list[float], scale: float
) -> None:
    found = jain_index(np.array(values))
    assert 1.0 / len(values) - 1e-12 <= found <= 1.0
    if max(values) * scale > 1e-300:
        assert jain_index(scale * np.array(values)) == pytest.approx(found, rel=1e-9)


def test_the_summary_is_that_of_the_log() -> None:
    document = toy(duration=60.0, warmup=5.0)
    document["agents"]["b"] = {
        **document["agents"]["a"], "count": 2, "on_violation": "drop",
        "budget": {"delay": 0.05, "energy": 0.001},
    }  # fmt: skip
    result = run(load(document))
    fair = result.summary["fairness"]
    rows = result.requests[~result.requests["in_warmup"]]
    ended = rows[rows["status"] != "unfinished"]
    done = ended[ended["status"] == "completed"]
    for name, found in {**fair["groups"], "total": fair["total"]}.items():
        mine = done if name == "total" else done[done["group"] == name]
        for key in ("delay_s", "energy_j", "distortion"):
            means = mine.groupby("agent")[key].mean().to_numpy()
            assert found[key]["agents"] == len(means)
            if not len(means):
                assert found[key] == {
                    "agents": 0,
                    **dict.fromkeys(("jain", "min", "p25", "p50", "p75", "max")),
                }
                continue
            expected = means.sum() ** 2 / (len(means) * (means**2).sum())
            assert found[key]["jain"] == pytest.approx(expected, rel=1e-12)
            ends = [means.min(), *np.percentile(means, [25, 50, 75]), means.max()]
            assert [found[key][it] for it in ("min", "p25", "p50", "p75", "max")] == pytest.approx(
                ends
            )
    shares = (done.groupby("agent").size() / ended.groupby("agent").size()).fillna(0.0).to_numpy()
    assert fair["total"]["completed_share"]["agents"] == 5
    assert fair["total"]["completed_share"]["jain"] == pytest.approx(
        shares.sum() ** 2 / (5 * (shares**2).sum())
    )
    assert fair["groups"]["b"]["completed_share"]["max"] == 0.0
