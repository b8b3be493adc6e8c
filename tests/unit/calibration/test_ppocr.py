"""The text recogniser with its real weights, against its record."""

from __future__ import annotations

import importlib.util
import json

import numpy as np
import pytest
from measured import BENCHMARKS

import network_ppocr  # isort: skip - found by the line above

installed = importlib.util.find_spec(network_ppocr.PACKAGE) and importlib.util.find_spec(
    "onnxruntime"
)
real = pytest.mark.skipif(not installed, reason="the extra realweights is not installed")


def test_edits_are_the_fewest() -> None:
    assert network_ppocr.edits("", "abc") == 3
    assert network_ppocr.edits("abc", "abc") == 0
    assert network_ppocr.edits("kitten", "sitting") == 3
    assert network_ppocr.edits("ab", "ba") == 2


@real
def test_the_recogniser_reads_and_the_record_says_how_well() -> None:
    from simran.calibration import Setting

    record = json.loads((BENCHMARKS / "results" / "output_ppocr-rec.json").read_text())
    held = record["splits"][network_ppocr.SPLIT]
    network = network_ppocr.network()
    assert network.parameters == held["parameters"]
    assert sum(it.size for it in network.weights.values()) == held["quantized_weights"]
    full = network.forward(network.weights)
    figures = network.quality(full)
    assert network_ppocr.read(full.outputs[0]) == network_ppocr.lines()[0]
    # One character in 1908 may fall otherwise where sums are taken in another order.
    assert network_ppocr.METRIC.value(figures) == pytest.approx(held["quality"]["value"], abs=2e-3)

    setting = Setting("uniform", "row")
    (row,) = [it for it in held["quantizers"][setting.label]["points"] if it["bits"] == 6]
    quantizer = setting.quantizer(6)
    weights = {name: quantizer.quantize(it) for name, it in network.weights.items()}
    error = np.abs(network.forward(weights).features - full.features).mean(dtype=float)
    assert error == pytest.approx(row["split_error"], rel=1e-3)
