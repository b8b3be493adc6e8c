"""Weights of a known law: λ is recovered, the law's distortion is measured, the profile runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy
from checkpoints import weights
from scipy import special, stats

import simran
from simran.calibration import (
    Choices,
    Setting,
    calibrate,
    read_tensors,
    settings_of,
    statistics,
    write_calibration,
)
from simran.distortion import (
    GeneralisedNormal,
    compare_laws,
    expected_distortion,
    law_distortion,
    optimal_levels,
    power_of_two_levels,
    power_of_two_top,
    quantize,
    uniform_levels,
    uniform_step,
)

Z = float(stats.norm.ppf(0.9995))
RATES = (0.5, 7.0, 40.0, 900.0)


@pytest.mark.parametrize("rate", RATES)
def test_lambda_is_recovered(tmp_path: Path, rate: float) -> None:
    """2nλ/λ̂ of n exponential magnitudes is chi-squared with 2n degrees of freedom, exactly."""
    array = weights(rate, (300, 200), seed=11)
    np.savez(tmp_path / "m.npz", w=array)
    (layer,) = statistics(read_tensors(tmp_path / "m.npz"), settings=()).layers
    assert layer.rate is not None
    low, high = stats.chi2.ppf([0.0005, 0.9995], 2 * array.size)
    assert low <= 2 * array.size * rate / layer.rate <= high
    assert layer.ks_exponential is not None
    assert layer.ks_half_normal is not None
    assert layer.ks_exponential < stats.kstwobign.ppf(0.999) / np.sqrt(array.size)
    assert layer.ks_half_normal > 5 * layer.ks_exponential


def _information(shape: float) -> np.ndarray:
    """Return Fisher's information of shape and log-scale: of a weight, over its quantiles.

    With y = (|w|/a)^s, a Gamma(1/s) variate, the scores are ``1/s + ψ(1/s)/s² − y ln y/s`` and ``s y − 1``.
    """
    y = special.gammaincinv(1.0 / shape, (np.arange(400_000) + 0.5) / 400_000)
    of_shape = 1.0 / shape + special.digamma(1.0 / shape) / shape**2 - y * np.log(y) / shape
    return np.cov(of_shape, shape * y - 1.0)


@pytest.mark.parametrize("shape", [0.6, 1.0, 1.5, 2.0, 4.0])
def test_both_laws_recover_their_parameters(tmp_path: Path, shape: float) -> None:
    """Estimates of greatest likelihood are normal with the inverse of Fisher's information."""
    scale, size = 0.03, (300, 200)
    array = GeneralisedNormal(shape, scale).sample(np.random.default_rng(21), size)
    np.savez(tmp_path / "m.npz", w=array.astype(np.float32))
    (layer,) = statistics(read_tensors(tmp_path / "m.npz"), settings=()).layers
    assert layer.generalised_shape is not None
    assert layer.generalised_scale is not None
    deviation = np.sqrt(np.diag(np.linalg.inv(_information(shape))) / array.size)
    assert abs(layer.generalised_shape - shape) <= Z * deviation[0]
    assert abs(np.log(layer.generalised_scale / scale)) <= Z * deviation[1]
    mean = float(GeneralisedNormal(shape, scale).mean_magnitude)
    spread = float(np.std(np.abs(array))) / np.sqrt(array.size)
    assert layer.mean_magnitude is not None
    assert abs(layer.mean_magnitude - mean) <= Z * spread
    assert layer.rate == pytest.approx(1.0 / layer.mean_magnitude, rel=1e-12)
    laws = {it.name: it for it in compare_laws(array.astype(np.float32))}
    both = (layer.log_likelihood_exponential, layer.log_likelihood_generalised)
    plain = (laws["laplace"].log_likelihood, laws["generalised-normal"].log_likelihood)
    assert both == pytest.approx(plain, abs=1e-5)
    distances = (layer.ks_exponential, layer.ks_generalised)
    plain = (laws["laplace"].distance, laws["generalised-normal"].distance)
    assert distances == pytest.approx(plain, abs=2e-4)  # what a cell of 2^-12 of its value may hide
    assert layer.ks_generalised < stats.kstwobign.ppf(0.999) / np.sqrt(array.size)


def _deviation(quantizer: str, bits: int) -> float:
    """Return the standard deviation of the error of one weight of λ = 1, over its quantiles."""
    book = {
        "lloyd-max": lambda: optimal_levels(bits, 1.0),
        "power-of-two": lambda: power_of_two_levels(bits, power_of_two_top(bits)),
        "uniform": lambda: uniform_levels(bits, uniform_step(bits)),
    }[quantizer]()
    sizes = -np.log1p(-(np.arange(400_000) + 0.5) / 400_000)
    return float(np.std(np.abs(sizes - quantize(sizes, book))))


