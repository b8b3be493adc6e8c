"""Whisper's encoder in numpy against ctranslate2, its speech, and its record."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

import numpy as np
import pytest
from measured import BENCHMARKS

pytest.importorskip("soundfile")

import make_speech  # isort: skip - found by the line above
import network_whisper  # isort: skip
import whisper_encoder as encoder  # isort: skip

from simran.calibration import Setting

installed = all(importlib.util.find_spec(it) for it in ("ctranslate2", network_whisper.PACKAGE))
real = pytest.mark.skipif(not installed, reason="the extra realweights is not installed")


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    path = BENCHMARKS / "results" / "output_whisper-tiny.en.json"
    return dict(json.loads(path.read_text(encoding="utf-8")))


def test_the_speech_has_a_thousand_words_in_windows_of_whole_sentences(record: Any) -> None:
    held = network_whisper.windows()
    texts = " ".join(it.text for it in held)
    assert texts == " ".join(text for _, text in make_speech.sentences())
    assert len(network_whisper.words(texts)) == record["inputs"]["words"] >= 1000
    assert len(held) == record["inputs"]["items"]
    most = max(len(it.samples) for it in held)
    assert most <= network_whisper.SECONDS * encoder.RATE
    assert {make_speech.voice(k) for k in range(make_speech.COUNT)} == set(make_speech.VOICES)


def test_words_are_compared_without_marks_and_capitals() -> None:
    assert network_whisper.words("It's 20 a.m., SHE said!") == ["it's", "20", "am", "she", "said"]


def test_mel_bands_have_their_areas_and_centres() -> None:
    filters = encoder.mel_filters()
    assert filters.shape == (encoder.MELS, encoder.FRAME // 2 + 1)
    # A triangle of area 1 per hertz over bins 40 Hz apart; narrow ones are sampled too coarsely.
    areas = filters.sum(axis=1) * encoder.RATE / encoder.FRAME
    assert areas[60:] == pytest.approx(np.ones(20), abs=0.02)
    assert np.all(np.diff(filters[26:].argmax(axis=1)) >= 1)


def test_a_tone_lights_its_band() -> None:
    time = np.arange(encoder.RATE, dtype=np.float32) / encoder.RATE
    mel = encoder.log_mel(np.sin(2 * np.pi * 1000.0 * time, dtype=np.float32), 2.0)
    assert mel.shape == (encoder.MELS, 200)
    # 1 kHz is 15 mel of 45.245, in steps of 45.245/81: band 15/0.55858 − 1 = 25.85.
    assert mel[:, 50].argmax() in (25, 26)
    # After the tone there is silence, 8 below the loudest, in units of a quarter.
    assert mel[:, 150] == pytest.approx(np.full(encoder.MELS, mel.max() - 2.0), abs=1e-6)
    with pytest.raises(ValueError, match="samples must fit 16000, got 16001"):
        encoder.log_mel(np.zeros(16001, np.float32), 1.0)


@real
def test_the_chain_counts_what_the_checkpoint_holds(record: Any) -> None:
    held = network_whisper.checkpoint()
    named = {"stem": ("encoder/conv", "encoder/position"), "decoder": ("decoder/",)}
    for k in range(1, encoder.LAYERS + 1):
        last = ("encoder/layer_norm/",) if k == encoder.LAYERS else ()
        named[f"block/{k}"] = (f"encoder/layer_{k - 1}/", *last)
    for block in network_whisper.CHAIN.blocks:
        size = sum(it.size for name, it in held.items() if name.startswith(named[block.name]))
        assert block.parameters == size
    tokens = np.mean([len(it) for it in network_whisper.true_tokens()])
    # The prompt's two are taken, the end of the text is given but not taken.
    assert round(tokens) + len(network_whisper.PROMPT) == network_whisper.TOKENS
    said = np.mean([len(it.text.encode()) for it in network_whisper.windows()])
    assert network_whisper.CHAIN.blocks[-1].output == f"{round(said)} B"
    assert record["splits"]["block/4"]["parameters"] == network_whisper.WhisperNetwork(4).parameters


@real
@pytest.mark.parametrize("windows", [1, 2])
def test_the_encoder_agrees_with_an_independent_runtime(windows: int) -> None:
    """Both round to 24 bits after each of some 50 steps in a row, on activations up to some 30.

    One rounding of 30 is 30·2^-24 = 2e-6; 50 of them, all in one direction, grow through four blocks
    to at most some hundred times as much for a single element: 1e-2 was allowed beforehand for the
    worst element, and a hundredth of it for the mean.
    """
    from ctranslate2 import StorageView

    mel = network_whisper.spectrograms()[:windows]
    held = network_whisper.checkpoint()
    mine = np.stack([network_whisper.stages(it, held, encoder.LAYERS)[-1] for it in mel])
    view = network_whisper.reference().encode(StorageView.from_array(mel), to_cpu=True)
    difference = np.abs(mine - np.array(view))
    assert difference.max() < 1e-2
    assert difference.mean() < 1e-4


@real
def test_the_decoder_understands_what_the_encoder_hears() -> None:
    network = network_whisper.WhisperNetwork(encoder.LAYERS)
    held = network_whisper.checkpoint()
    mel = network_whisper.spectrograms()[:3]
    encoded = np.stack([network_whisper.stages(it, held, network.cut)[-1] for it in mel])
    heard = network_whisper.heard(encoded)
    for found, window in zip(heard, network_whisper.windows(), strict=False):
        true = network_whisper.words(window.text)
        assert network_whisper.edits(network_whisper.words(found), true) <= 0.1 * len(true)


@real
def test_a_part_of_the_study_is_measured_again(record: Any) -> None:
    network, setting = network_whisper.WhisperNetwork(0), Setting("uniform", "row")
    held = record["splits"]["stem"]
    assert sum(it.size for it in network.weights.values()) == held["quantized_weights"]
    (row,) = [it for it in held["quantizers"][setting.label]["points"] if it["bits"] == 4]
    quantizer = setting.quantizer(4)
    weights = {name: quantizer.quantize(it) for name, it in network.weights.items()}
    summed = sum(np.abs(it - network.weights[k]).sum(dtype=float) for k, it in weights.items())
    assert summed / network.parameters == pytest.approx(row["parameter_distortion"], rel=1e-5)
    full = network_whisper.checkpoint()
    mel = network_whisper.spectrograms()
    errors = [
        np.abs(encoder.stem(it, {**full, **weights}) - encoder.stem(it, full)).mean(dtype=float)
        for it in mel
    ]
    assert np.mean(errors) == pytest.approx(row["split_error"], rel=1e-3)
