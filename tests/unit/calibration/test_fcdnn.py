"""FCDNN-16 as the project trained it: its recipe, its accuracy, its study."""

from __future__ import annotations

import json

import numpy as np
import pytest
from measured import BENCHMARKS

pytest.importorskip("sklearn")

import network_fcdnn
import train_fcdnn

from simran.calibration import Setting, measure_output_distortion


def test_training_takes_the_same_steps_each_time() -> None:
    runs = []
    for _ in range(2):
        training = train_fcdnn.Training(train_fcdnn.digits())
        training.epoch()
        runs.append(training)
    assert runs[0].step == train_fcdnn.TRAINED // train_fcdnn.BATCH
    for one, other in zip(runs[0].matrices, runs[1].matrices, strict=True):
        assert np.array_equal(one, other)


def test_gradients_are_those_of_finite_differences() -> None:
    generator = np.random.default_rng(4)
    matrices = [generator.normal(0.0, 0.5, shape) for shape in ((5, 4), (3, 5))]
    x, labels = generator.normal(size=(6, 4)), np.array([0, 1, 2, 0, 1, 2])

    def loss() -> float:
        scores = train_fcdnn.forward(matrices, x)[-1]
        return float(np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(6), labels]))

    found = train_fcdnn.gradients(matrices, x, labels)
    for matrix, slope in zip(matrices, found, strict=True):
        matrix[1, 2] += 1e-6
        above = loss()
        matrix[1, 2] -= 2e-6
        below = loss()
        matrix[1, 2] += 1e-6
        assert slope[1, 2] == pytest.approx((above - below) / 2e-6, rel=1e-5, abs=1e-9)


def test_the_committed_weights_have_the_recorded_accuracy() -> None:
    data = train_fcdnn.digits()
    weights = [it.astype(np.float64) for it in network_fcdnn.matrices()]
    held_out = train_fcdnn.accuracy(weights, data.held_images, data.held_labels)
    record = json.loads((BENCHMARKS / "results" / "output_fcdnn-16.json").read_text())
    assert held_out == pytest.approx(record["splits"]["layer/8"]["quality"]["value"], abs=1e-6)
    assert len(weights) == 16


def test_a_part_of_the_study_is_measured_again() -> None:
    record = json.loads((BENCHMARKS / "results" / "output_fcdnn-16.json").read_text())
    setting = Setting("uniform", "row")
    network = network_fcdnn.network(8)
    study = measure_output_distortion(network, [setting], [4], resamples=1000, seed=record["seed"])
    (point,) = study.sweeps[0].points
    (row,) = [
        it
        for it in record["splits"]["layer/8"]["quantizers"][setting.label]["points"]
        if it["bits"] == 4
    ]
    for key in ("weight_error", "parameter_distortion", "split_error", "end_error"):
        assert getattr(point, key) == pytest.approx(row[key], rel=1e-5)
    assert point.quality is not None
    assert point.quality.low == pytest.approx(row["quality"]["low"], abs=1e-6)
