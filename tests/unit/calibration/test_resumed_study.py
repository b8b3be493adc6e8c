"""A study that was stopped goes on, and what it read again is what it measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from measured import BENCHMARKS

import resumed_study  # isort: skip - found by the line above

from simran.calibration import DenseNetwork, OutputStudy, Setting

assert Path(resumed_study.__file__).parent == BENCHMARKS
SETTINGS = [Setting("integer"), Setting("uniform", "row")]


def _network(items: int = 30) -> DenseNetwork:
    generator = np.random.default_rng(3)
    matrices = [generator.normal(0.0, 0.4, it).astype(np.float32) for it in ((8, 6), (3, 8))]
    inputs = generator.normal(size=(items, 6))
    return DenseNetwork("dense", matrices, inputs, generator.integers(3, size=items), 1)


def _study(kept: Path, said: list[float], number: int = 2, **changes: Any) -> OutputStudy:
    origin, draws = changes.get("origin", {}), changes.get("draws", (50, 1))
    return resumed_study.resumed_study(
        _network(), SETTINGS[:number], origin, draws, said.append, kept
    )


def test_only_what_is_missing_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measure, asked, said = resumed_study.measure_output_distortion, [], []

    def counted(network: DenseNetwork, settings: list[Setting], **draws: int) -> OutputStudy:
        asked.extend(settings)
        return measure(network, settings, **draws)

    monkeypatch.setattr(resumed_study, "measure_output_distortion", counted)
    _study(tmp_path, said, 1)
    whole = _study(tmp_path, said)
    again = _study(tmp_path, said)
    assert asked == SETTINGS
    assert said == [1.0, 0.5, 1.0, 0.5, 1.0]
    expected = measure(_network(), SETTINGS, resamples=50, seed=1)
    assert whole.sweeps == again.sweeps == expected.sweeps
    assert whole.quality == expected.quality
    assert np.array_equal(whole.full.outputs, expected.full.outputs)


@pytest.mark.parametrize(
    "changes", [{"origin": {"inputs": "others"}}, {"draws": (50, 2)}, {"draws": (60, 1)}]
)
def test_what_belongs_to_another_study_is_not_read(tmp_path: Path, changes: dict[str, Any]) -> None:
    _study(tmp_path, [], 1)
    _study(tmp_path, [], 1, **changes)
    assert len(list(tmp_path.iterdir())) == 2


def test_other_code_measures_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _study(tmp_path, [], 1)
    monkeypatch.setattr(resumed_study, "sources_digest", lambda network: network.__name__)
    _study(tmp_path, [], 1)
    assert len(list(tmp_path.iterdir())) == 2
