"""Quantizers, laws and measured errors in the language: what they mean, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toy import toy

from simran import run
from simran.distortion import Exponential, GeneralisedNormal, Scheme, expected_errors
from simran.errors import ScenarioError
from simran.scenario import Model, load

ROW = {"kind": "uniform", "scale": "row", "clip": "none"}
TABLE = {"uniform per row": {4: 0.02, 8: 0.001}}


def _document(quantizer: Any, weights: dict[str, Any] | None = None) -> dict[str, Any]:
    document = toy(models__m__quantizer=quantizer)
    document["models"]["m"]["weights"].update(weights or {})
    return document


def _model(quantizer: Any, **weights: Any) -> Model:
    return load(_document(quantizer, weights)).models["m"]


def _faults(document: dict[str, Any]) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load(document)
    return [f"{it.path}: {it.message}" for it in caught.value.faults]


def test_a_bare_name_is_a_kind_with_its_defaults() -> None:
    assert _model("integer").quantizer == Scheme("integer", "tensor", "mae")
    assert _model({"kind": "integer"}) == _model("integer")
    assert _model({"kind": "uniform", "scale": 96, "clip": "none"}).quantizer.scale == 96


@pytest.mark.parametrize("kind", ["lloyd-max", "uniform", "power-of-two", "integer"])
def test_blocks_have_the_expected_errors_of_the_law(kind: str) -> None:
    for clip, count in (("mae", None), ("mse", None), ("none", 1e6)):
        model = _model({"kind": kind, "clip": clip})
        sharing = [(count, 1.0)] if count else []
        expected = expected_errors(Scheme(kind, clip=clip), model.bits, Exponential(10.0), sharing)
        assert model.blocks[0].errors == pytest.approx(expected.mean)
        assert model.blocks[0].errors_lower == pytest.approx(expected.lower)


def test_a_law_of_another_shape() -> None:
    model = _model("uniform", law="generalised-normal", rate=None, shape=1.5, scale=0.08)
    law = GeneralisedNormal(1.5, 0.08)
    assert model.blocks[2].law == law
    assert model.blocks[2].rate == pytest.approx(1.0 / float(law.mean_magnitude))
    expected = expected_errors(Scheme("uniform"), model.bits, law)
    assert model.blocks[2].errors == pytest.approx(expected.mean)
    assert np.isnan(model.blocks[2].errors_upper).all()


def test_rows_and_groups_take_their_length_from_the_columns() -> None:
    bits = range(2, 17)

    def expected(scale: str | int, *sharing: tuple[float, float]) -> np.ndarray[Any, Any]:
        scheme = Scheme("uniform", scale, "none")
        return expected_errors(scheme, bits, Exponential(10.0), sharing).mean

    assert _model(ROW, columns=80).blocks[0].errors == pytest.approx(expected("row", (80, 1.0)))
    group = {**ROW, "scale": 32}
    assert _model(group).blocks[0].errors == pytest.approx(expected(32, (32, 1.0)))
    parts = ((32, 0.8), (16, 0.2))
    assert _model(group, columns=80).blocks[0].errors == pytest.approx(expected(32, *parts))
    assert _model(group, columns=20).blocks[0].errors == pytest.approx(expected(32, (20, 1.0)))


def test_what_was_measured_goes_before_the_law() -> None:
    document = _document(ROW, {"measured": TABLE})
    own = {"uniform per row": {4: 0.03, 8: 0.002, 9: 0.001}}
    document["models"]["m"]["blocks"][1]["weights"] = {"measured": own}
    document["models"]["m"]["bits"] = [2, 4, 8, 32]
    scenario = load(document)
    model = scenario.models["m"]
    assert model.bits == (4, 8, 32), "no error is known of 2 bits"
    assert [block.errors for block in model.blocks] == [
        (0.02, 0.001, 0.0), (0.03, 0.002, 0.0), (0.02, 0.001, 0.0)
    ]  # fmt: skip
    assert np.isnan(model.blocks[0].errors_lower[:2]).all(), "a fitted law does not bound them"
    assert model.blocks[1].law == Exponential(10.0), "what a block does not say is the model's"
    note = "models.m: bit-widths 2 are left out: there is no error of uniform per row at them"
    assert any(it.startswith(note) for it in scenario.notes)


def test_a_table_of_another_quantizer_is_not_used() -> None:
    model = _model({"kind": "uniform"}, measured=TABLE)
    assert model.blocks[0].errors == _model("uniform").blocks[0].errors


def test_a_block_without_weights_has_no_errors() -> None:
    document = _document(ROW, {"measured": TABLE})
    document["models"]["m"]["blocks"][1]["parameters"] = 0
    assert not any(load(document).models["m"].blocks[1].errors)


@pytest.mark.parametrize(
    ("quantizer", "weights", "fault"),
    [
        (ROW, {}, "models.m.quantizer: the error of uniform per row depends on how many weights"),
        ({"kind": "uniform", "scale": "row"}, {"columns": 8}, "models.m.quantizer: a law does not"),
        ({"kind": "rate-distortion", "scale": 8}, {}, "models.m.quantizer: rate-distortion is no"),
        ("rate-distortion", {"law": "generalised-normal", "rate": None, "shape": 2, "scale": 1},
         "models.m.quantizer: rate-distortion is known for the exponential law alone"),
        ("uniform per row", {}, "models.m.quantizer: expected a kind or a mapping; 'uniform per row' is"
         " {kind: uniform, scale: row, clip: none}"),
        ("nearest", {}, "models.m.quantizer: expected integer, lloyd-max"),
        ({"kind": "uniform", "scale": 0}, {}, "models.m.quantizer.scale: expected tensor, row"),
        ("uniform", {"rate": None}, "models.m.weights: exponential needs rate"),
        ("uniform", {"shape": 1.5}, "models.m.weights.shape: shape belongs to generalised-normal"),
        ("uniform", {"columns": 0}, "models.m.weights.columns: expected at least 1"),
        ("uniform", {"rate": 2.2e-313}, "models.m.weights.rate: expected 1 over a mean magnitude"),
        ("uniform", {"measured": {"uniform": {4: -0.1}}}, "models.m.weights.measured.uniform: exp"),
        ("uniform", {"measured": {"fine": {4: 0.1}}}, "models.m.weights.measured.fine: expected a"),
        ("uniform", {"measured": {"uniform": {}}}, "models.m.weights.measured.uniform: expected bit"),
        (ROW, {"measured": {"uniform per row": {1: 0.1}}}, "models.m.bits: there is no error of un"),
    ],
)  # fmt: skip
def test_what_is_refused(quantizer: Any, weights: dict[str, Any], fault: str) -> None:
    faults = _faults(_document(quantizer, weights))
    assert len(faults) == 1
    assert faults[0].startswith(fault)


def test_a_block_that_names_a_law_gives_all_of_it() -> None:
    document = _document("uniform")
    document["models"]["m"]["blocks"][1]["weights"] = {"law": "generalised-normal", "shape": 1.2}
    expected = ["models.m.blocks[1].weights: generalised-normal needs scale"]
    assert _faults(document) == expected


def test_the_manifest_has_it_as_written_and_runs_again_to_the_same_data(tmp_path: Path) -> None:
    document = _document(ROW, {"measured": TABLE, "columns": 64})
    document["duration"] = 20.0
    first = run(load(document), out=tmp_path / "first")
    manifest = json.loads((tmp_path / "first" / "manifest.json").read_text())
    assert manifest["scenario"]["models"]["m"]["quantizer"] == ROW
    assert manifest["scenario"]["models"]["m"]["weights"]["columns"] == 64
    again = run(load(tmp_path / "first" / "manifest.json"), out=tmp_path / "again")
    data = [(tmp_path / it / "requests.parquet").read_bytes() for it in ("first", "again")]
    assert data[0] == data[1]
    assert first.summary == again.summary


def test_larger_bit_widths_that_are_left_out_are_doubtful() -> None:
    measured = {"uniform per row": {4: 0.1, 8: 0.01}}
    document = _document(ROW, {"measured": measured})
    document["models"]["m"]["bits"] = [4, 12]
    (doubt,) = load(document).doubts
    assert doubt.path == "models.m.bits"
    assert doubt.message.startswith("models.m: bit-widths 12 are left out")
    document["models"]["m"]["bits"] = [2, 4, 32]  # fewer bits and full precision
    assert not load(document).doubts


def test_a_coefficient_of_another_quantizer_is_noted() -> None:
    curve = {"metric": "score", "quantizer": "uniform per row", "curves": {"head": {4: 0.5}}}
    document = _document("uniform")
    document["models"]["m"] |= {"quality": curve, "output_coefficient": 2.0}
    for kind, expected in (("measured", 1), ("assumed", 0)):
        document["models"]["m"]["provenance"] = {
            "output_coefficient": {"kind": kind, "source": "x"}
        }
        notes = [it for it in load(document).notes if "output_coefficient" in it]
        assert len(notes) == expected
    document["models"]["m"]["provenance"]["output_coefficient"]["kind"] = "measured"
    document["models"]["m"]["quality"] = {**curve, "quantizer": "uniform, clipped by mae"}
    assert not [it for it in load(document).notes if "output_coefficient" in it]
