"""The command: what it writes, what it prints, and one line for everything that is wrong."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from checkpoints import weights

import simran
from simran.calibration import Choices, Setting, calibrate, read_blocks, write_calibration
from simran.cli import main
from simran.errors import InputError, OutputError, ScenarioError
from simran.reports import draw_calibration, render_calibration

BLOCKS = """\
input: 1 KiB
blocks:
  - {name: first, tensors: "a.*", flops: 1 GFLOP, output: 2 KiB}
  - {name: last, tensors: ["b.*", norm], flops: 2e9, output: {elements: 7}}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    arrays = {"a.w": weights(10.0, (40, 50), 1), "b.w": weights(20.0, (30, 20), 2)}
    np.savez(tmp_path / "m.npz", **arrays, norm=np.ones(9, dtype=np.float32), ids=np.arange(4))
    (tmp_path / "blocks.yaml").write_text(BLOCKS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["simran", "calibrate", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_profile_without_blocks_runs_as_it_stands(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _call(monkeypatch, "m.npz", "--name", "mine", "--out", "out") == 0
    printed = capsys.readouterr().out
    assert "one block with 2 FLOP for each" in printed
    assert "not quantized: norm, ids" in printed
    assert (home / "out" / "calibration.png").read_bytes().startswith(b"\x89PNG")
    changes = [f"models.captioner={{profile: {home}/out/profile.yaml}}", "duration=600 s"]
    scenario = simran.load("warehouse_contention", changes)
    (block,) = scenario.models["captioner"].blocks
    assert block.parameters == 2609
    assert block.flops == 2 * 2609
    assumed = {it.split(":")[0] for it in scenario.assumed}
    assert {"models.captioner.input", "models.captioner.blocks.output"} <= assumed
    assert not [it for it in assumed if "rate" in it and it.startswith("models")]
    result = simran.run(scenario, out=home / "run")
    assert result.summary["total"]["completed"] > 0


def test_json_is_what_the_folder_holds(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _call(monkeypatch, "m.npz", "--json", "--out", "out", "--blocks", "blocks.yaml") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed.pop("path") == "out"
    assert printed == json.loads((home / "out" / "calibration.json").read_text())
    assert printed["pooled"]["count"] == 2600
    assert _call(monkeypatch, "m.npz", "--quiet") == 0
    assert capsys.readouterr().out == "results/m\n"


def test_chosen_quantizers_are_measured_and_carried(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = ["uniform per group of 16", "integer, clipped by mse"]
    options = [part for label in labels for part in ("--quantizer", label)]
    assert _call(monkeypatch, "m.npz", "--out", "out", *options, *options) == 0
    assert "uniform per group of 16 " in capsys.readouterr().out
    record = json.loads((home / "out" / "calibration.json").read_text())
    assert list(record["curves"]) == labels
    changes = [
        f"models.captioner={{profile: {home}/out/profile.yaml}}",
        "models.captioner.quantizer={kind: uniform, scale: 16, clip: none}",
    ]
    model = simran.load("warehouse_contention", changes).models["captioner"]
    assert model.bits == (*range(1, 17),)
    profile = calibrate("m.npz", choices=Choices(settings=[Setting("integer")])).profile
    assert set(profile["weights"]["measured"]) == {"integer"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.npz"], "missing.npz: cannot be read"),
        (["blocks.yaml"], "expected a checkpoint that ends in"),
        (["m.npz", "--name", "../x"], "expected a name"),
        (["m.npz", "--name", ""], "expected a name"),
        (["m.npz", "--blocks", "none.yaml"], "none.yaml: cannot be read"),
        (["m.npz", "--out", "."], "which no calibration wrote"),
        (["m.npz", "--out", "m.npz"], "cannot be made a folder"),
        (["norms.npz"], "no weights to quantize"),
        (["zeros.npz"], "all 0 or not finite"),
        (["m.npz", "--law", "gauss"], "law must be one of exponential, generalised-normal"),
        (["m.npz", "--quantizer", "unifrom per row"], "did you mean 'uniform per row'?"),
        (["flat.npz", "--law", "generalised-normal"], "leave out --law for the exponential law"),
    ],
)
def test_faults_are_one_line_and_exit_2(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    np.savez(home / "norms.npz", n=np.ones(5))
    np.savez(home / "zeros.npz", n=np.zeros((5, 5)))
    np.savez(home / "flat.npz", n=np.linspace(-1.0, 1.0, 1000).reshape(10, 100))
    assert _call(monkeypatch, *arguments) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("error: ")
    assert words in shown
    assert shown.count("\n") == 1


def test_a_calibration_that_fails_leaves_no_folder(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "empty").mkdir()
    for name in ("new", "empty"):
        assert _call(monkeypatch, "m.npz", "--law", "gauss", "--out", name) == 2
    assert not (home / "new").exists()
    assert (home / "empty").is_dir()  # which was there before


def test_an_earlier_calibration_is_replaced_only_when_asked(home: Path) -> None:
    found = calibrate("m.npz")
    folder = write_calibration(found, home / "out")
    with pytest.raises(OutputError, match="pass --overwrite"):
        write_calibration(found, folder)
    before = {it.name: it.read_bytes() for it in folder.iterdir()}
    write_calibration(found, folder, overwrite=True)
    assert {it.name: it.read_bytes() for it in folder.iterdir()} == before
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"'notes\.txt', which no calibration wrote"):
        write_calibration(found, folder, overwrite=True)


def test_every_fault_of_the_blocks_is_told_at_once(home: Path) -> None:
    (home / "bad.yaml").write_text(
        "input: 3 W\nblock: 1\nprovenance: {input: {kind: guessed, source: me}}\n"
        "blocks:\n"
        "  - {name: auto, tensors: 'a.*', flops: 1 W, output: {elements: -1}}\n"
        "  - {name: x, tensors: 3, flops: 1 GFLOP, outputs: 1 B}\n"
        "  - {name: x, tensors: b, flops: 1 GFLOP, output: 1 B}\n"
        "  - 7\n"
    )
    with pytest.raises(ScenarioError) as caught:
        read_blocks(home / "bad.yaml")
    told = {fault.path for fault in caught.value.faults}
    assert told == {
        *("input", "block", "provenance.input", "blocks[3]"),
        *("blocks[0].name", "blocks[0].flops", "blocks[0].output.elements"),
        *("blocks[1].tensors", "blocks[1].outputs", "blocks[1].output", "blocks[2].name"),
    }
    assert all(fault.line for fault in caught.value.faults)


@pytest.mark.parametrize(
    "text", ["", "7", "[]", "input: 1 B", "input: 1 B\nblocks: {}", "a: [", "\t"]
)
def test_what_are_no_blocks(home: Path, text: str) -> None:
    (home / "bad.yaml").write_text(text)
    with pytest.raises(InputError):
        read_blocks(home / "bad.yaml")


def test_tensors_and_blocks_have_to_match(home: Path) -> None:
    (home / "bad.yaml").write_text(BLOCKS.replace("norm]", "'c.*']"))
    with pytest.raises(ScenarioError) as caught:
        calibrate("m.npz", blocks="bad.yaml")
    lost, unused = map(str, caught.value.faults)
    assert "1 tensors belong to no block, such as norm" in lost
    assert "blocks[1].tensors: 'c.*' matches no tensor" in unused


def test_who_writes_the_blocks_says_where_they_come_from(home: Path) -> None:
    (home / "said.yaml").write_text(
        BLOCKS + "provenance: {blocks.flops: {kind: published, source: the model card}}\n"
    )
    said = calibrate("m.npz", blocks="said.yaml").profile["provenance"]
    assert said["blocks.flops"] == {"kind": "published", "source": "the model card"}
    assert said["input"]["kind"] == "assumed"
    assert said["blocks.weights.rate"]["kind"] == "measured"


def test_sixteen_bit_weights_are_lossless_at_sixteen_bits(home: Path) -> None:
    np.savez(home / "half.npz", w=weights(10.0, (40, 50)).astype(np.float16))
    profile = calibrate("half.npz").profile
    assert (profile["reference_bits"], profile["bits"]) == (16, {"min": 1, "max": 16})


def test_the_table_is_narrow_and_the_picture_can_be_left_out(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = calibrate("m.npz")
    assert max(map(len, render_calibration(found.record).splitlines())) <= 100
    folder = write_calibration(found, home / "out")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert draw_calibration(folder) is None
    with pytest.raises(OutputError, match="holds no calibration"):
        draw_calibration(home)
