"""Measured output distortion on a network small enough to follow by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import numpy as np
import pytest

from simran.calibration import (
    Bootstrap,
    DenseNetwork,
    Estimate,
    Metric,
    Setting,
    Sweep,
    find_knee,
    findings,
    fit_coefficient,
    fit_curve,
    isotonic,
    measure_feature_bits,
    measure_output_distortion,
    quantize_features,
    ratio_of_sums,
    settings_of,
    study_record,
)
from simran.calibration.network import Outputs, Replace, Weights


def _dense(layers: int = 2) -> DenseNetwork:
    generator = np.random.default_rng(5)
    matrices = [
        generator.normal(0.0, 0.4, shape).astype(np.float32) for shape in ((8, 6), (8, 8), (3, 8))
    ]
    inputs = generator.normal(size=(40, 6))
    labels = DenseNetwork("it", matrices, inputs, np.zeros(40, int), 1).forward(
        {"layer/1": matrices[0]}
    )
    return DenseNetwork("dense", matrices, inputs, labels.outputs.argmax(axis=1), layers)


@dataclass
class _Line:
    """One weight of 1 applied to 1, 2, 3; half a unit of the end error at the split."""

    name: str = "line"
    split: str = "weight"
    parameters: int = 4
    metric: Metric | None = None
    weights: Weights = field(default_factory=lambda: {"w": np.array([[0.7, 1.0]], np.float32)})

    def forward(self, weights: Weights, replace: Replace | None = None) -> Outputs:
        features = np.array([[1.0], [2.0], [3.0]]) * weights["w"]
        return Outputs(features, 2.0 * (features if replace is None else replace(features)))

    def quality(self, outputs: Outputs) -> np.ndarray:
        raise AssertionError("without a metric nobody asks")


def test_errors_are_means_of_absolute_differences() -> None:
    study = measure_output_distortion(_Line(), [Setting("integer")], [2])
    (point,) = study.sweeps[0].points
    assert point.weight_error == pytest.approx(0.15)  # 0.7 becomes 1.0
    assert point.parameter_distortion == pytest.approx(0.3 / 4)
    assert point.split_error == pytest.approx(0.3)  # 0.3·(1 + 2 + 3)/6
    assert point.end_error == pytest.approx(0.6)
    assert point.end_relative == pytest.approx(0.3 / 1.7)
    assert point.bits_per_weight == 2 + 16.0
    assert (point.quality, point.loss, study.quality) == (None, None, None)


def test_a_code_book_without_one_bit_begins_at_two() -> None:
    settings = [Setting("integer"), Setting("uniform")]
    study = measure_output_distortion(_Line(), settings, [1, 2, 3])
    assert [[it.bits for it in sweep.points] for sweep in study.sweeps] == [[2, 3], [1, 2, 3]]


def test_features_change_only_what_the_server_gets() -> None:
    network = _Line()
    points = measure_feature_bits(network, [2, 16])
    exact = network.forward(network.weights).features
    coarse = quantize_features(exact, 2)  # 0.7 rounds up to 1, for each item by its own scale
    assert points[0].feature_error == pytest.approx(np.abs(coarse - exact).mean())
    assert points[0].end_error == pytest.approx(0.6)
    assert points[1].end_error < 1e-4


def test_quality_is_judged_on_the_same_items() -> None:
    study = measure_output_distortion(_dense(), [Setting("uniform", "row")], [1, 8], seed=3)
    assert study.quality is not None
    assert study.quality.value == 1.0
    for point in study.sweeps[0].points:
        assert point.quality is not None
        assert point.loss is not None
        assert point.loss.value == pytest.approx(1.0 - point.quality.value)
        assert point.loss.low <= point.loss.value <= point.loss.high
    again = measure_output_distortion(_dense(), [Setting("uniform", "row")], [1, 8], seed=3)
    assert again.sweeps == study.sweeps


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_rigorous_bound_is_never_exceeded(layers: int) -> None:
    network = _dense(layers)
    for setting in settings_of(scales=("tensor", "row", 4)):
        for bits in range(2, 9):
            quantizer = setting.quantizer(bits)
            weights = {name: quantizer.quantize(it) for name, it in network.weights.items()}
            error, bound = network.bound(weights)
            assert np.all(error <= bound * (1.0 + 1e-12))
            assert error.max() > 0.0


def test_dense_networks_check_their_parts() -> None:
    network = _dense()
    with pytest.raises(ValueError, match="layers must be 1 to 3, got 4"):
        DenseNetwork("it", network.matrices, network.inputs, network.labels, 4)
    with pytest.raises(ValueError, match="matrices must have the shapes"):
        DenseNetwork("it", network.matrices[1:], network.inputs, network.labels, 1)
    with pytest.raises(ValueError, match="labels must be 40, got 39"):
        DenseNetwork("it", network.matrices, network.inputs, network.labels[1:], 1)


def test_a_coefficient_is_least_squares_through_the_origin() -> None:
    found = fit_coefficient([8.0, 2.0, 1.0, 0.0], [9.0, 4.0, 2.0, 0.0], [1, 4, 5, 6], [4, 5, 6])
    assert found.value == 2.0
    assert found.bits == (4, 5)  # nothing errs at 6
    assert found.residual == 0.0
    assert found.residual_all == pytest.approx((16.0 / 9.0 - 1.0) / np.sqrt(3.0))
    with pytest.raises(ValueError, match="fitted must hold a bit-width with an error"):
        fit_coefficient([1.0], [1.0], [4], [5])


def test_the_monotone_curve_pools_what_falls() -> None:
    assert isotonic([3.0, 1.0, 2.0]).tolist() == [2.0, 2.0, 2.0]
    assert isotonic([1.0, 4.0, 2.0], [1.0, 1.0, 3.0]).tolist() == [1.0, 2.5, 2.5]
    with pytest.raises(ValueError, match="weights must be above 0"):
        isotonic([1.0, 2.0], [1.0, 0.0])


def _estimate(value: float, deviation: float = 0.1) -> Estimate:
    return Estimate(value, value - 0.2, value + 0.2, deviation)


def test_a_curve_where_lower_is_better_falls_to_full_precision() -> None:
    metric = Metric("word error rate", "lower", ratio_of_sums)
    values = [_estimate(it) for it in (0.9, 0.2, 0.3, 0.05)]
    curve = fit_curve("uniform", metric, [1, 2, 3, 4], values, _estimate(0.1))
    assert curve.fitted == pytest.approx((0.9, 0.25, 0.25, 0.1))
    assert curve.residual == pytest.approx(np.sqrt((2 * 0.05**2 + 0.05**2) / 4))
    assert (curve.metric, curve.better, curve.reference) == ("word error rate", "lower", 0.1)


def test_the_knee_needs_all_larger_bits_to_do() -> None:
    losses = [Estimate(it, it - 0.01, it + 0.01, 0.005) for it in (0.5, 0.0, 0.02, 0.004, -0.01)]
    knee = find_knee([1, 2, 3, 4, 5], losses, 0.01)
    assert (knee.bits, knee.sure_bits) == (4, 5)
    assert find_knee([1], losses[:1], 0.01).bits is None
    with pytest.raises(ValueError, match="tolerance must be 0 or more"):
        find_knee([1], losses[:1], -1.0)
    with pytest.raises(ValueError, match="bits must ascend"):
        find_knee([2, 1], losses[:2], 0.0)


def test_intervals_are_those_of_a_mean() -> None:
    figures = (np.random.default_rng(2).random((400, 1)) < 0.8).astype(float)
    found = Bootstrap(Metric("accuracy"), 400, 2000).estimate(figures)
    p = figures.mean()
    assert found.value == p
    # The resamples of a mean have its standard error, known here; 2000 of them to within 5 %.
    assert found.deviation == pytest.approx(np.sqrt(p * (1 - p) / 400), rel=0.05)
    assert found.low == pytest.approx(p - 1.96 * found.deviation, abs=0.006)


def test_what_never_differed_may_differ_unseen() -> None:
    """Seven answers that all agree say little about the next one; four hundred say more."""
    for items, unseen in ((7, 1.0 - 0.025 ** (1 / 7)), (400, 1.0 - 0.025 ** (1 / 400))):
        right = np.ones((items, 1))
        draws = Bootstrap(Metric("accuracy"), items)
        assert draws.estimate(right).low == pytest.approx(1.0 - unseen)
        assert draws.estimate(right).high == 1.0
        assert draws.estimate(0.0 * right).low == 0.0
        loss = draws.loss(right, right)
        assert (loss.value, loss.high) == (0.0, pytest.approx(unseen))
        assert find_knee([4], [loss], 0.01).sure_bits == (4 if items == 400 else None)


def test_differences_are_paired() -> None:
    figures = np.random.default_rng(2).random((50, 1))
    lower = Bootstrap(Metric("error", "lower"), 50)
    assert lower.loss(figures + 0.5, figures).value == pytest.approx(0.5)
    assert lower.loss(figures + 0.5, figures).deviation == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(ValueError, match="figures must have 50 rows, got 49"):
        lower.estimate(figures[1:])
    with pytest.raises(ValueError, match="items and resamples must be 2 or more"):
        Bootstrap(Metric("error"), 1)


def test_a_record_is_plain_data() -> None:
    network = _dense()
    study = measure_output_distortion(network, [Setting("uniform", "row", "mse")])
    record = study_record(study, measure_feature_bits(network, [2, 4]), tolerance=0.05)
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    row = record["quantizers"]["uniform per row, clipped by mse"]
    found = findings(study, study.sweeps[0], 0.05)
    assert found.end is not None
    assert row["coefficient"]["value"] == found.end.value
    assert row["knee"]["tolerance"] == 0.05
    assert len(row["points"]) == 8
    assert [it["bits"] for it in record["feature_bits"]] == [2, 4]
    assert record["metric"] == {"name": "top-1 accuracy", "better": "higher"}


def test_a_network_without_a_metric_has_no_knee() -> None:
    record = study_record(measure_output_distortion(_Line(), [Setting("uniform")]))
    row = record["quantizers"]["uniform"]
    assert (record["quality"], row["curve"], row["knee"]) == (None, None, None)
    assert row["coefficient"]["value"] > 0.0


def test_a_coefficient_may_be_fitted_where_the_quality_stands_only() -> None:
    network = _dense()
    study = measure_output_distortion(network, [Setting("uniform")], range(1, 9), resamples=10)
    (sweep,) = study.sweeps
    found = findings(study, sweep, 0.01, None)
    assert found.knee is not None
    assert found.knee.bits == 5
    assert found.end is not None
    assert found.end.bits == (5, 6, 7, 8)
    assert findings(study, sweep, 0.0, (7, 8)).end.bits == (7, 8)  # type: ignore[union-attr]
    record = study_record(study, (), 0.01, None)
    assert record["pooled_coefficient"] is None
    assert record["quantizers"]["uniform"]["coefficient"]["bits"] == [5, 6, 7, 8]
    unreached = findings(study, _worst(sweep), 0.01, None)
    assert (unreached.knee.bits, unreached.end) == (None, None)  # type: ignore[union-attr]


def _worst(sweep: Sweep) -> Sweep:
    """Return the points of one bit, at which the quality has collapsed."""
    return Sweep(sweep.setting, sweep.points[:1])
