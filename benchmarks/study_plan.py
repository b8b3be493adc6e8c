"""What a study of output distortion needs to know of a model: its chain, its networks, its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simran.calibration import FITTED_BITS, SETTINGS, Network, Setting


@dataclass(frozen=True)
class BlockRow:
    """One block of the chain as the profile holds it; ``output`` in elements, or as text in data."""

    name: str
    flops: int
    parameters: int
    output: int | str


@dataclass(frozen=True)
class Chain:
    """A model's architecture, known without its weights.

    ``provenance`` says where ``input``, ``blocks.flops``, ``blocks.output``, ``blocks.parameters``
    come from; ``quantizer`` is the label whose quality curves the profile carries;
    ``reference_bits`` are those of a weight in the checkpoint.
    """

    name: str
    description: str
    input: str
    blocks: Sequence[BlockRow]
    quantizer: Setting
    split: str
    provenance: Mapping[str, Mapping[str, str]]
    comment: str = ""
    reference_bits: int = 32


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Parameters
    ----------
    networks : one for each split, with the quantizers that are tried there
    block_weights : of each block of the chain, the weights that its law is fitted to
    inputs : where the real inputs come from, and digests
    checkpoint : where the weights come from, and a digest
    tolerance : of the knee, in the metric's unit
    features : splits at which the bits of the features are measured too
    fitted : bit-widths that coefficients are fitted on; None: those from each quantizer's knee on
    """

    networks: Sequence[tuple[Network, Sequence[Setting]]]
    block_weights: Mapping[str, Sequence[NDArray[np.float32]]]
    inputs: Mapping[str, Any]
    checkpoint: Mapping[str, Any]
    tolerance: float = 0.01
    features: Sequence[str] = field(default_factory=tuple)
    fitted: Sequence[int] | None = FITTED_BITS


ALL = SETTINGS
