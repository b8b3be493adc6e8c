"""ONNX models with weights from outside: cut, quantized, run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from onnx_files import BIAS, DENSE, IMAGES, KERNEL, LAST, small_onnx

from simran.calibration import Setting, measure_feature_bits, measure_output_distortion
from simran.calibration.onnx_graph import read_graph
from simran.calibration.onnx_network import OnnxNetwork
from simran.errors import InputError


def _expected(kernel: np.ndarray, dense: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    patches = np.lib.stride_tricks.sliding_window_view(IMAGES[:, 0], (2, 2), axis=(1, 2))
    first = np.maximum(np.einsum("nijab,oab->noij", patches, kernel[:, 0]), 0.0)
    second = first.reshape(7, 12) @ dense
    return second, second @ LAST.T + BIAS


@pytest.fixture
def network(tmp_path: Path) -> OnnxNetwork:
    graph = read_graph(small_onnx(tmp_path / "m.onnx"), "second")
    return OnnxNetwork(graph, {"x": IMAGES}, "m", "agent", batch=3)


def test_the_agent_holds_what_the_split_depends_on(network: OnnxNetwork) -> None:
    assert list(network.weights) == ["kernel", "dense"]
    assert list(network.graph.others) == ["last"]
    assert network.weights["kernel"].shape == (3, 1, 2, 2)
    assert np.array_equal(network.weights["dense"], DENSE.T)  # output channels first
    assert network.parameters == KERNEL.size + DENSE.size + LAST.size + BIAS.size


def test_other_weights_make_other_outputs(network: OnnxNetwork) -> None:
    found = network.forward(network.weights)
    features, outputs = _expected(KERNEL, DENSE)
    assert found.features == pytest.approx(features, abs=1e-4)
    assert found.outputs == pytest.approx(outputs, abs=1e-4)
    changed = {"kernel": 2.0 * KERNEL, "dense": -DENSE.T}
    features, outputs = _expected(2.0 * KERNEL, -DENSE)
    again = network.forward(changed)
    assert again.features == pytest.approx(features, abs=1e-4)
    assert again.outputs == pytest.approx(outputs, abs=1e-4)


def test_the_server_takes_other_features(network: OnnxNetwork) -> None:
    found = network.forward(network.weights, np.zeros_like)
    assert np.abs(found.features).max() > 1.0
    assert found.outputs == pytest.approx(np.tile(BIAS, (7, 1)), abs=1e-6)
    points = measure_feature_bits(network, [2, 8])
    assert points[0].end_error > points[1].end_error > 0.0


def test_errors_are_those_of_the_quantized_weights(network: OnnxNetwork) -> None:
    setting = Setting("uniform", "row")
    (sweep,) = measure_output_distortion(network, [setting], [3]).sweeps
    quantizer = setting.quantizer(3)
    kernel, dense = quantizer.quantize(KERNEL), quantizer.quantize(DENSE.T).T
    wanted = np.abs(_expected(kernel, dense)[1] - _expected(KERNEL, DENSE)[1]).mean()
    assert sweep.points[0].end_error == pytest.approx(wanted, rel=1e-4)
    weight_error = np.abs(kernel - KERNEL).sum() + np.abs(dense - DENSE).sum()
    assert sweep.points[0].parameter_distortion == pytest.approx(
        weight_error / network.parameters, rel=1e-5
    )


def test_the_whole_model_is_the_agents_without_a_split(tmp_path: Path) -> None:
    graph = read_graph(small_onnx(tmp_path / "m.onnx"))
    network = OnnxNetwork(graph, {"x": IMAGES}, "m", "model")
    assert list(network.weights) == ["kernel", "dense", "last"]
    found = network.forward(network.weights, lambda it: it * 0.0)
    assert found.features == pytest.approx(_expected(KERNEL, DENSE)[1], abs=1e-4)
    assert np.all(found.outputs == 0.0)


def test_what_cannot_be_run_is_refused(tmp_path: Path) -> None:
    path = small_onnx(tmp_path / "m.onnx")
    with pytest.raises(InputError, match=r"has no tensor 'secnd'; did you mean 'second'\?"):
        read_graph(path, "secnd")
    with pytest.raises(InputError, match="has no tensor 'x'"):
        read_graph(path, "x")
    graph = read_graph(path)
    with pytest.raises(InputError, match=r"takes the inputs \['x'\], given are \['z'\]"):
        OnnxNetwork(graph, {"z": IMAGES}, "m", "model")
    wrong = OnnxNetwork(graph, {"x": IMAGES[:, :, :2]}, "m", "model")
    wrong.inputs = {"x": IMAGES[..., 0]}
    with pytest.raises(InputError, match="onnxruntime cannot run it"):
        wrong.forward(wrong.weights)
    damaged = tmp_path / "d.onnx"
    damaged.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(InputError, match="is no sound ONNX file"):
        read_graph(damaged)
