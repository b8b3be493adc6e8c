"""The encoder of Whisper in numpy: log-mel spectrogram, two convolutions, blocks of attention.

Written from its description (Radford et al. 2022, arXiv 2212.04356): 80 mel bands of 25 ms every
10 ms, convolutions of width 3 of which the second halves the rate, positions added, then blocks with
the norm before each part, and a last norm. Names of weights are those of CTranslate2.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

Floats = NDArray[np.float32]
Arrays = Mapping[str, Floats]

RATE, FRAME, HOP, MELS = 16_000, 400, 160, 80
POSITIONS_PER_SECOND = RATE // HOP // 2
LAYERS, WIDTH, HEADS = 4, 384, 6
_NORM_EPSILON = 1e-5
_LEAST_POWER, _RANGE = 1e-10, 8.0


@cache
def mel_filters() -> NDArray[np.float64]:
    """Return (80, 201) triangles of equal area on the mel scale of Slaney's Auditory Toolbox.

    Below 1 kHz the scale is linear, 3 mel for 200 Hz; above, 27 mel for a factor of 6.4.
    """
    linear, corner, step = 200.0 / 3.0, 15.0, np.log(6.4) / 27.0
    top = corner + np.log(RATE / 2 / 1000.0) / step
    mels = np.linspace(0.0, top, MELS + 2)
    edges = np.where(mels < corner, mels * linear, 1000.0 * np.exp((mels - corner) * step))
    bins = np.fft.rfftfreq(FRAME, 1.0 / RATE)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    return np.maximum(0.0, np.minimum(rising, falling)) * area[:, None]


def log_mel(samples: Floats, seconds: float) -> Floats:
    """Return (80, frames) what the encoder hears of a window, filled up with silence.

    Parameters
    ----------
    samples : at 16 kHz, between −1 and 1
    seconds : length of the window

    Raises
    ------
    ValueError
        if the samples do not fit the window
    """
    length = round(seconds * RATE)
    if len(samples) > length:
        raise ValueError(f"samples must fit {length}, got {len(samples)}")
    filled = np.zeros(length)
    filled[: len(samples)] = samples
    padded = np.pad(filled, FRAME // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP][: length // HOP]
    hann = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(FRAME) / FRAME)
    power = np.square(np.abs(np.fft.rfft(frames * hann, axis=1)))
    bands = np.log10(np.maximum(mel_filters() @ power.T, _LEAST_POWER))
    return ((np.maximum(bands, bands.max() - _RANGE) + 4.0) / 4.0).astype(np.float32)


def gelu(x: Floats) -> Floats:
    """Return ``x Φ(x)``, exactly, not its approximation by tanh."""
    return np.float32(0.5) * x * (np.float32(1.0) + erf(x * np.float32(np.sqrt(0.5))))


def layer_norm(x: Floats, held: Arrays, name: str) -> Floats:
    """Return each position with mean 0 and variance 1, then scaled and moved."""
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = np.square(centred).mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt(variance + np.float32(_NORM_EPSILON))
    return scaled * held[f"{name}/gamma"] + held[f"{name}/beta"]


def linear(x: Floats, held: Arrays, name: str) -> Floats:
    """Return (positions, outputs) of a weight (outputs, inputs)."""
    return x @ held[f"{name}/weight"].T + held[f"{name}/bias"]


def convolved(x: Floats, held: Arrays, name: str, stride: int) -> Floats:
    """Return (positions, outputs) of a weight (outputs, inputs, 3) on x (positions, inputs)."""
    weight = held[f"{name}/weight"]
    padded = np.pad(x, ((1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, weight.shape[2], axis=0)[::stride]
    rows = windows.reshape(len(windows), -1)
    return gelu(rows @ weight.reshape(len(weight), -1).T + held[f"{name}/bias"])


def attention(x: Floats, held: Arrays, name: str) -> Floats:
    """Return (positions, width) what every position takes from all others."""
    joined = linear(x, held, f"{name}/linear_0").reshape(len(x), 3, HEADS, -1)
    # A head at a time: the scores of all do not fit the processor's cache.
    heads = [_head(*joined[:, :, k].transpose(1, 0, 2)) for k in range(HEADS)]
    return linear(np.concatenate(heads, axis=1), held, f"{name}/linear_1")


def _head(query: Floats, key: Floats, value: Floats) -> Floats:
    scores = (query * np.float32(query.shape[-1] ** -0.5)) @ key.T
    scores -= scores.max(axis=-1, keepdims=True)
    np.exp(scores, out=scores)
    return (scores @ value) / scores.sum(axis=-1, keepdims=True)


def stem(mel: Floats, held: Arrays) -> Floats:
    """Return (positions, width) the two convolutions of a (80, frames) spectrogram, with positions."""
    x = convolved(mel.T, held, "encoder/conv1", 1)
    x = convolved(x, held, "encoder/conv2", 2)
    return x + held["encoder/position_encodings/encodings"][: len(x)]


def block(x: Floats, held: Arrays, layer: int) -> Floats:
    """Return (positions, width) a block: attention, then two dense layers, each added to its input."""
    name = f"encoder/layer_{layer}"
    x = x + attention(layer_norm(x, held, f"{name}/self_attention/layer_norm"), held,
                      f"{name}/self_attention")  # fmt: skip
    inner = gelu(
        linear(layer_norm(x, held, f"{name}/ffn/layer_norm"), held, f"{name}/ffn/linear_0")
    )
    return x + linear(inner, held, f"{name}/ffn/linear_1")


def ended(x: Floats, held: Arrays) -> Floats:
    """Return (positions, width) after the last norm: what the decoder attends to."""
    return layer_norm(x, held, "encoder/layer_norm")
