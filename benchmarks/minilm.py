"""MiniLM-L6 in numpy: a BERT encoder of six layers with the mean of its tokens as the sentence's embedding.

Architecture: J. Devlin et al., "BERT" (arXiv 1810.04805), norms after each sum, GELU with the error
function; W. Wang et al., "MiniLM" (arXiv 2002.10957). Only sequences of one length go together, so
nothing is padded and nothing masked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from simran.calibration import Metric, Outputs, Replace, Weights

__all__ = ["BLOCKS", "HEADS", "LAYERS", "METRIC", "MiniLM", "apply_block", "block_of", "through"]

Singles = NDArray[np.float32]
Tensors = Mapping[str, Singles]

LAYERS, HEADS = 6, 12
#: In order of use; a network is cut after one of them.
BLOCKS = ("embeddings", *(f"layer/{k}" for k in range(1, LAYERS + 1)), "pooling")
METRIC = Metric("top-1 accuracy")
_BATCH = 64  # items whose widest tensor still fits the cache
_EPSILON = np.float32(1e-12)
_ROOT = np.float32(np.sqrt(0.5))


def block_of(name: str) -> str | None:
    """Return the block that a tensor of the checkpoint belongs to; None if no block uses it.

    Examples
    --------
    >>> block_of("encoder.layer.0.output.dense.bias"), block_of("pooler.dense.weight")
    ('layer/1', None)
    """
    parts = name.split(".")
    if parts[:2] == ["encoder", "layer"]:
        return f"layer/{int(parts[2]) + 1}"
    return "embeddings" if parts[0] == "embeddings" and parts[1] != "position_ids" else None


def apply_block(block: str, tensors: Tensors, x: NDArray[np.generic]) -> Singles:
    """Return what a block makes of a batch.

    Parameters
    ----------
    block : one of :data:`BLOCKS`
    tensors : of the checkpoint, by name
    x : (items, tokens) numbers of the tokens for the embeddings, else (items, tokens, width)
    """
    if block == "embeddings":
        return _embeddings(tensors, x)
    if block == "pooling":
        mean = x.mean(axis=1)
        unit: Singles = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return unit
    return _layer(tensors, f"encoder.layer.{int(block.split('/')[1]) - 1}", x)


def _embeddings(tensors: Tensors, tokens: NDArray[np.generic]) -> Singles:
    word, place, kind = (
        tensors[f"embeddings.{it}_embeddings.weight"] for it in ("word", "position", "token_type")
    )
    summed = word[tokens] + place[: tokens.shape[1]] + kind[0]
    return _norm(tensors, "embeddings.LayerNorm", summed)


def _layer(tensors: Tensors, name: str, x: NDArray[np.generic]) -> Singles:
    mixed = _linear(tensors, f"{name}.attention.output.dense", _attention(tensors, name, x))
    x = _norm(tensors, f"{name}.attention.output.LayerNorm", x + mixed)
    wide = _gelu(_linear(tensors, f"{name}.intermediate.dense", x))
    narrow = _linear(tensors, f"{name}.output.dense", wide)
    return _norm(tensors, f"{name}.output.LayerNorm", x + narrow)


def _attention(tensors: Tensors, name: str, x: NDArray[np.generic]) -> Singles:
    """Return (items, tokens, width) the values of all heads, side by side."""
    items, tokens, width = x.shape
    query, key, value = (
        _linear(tensors, f"{name}.attention.self.{it}", x)
        .reshape(items, tokens, HEADS, width // HEADS)
        .transpose(0, 2, 1, 3)
        for it in ("query", "key", "value")
    )
    scores = query @ key.transpose(0, 1, 3, 2) / np.float32(np.sqrt(width // HEADS))
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    mixed = scores / scores.sum(axis=-1, keepdims=True) @ value
    together: Singles = mixed.transpose(0, 2, 1, 3).reshape(items, tokens, width)
    return together


def _linear(tensors: Tensors, name: str, x: NDArray[np.generic]) -> Singles:
    matrix, bias = tensors[f"{name}.weight"], tensors[f"{name}.bias"]
    flat = x.reshape(-1, x.shape[-1]) @ matrix.T + bias  # one product for all items is the fastest
    found: Singles = flat.reshape(*x.shape[:-1], len(matrix))
    return found


def _norm(tensors: Tensors, name: str, x: NDArray[np.generic]) -> Singles:
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = np.square(centred).mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt(variance + _EPSILON)
    found: Singles = scaled * tensors[f"{name}.weight"] + tensors[f"{name}.bias"]
    return found


def _gelu(x: Singles) -> Singles:
    found: Singles = x * (np.float32(0.5) + np.float32(0.5) * erf(x * _ROOT))
    return found


def through(blocks: tuple[str, ...], held: Tensors, x: NDArray[np.generic]) -> Singles:
    """Return what some blocks make of items, a batch at a time.

    Parameters
    ----------
    blocks : one after another
    held : tensors of the checkpoint, by name
    x : as the first of the blocks takes it
    """
    parts = []
    for start in range(0, len(x), _BATCH):
        part = x[start : start + _BATCH]
        for block in blocks:
            part = apply_block(block, held, part)
        parts.append(part)
    return np.concatenate(parts)


@dataclass(frozen=True)
class MiniLM:
    """The encoder on some sentences of equal length, cut after a block.

    Parameters
    ----------
    tensors : of the checkpoint, by name, those that the blocks use
    tokens : (items, tokens) of the sentences
    index : (items, width) the embedding that each sentence is to be nearest to, of length 1
    split : one of the blocks
    """

    tensors: Tensors
    tokens: NDArray[np.int64]
    index: Singles
    split: str
    name: str = "minilm-l6"
    metric: Metric | None = field(default=METRIC)

    @property
    def parameters(self) -> int:
        """Return the parameters that the blocks use."""
        return sum(it.size for it in self.tensors.values())

    @cached_property
    def weights(self) -> Weights:
        """Return the matrices and the tables of the agent's blocks."""
        return {
            name: it
            for name, it in self.tensors.items()
            if it.ndim == 2 and block_of(name) in self._agent
        }

    @property
    def _agent(self) -> tuple[str, ...]:
        return BLOCKS[: BLOCKS.index(self.split) + 1]

    @cached_property
    def _full(self) -> Singles:
        return through(self._agent, self.tensors, self.tokens)

    def forward(self, weights: Weights, replace: Replace | None = None) -> Outputs:
        """Return the features at the cut and the embeddings of the sentences."""
        if weights is self.weights:
            features = self._full
        else:
            features = through(self._agent, {**self.tensors, **weights}, self.tokens)
        got = features if replace is None else replace(features)
        rest = BLOCKS[len(self._agent) :]
        return Outputs(features, through(rest, self.tensors, got))

    def quality(self, outputs: Outputs) -> NDArray[np.float64]:
        """Return (items, 1) whether the nearest embedding of the index is the item's own."""
        nearest = (outputs.outputs @ self.index.T).argmax(axis=1)
        return (nearest == np.arange(len(nearest))).astype(np.float64)[:, None]
