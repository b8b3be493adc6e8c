"""MiniLM-L6 with its real weights: against an independent runtime, and against its record."""

from __future__ import annotations

import importlib.util
import json
import re

import numpy as np
import pytest
from measured import BENCHMARKS

import minilm  # isort: skip - found by the line above
import network_minilm  # isort: skip

installed = all(
    importlib.util.find_spec(it) for it in (network_minilm.PACKAGE, "tokenizers", "onnxruntime")
)
real = pytest.mark.skipif(not installed, reason="the extra realweights is not installed")

#: Of the largest element. Single precision rounds to 6e-8; a product sums up to 1536 terms, which
#: makes about √1536 · 6e-8 = 2.3e-6; 36 products follow one another, and if their errors add up
#: it is 8.5e-5.
TOLERANCE = 1e-4


def _runtime(texts: list[str], gelu: str = "none") -> list[np.ndarray]:
    """Return the embeddings after each layer and of the sentences, by onnxruntime, padded."""
    import onnxruntime
    from minilm_onnx import build

    numbers = [it.ids for it in network_minilm.tokenizer().encode_batch(texts)]
    most = max(len(it) for it in numbers)
    tokens, mask = np.zeros((len(texts), most), np.int64), np.zeros((len(texts), most), np.float32)
    for row, held in enumerate(numbers):
        tokens[row, : len(held)], mask[row, : len(held)] = held, 1.0
    model = build(network_minilm.file_of(network_minilm.MODEL), most, gelu)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return list(session.run(None, {"tokens": tokens, "mask": mask}))


def _record() -> dict:
    path = BENCHMARKS / "results" / "output_minilm-l6.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def test_the_entries_are_a_dictionary() -> None:
    entries = network_minilm.entries()
    words = [word for word, _ in entries]
    assert len(set(words)) == len(words) == 514
    assert len({definition for _, definition in entries}) == len(entries)
    for word, definition in entries:
        assert word not in re.findall("[a-z]+", definition.lower())


def test_gelu_and_norm_are_those_of_their_definitions() -> None:
    x = np.array([[-3.0, -0.5, 0.0, 2.0]], np.float32)
    phi = [0.001349898, 0.308537539, 0.5, 0.977249868]  # of the normal law, from its tables
    assert minilm._gelu(x)[0] == pytest.approx(x[0] * phi, abs=1e-6)
    plain = {"n.weight": np.full(4, 2.0, np.float32), "n.bias": np.full(4, 1.0, np.float32)}
    found = minilm._norm(plain, "n", x)
    assert found.mean() == pytest.approx(1.0, abs=1e-6)
    assert found.std() == pytest.approx(2.0, abs=1e-6)


@real
def test_every_block_agrees_with_an_independent_runtime() -> None:
    network = network_minilm.network("pooling")
    definitions = [it for _, it in network_minilm.entries()[:60]]
    expected = dict(zip(minilm.BLOCKS, _runtime(definitions), strict=True))
    x: np.ndarray = network.tokens[:60]
    for block in minilm.BLOCKS:
        x = minilm.apply_block(block, network.tensors, x)
        assert np.abs(x - expected[block]).max() <= TOLERANCE * np.abs(expected[block]).max(), block


@real
def test_sentences_of_any_length_agree_with_padded_and_masked_ones() -> None:
    texts = ["dog", "an animal", "She keeps 3 well-fed guinea pigs (and a naïve parrot)."]
    texts += [word for word, _ in network_minilm.entries()[::10]]
    expected = _runtime(texts)[-1]
    found = network_minilm.encode(texts)
    assert np.abs(found - expected).max() <= TOLERANCE * np.abs(expected).max()
    assert np.linalg.norm(found, axis=1) == pytest.approx(1.0, abs=1e-6)


@real
def test_the_tolerance_tells_a_wrong_network() -> None:
    """GELU by the hyperbolic tangent differs by 5e-4 at most, and is seen."""
    texts = [it for _, it in network_minilm.entries()[:8]]
    other = _runtime(texts, "tanh")[-1]
    found = network_minilm.encode(texts)
    assert np.abs(found - other).max() > TOLERANCE * np.abs(other).max()


@real
def test_the_chain_is_the_checkpoint() -> None:
    tensors = network_minilm.tensors()
    for row in network_minilm.CHAIN.blocks:
        held = [it.size for name, it in tensors.items() if minilm.block_of(name) == row.name]
        assert sum(held) == row.parameters
    features = network_minilm.network("layer/3").forward({}).features
    assert features[0].size == network_minilm.CHAIN.blocks[3].output
    products = [it.size for name, it in tensors.items() if it.ndim == 2 and ".layer.2." in name]
    attention = 2 * 2 * 12 * 12 * 384  # the scores, and the values weighted by them
    assert network_minilm.CHAIN.blocks[3].flops == 2 * 12 * sum(products) + attention


@real
def test_the_record_is_of_this_network() -> None:
    record = _record()
    whole = record["splits"][network_minilm.WHOLE]
    network = network_minilm.network(network_minilm.WHOLE)
    assert network.parameters == whole["parameters"]
    assert sum(it.size for it in network.weights.values()) == whole["quantized_weights"]
    full = network.forward(network.weights)
    # One answer in 514 may fall otherwise where sums are taken in another order.
    found = network.quality(full).mean()
    assert found == pytest.approx(whole["quality"]["value"], abs=2.5 / 514)
    assert 10 / 514 < found < 1.0


@real
def test_a_point_is_measured_again() -> None:
    setting = network_minilm.CHAIN.quantizer
    network = network_minilm.network("layer/2")
    quantizer = setting.quantizer(6)
    weights = {name: quantizer.quantize(it) for name, it in network.weights.items()}
    found, full = network.forward(weights), network.forward(network.weights)
    points = _record()["splits"]["layer/2"]["quantizers"][setting.label]["points"]
    (row,) = [it for it in points if it["bits"] == 6]
    for name, key in (("features", "split_error"), ("outputs", "end_error")):
        error = np.abs(getattr(found, name) - getattr(full, name)).mean(dtype=float)
        assert error == pytest.approx(row[key], rel=1e-3)


@real
def test_seven_rows_with_outliers_make_uniform_codes_fail() -> None:
    """What the page on calibration says of 4 bits per row, measured again."""
    network = network_minilm.network(network_minilm.WHOLE)
    quantizer = network_minilm.CHAIN.quantizer.quantizer(4)
    coarse = {name: quantizer.quantize(it) for name, it in network.weights.items()}
    spared, rows = dict(coarse), 0
    for name, it in network.weights.items():
        sizes = np.abs(it)
        outlying = (sizes.max(axis=1) > 30.0 * sizes.mean(axis=1)) & (".layer." in name)
        spared[name] = np.where(outlying[:, None], it, coarse[name])
        rows += int(outlying.sum())
    assert rows == 7
    found = [network.quality(network.forward(it)).mean() for it in (coarse, spared)]
    assert found == pytest.approx([0.084, 0.375], abs=0.006)  # three answers of 514