@pytest.mark.parametrize("bits", [1, 2, 4, 6, 8])
def test_the_law_is_what_is_measured_on_its_own_weights(tmp_path: Path, bits: int) -> None:
    """The error on weights of the law lies in the 99.9 % interval around its expectation.

    A scale fitted to the weights is off by the order of 1/√n, which moves a least error by 1/n only.
    """
    rate, count = 20.0, 100_000
    np.savez(tmp_path / "m.npz", w=weights(rate, (count // 100, 100), seed=12))
    kinds = ("lloyd-max", "power-of-two", "uniform")
    settings = settings_of(kinds, ("tensor",), ("mae",))
    found = statistics(read_tensors(tmp_path / "m.npz"), settings)
    for kind, curve in zip(kinds, found.pooled_curves, strict=True):
        got = curve.measured[curve.bits.index(bits)]
        expected = float(expected_distortion(kind, bits, rate))
        spread = _deviation(kind, bits) / rate
        assert abs(got - expected) <= Z * spread / np.sqrt(count), kind
        fitted = expected_distortion(kind, bits, found.pooled.rate or np.nan)
        assert curve.predicted is not None
        assert curve.predicted[curve.bits.index(bits)] == pytest.approx(float(fitted), rel=1e-12)


@pytest.mark.parametrize(
    ("quantizer", "setting"),
    [
        ("lloyd-max", Setting("lloyd-max", "tensor", "mae")),
        ("{kind: uniform, scale: row, clip: none}", Setting("uniform", "row")),
        ("{kind: integer, scale: 64, clip: none}", Setting("integer", 64)),
    ],
)
def test_each_block_has_its_own_lambda_and_the_profile_runs(
    tmp_path: Path, quantizer: str, setting: Setting
) -> None:
    """The distortion of a run is the summed measured error of the agent's weights; biases have none."""
    arrays = {
        "encoder.weight": weights(10.0, (200, 100), 1),
        "encoder.bias": weights(1.0, (200,), 2),
        "decoder.weight": weights(50.0, (300, 100), 3),
    }
    path = tmp_path / "two.safetensors"
    safetensors.numpy.save_file(arrays, path)
    (tmp_path / "blocks.yaml").write_text(
        "input: 1 KiB\n"
        "blocks:\n"
        "  - {name: encoder, tensors: 'encoder.*', flops: 2 GFLOP, output: {elements: 1000}}\n"
        "  - {name: decoder, tensors: 'decoder.*', flops: 3 GFLOP, output: 64 B}\n"
    )
    found = calibrate(path, blocks=tmp_path / "blocks.yaml")
    folder = write_calibration(found, tmp_path / "out")
    model = f"models.captioner={{profile: {folder / 'profile.yaml'}, split: encoder}}"
    changes = [model, "duration=900 s", f"models.captioner.quantizer={quantizer}"]
    scenario = simran.load("warehouse_contention", changes)
    blocks = scenario.models["captioner"].blocks
    rates = [1.0 / np.abs(arrays[f"{name}.weight"]).mean() for name in ("encoder", "decoder")]
    said = found.profile["blocks"]
    assert [block["weights"]["rate"] for block in said] == pytest.approx(rates, rel=1e-6)
    assert [block["weights"]["columns"] for block in said] == [100, 100]
    assert [block.parameters for block in blocks] == [20_200, 30_000]
    frame = simran.run(scenario, out=tmp_path / "run").requests
    done = frame[frame["status"] == "completed"]
    bits = done["weight_bits"].to_numpy()
    array, summed = arrays["encoder.weight"], {32: 0.0}
    (row,) = (
        it
        for it in found.statistics.curves
        if (it.layer, it.quantizer) == ("encoder.weight", setting.label)
    )
    measured = dict(zip(row.bits, row.measured, strict=True))
    for width in set(bits.tolist()) - {32}:
        error = setting.quantizer(int(width)).error(array)
        if setting.clip == "none":
            assert measured[width] == pytest.approx(error, rel=1e-4), width
        assert measured[width] <= error * 1.02, width  # the quantizer's own search stops earlier
        summed[width] = measured[width] * array.size
    assert len(done) > 10
    expected = np.array([summed[it] for it in bits.tolist()]) / 50_200
    assert done["distortion"].to_numpy() == pytest.approx(expected, rel=1e-5)


def test_the_generalised_law_in_the_profile(tmp_path: Path) -> None:
    """Without measured errors a run's distortion is that of the law, block by block."""
    laws = {"encoder": GeneralisedNormal(1.6, 0.02), "decoder": GeneralisedNormal(0.7, 0.01)}
    draw = np.random.default_rng(4)
    arrays = {name: law.sample(draw, (300, 100)).astype(np.float32) for name, law in laws.items()}
    np.savez(tmp_path / "two.npz", **arrays)
    (tmp_path / "blocks.yaml").write_text(
        "input: 1 KiB\n"
        "blocks:\n"
        "  - {name: encoder, tensors: 'encoder', flops: 2 GFLOP, output: {elements: 1000}}\n"
        "  - {name: decoder, tensors: 'decoder', flops: 3 GFLOP, output: 64 B}\n"
    )
    choices = Choices("generalised-normal", [Setting("integer", "row")])
    found = calibrate(tmp_path / "two.npz", blocks=tmp_path / "blocks.yaml", choices=choices)
    assert found.profile["provenance"]["weights.shape"]["kind"] == "measured"
    assert "weights.rate" not in found.profile["provenance"]
    folder = write_calibration(found, tmp_path / "out")
    model = f"models.captioner={{profile: {folder / 'profile.yaml'}, split: encoder}}"
    changes = [model, "duration=900 s", "models.captioner.quantizer=uniform"]
    scenario = simran.load("warehouse_contention", changes)
    frame = simran.run(scenario, out=tmp_path / "run").requests
    done = frame[frame["status"] == "completed"]
    bits = done["weight_bits"].to_numpy()
    said = found.profile["blocks"][0]["weights"]
    law = GeneralisedNormal(said["shape"], said["scale"])
    widths = {it for it in bits.tolist() if it < 32}
    assert widths
    known = {it: float(law_distortion("uniform", it, law)) / 2.0 for it in widths} | {32: 0.0}
    expected = [known[it] for it in bits.tolist()]
    assert done["distortion"].to_numpy() == pytest.approx(np.array(expected), rel=1e-5)
