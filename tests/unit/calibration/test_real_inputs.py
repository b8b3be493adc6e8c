"""``simran calibrate`` with real inputs: what it measures, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

pytest.importorskip("onnxruntime")

from onnx_files import BIAS, IMAGES, LAST, small_onnx
from toy import toy

from simran.calibration import RealInputs, read_arrays, read_graph
from simran.calibration.onnx_network import OnnxNetwork
from simran.cli import app
from simran.errors import InputError
from simran.scenario import load

BLOCKS = """\
input: 9 B
blocks:
  - {name: agent, tensors: [kernel, dense], flops: 1 kFLOP, output: {elements: 5}}
  - {name: server, tensors: ["*"], flops: 1 kFLOP, output: 1 B}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    small_onnx(tmp_path / "m.onnx")
    np.savez(tmp_path / "x.npz", x=IMAGES)
    (tmp_path / "blocks.yaml").write_text(BLOCKS)
    first, second = BLOCKS.splitlines()[2:]
    turned = [
        *BLOCKS.splitlines()[:2],
        second.replace('"*"', "last"),
        first.replace("[kernel, dense]", '"*"'),
    ]
    (tmp_path / "turned.yaml").write_text("\n".join(turned))
    return tmp_path


def _run(home: Path, *more: str, out: str = "out") -> Any:
    arguments = [str(home / "m.onnx"), "--inputs", str(home / "x.npz"), "--out", str(home / out)]
    return CliRunner().invoke(app, ["calibrate", *arguments, "--json", *more])


def _study(home: Path, *more: str) -> dict[str, Any]:
    result = _run(home, *more)
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout)["output_distortion"])


def test_classes_are_compared_with_full_precision_without_labels(home: Path) -> None:
    study = _study(home)
    assert study["judged_by"] == "top-1 agreement with full precision, no labels given"
    assert study["quality"]["value"] == 1.0
    assert (study["split"], study["cut_at"], study["items"]) == ("model", "y", 7)
    assert study["parameters"] == study["quantized_weights"] + BIAS.size
    assert [it["bits"] for it in study["feature_bits"]] == list(range(2, 17))


def test_labels_make_it_accuracy(home: Path) -> None:
    network = OnnxNetwork(read_graph(home / "m.onnx"), {"x": IMAGES}, "m", "model")
    labels = network.forward(network.weights).outputs.argmax(axis=1)
    labels[:2] = (labels[:2] + 1) % len(LAST)
    np.savez(home / "l.npz", labels=labels)
    study = _study(home, "--labels", str(home / "l.npz"), "--tolerance", "0.2")
    assert study["judged_by"] == "top-1 accuracy, labels given"
    assert study["quality"]["value"] == pytest.approx(5 / 7)
    for row in study["quantizers"].values():
        assert row["knee"]["tolerance"] == 0.2


def test_the_profile_carries_what_was_measured(home: Path) -> None:
    study = _study(home, "--split", "second", "--blocks", str(home / "blocks.yaml"))
    row = study["quantizers"]["uniform per row"]
    profile = yaml.safe_load((home / "out" / "profile.yaml").read_text())
    assert profile["quality"]["curves"]["agent"] == {
        **dict(zip(row["curve"]["bits"], row["curve"]["fitted"], strict=True)),
        32: 1.0,
    }
    assert profile["quantizer"] == {"kind": "uniform", "scale": "row", "clip": "none"}
    assert profile["output_coefficient"] == row["coefficient"]["value"]
    agent = profile["blocks"][0]
    for point in row["points"]:  # rows are output channels in the profile too
        error = agent["weights"]["measured"]["uniform per row"][point["bits"]]
        share = agent["parameters"] / profile["parameters"]
        assert error * share == pytest.approx(point["parameter_distortion"], rel=1e-5)
    assert profile["provenance"]["quality"]["kind"] == "measured"
    model = load(
        toy(models__m={"profile": str(home / "out" / "profile.yaml"), "split": "agent"})
    ).models["m"]
    assert model.quality is not None
    assert model.quality.metric == "top-1 agreement with full precision"


def test_the_table_names_every_quantizer(home: Path) -> None:
    arguments = [str(home / "m.onnx"), "--inputs", str(home / "x.npz"), "--out", str(home / "t")]
    result = CliRunner().invoke(app, ["calibrate", *arguments])
    assert result.exit_code == 0, result.output
    for label in ("integer per group of 64", "lloyd-max", "power-of-two per row"):
        assert f"{label} " in result.stdout
    text = " ".join(result.stdout.split())
    assert "top-1 agreement with full precision" in text
    assert "knee, the fewest bits from which the loss of quality stays within 0.01" in text
    assert text.count("(standard deviation of a point up to ") == len(RealInputs(home).settings)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--split", "first", "--blocks", "blocks.yaml"), "cuts block 'agent' in two"),
        (("--split", "first"), "(pass --blocks with a block that ends there)"),
        (("--blocks", "turned.yaml", "--split", "second"), "does not depend on block 'server'"),
        (("--split", "nowhere"), "has no tensor 'nowhere'"),
        (("--labels", "x.npz"), "expected one array of 7 whole numbers"),
        (("--labels", "wide.npz"), "classes must be 0 to 3"),
    ],
)
def test_what_does_not_fit_is_refused(home: Path, more: tuple[str, ...], message: str) -> None:
    np.savez(home / "wide.npz", labels=np.arange(7))
    given = [str(home / it) if "." in it else it for it in more]
    error = _run(home, *given).exception
    assert isinstance(error, InputError)
    assert message in str(error)


def test_only_onnx_is_run(home: Path) -> None:
    arguments = [str(home / "x.npz"), "--inputs", str(home / "x.npz"), "--out", str(home / "o")]
    error = CliRunner().invoke(app, ["calibrate", *arguments]).exception
    assert "only ONNX models can be run on inputs" in str(error)
    error = CliRunner().invoke(app, ["calibrate", str(home / "m.onnx"), "--split", "y"]).exception
    assert "--labels and --split need --inputs" in str(error)


def test_inputs_are_refused_as_checkpoints_are(tmp_path: Path) -> None:
    pickled = tmp_path / "p.npz"
    np.savez(pickled, x=np.array([{}], dtype=object))
    with pytest.raises(InputError, match="pickle"):
        read_arrays(pickled)
    (tmp_path / "d.npz").write_bytes(b"PK\3\4 damaged")
    with pytest.raises(InputError, match="is no sound npz archive"):
        read_arrays(tmp_path / "d.npz")
    bomb = tmp_path / "b.npz"
    np.savez_compressed(bomb, x=np.zeros(2**25, dtype=np.float32))
    with pytest.raises(InputError, match="looks like a bomb"):
        read_arrays(bomb)
