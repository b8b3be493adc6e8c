"""FCDNN-16 as a study measures it: 16 layers, cut after any of them, on held-out digits."""

from __future__ import annotations

import hashlib
import itertools

import numpy as np
import train_fcdnn
from study_plan import ALL, BlockRow, Chain, Plan

from simran.calibration import DenseNetwork, Setting

_WIDTHS = [
    train_fcdnn.PIXELS,
    *[train_fcdnn.WIDTH] * (train_fcdnn.LAYERS - 1),
    train_fcdnn.CLASSES,
]
_SIZES = list(itertools.pairwise(_WIDTHS))
#: Quantizers that are tried at every split; the others at the splits of ``_WHOLE``.
_COMMON = (
    Setting("uniform"),
    Setting("uniform", "row"),
    Setting("integer", "row"),
    Setting("power-of-two", "row"),
)
_WHOLE = (4, 8, 12, 16)

CHAIN = Chain(
    name="fcdnn-16",
    description="FCDNN-16: 16 fully connected layers with rectifiers, handwritten digits of 8 x 8 pixels",
    input="64 B",
    blocks=[
        BlockRow(f"layer/{k}", 2 * fan * out, fan * out, out if k < len(_SIZES) else "1 B")
        for k, (fan, out) in enumerate(_SIZES, start=1)
    ],
    quantizer=Setting("uniform", "row"),
    split="layer/8",
    provenance={
        "input": {"kind": "derived", "source": "8 x 8 pixels of one byte"},
        "blocks.flops": {
            "kind": "derived",
            "source": "benchmarks/network_fcdnn.py: 2 for each weight, one image",
        },
        "blocks.parameters": {"kind": "derived", "source": "inputs x outputs; no biases"},
        "blocks.output": {
            "kind": "derived",
            "source": "elements of the layer's output; the last hands on the class, one byte",
        },
    },
    comment="The widths are the project's own: arXiv 2602.13052 names an FCDNN-16 without them.",
)


def matrices() -> list[np.ndarray]:
    """Return the committed weights."""
    with np.load(train_fcdnn.HOME) as held:
        return [held[f"layer/{k}"] for k in range(1, train_fcdnn.LAYERS + 1)]


def network(layers: int) -> DenseNetwork:
    """Return the network on the held-out images, cut after some layers."""
    data = train_fcdnn.digits()
    return DenseNetwork("fcdnn-16", matrices(), data.held_images, data.held_labels, layers)


def plan() -> Plan:
    """Return what is measured."""
    data = train_fcdnn.digits()
    images = hashlib.sha256(data.held_images.tobytes() + data.held_labels.tobytes()).hexdigest()
    return Plan(
        networks=[(network(k), ALL if k in _WHOLE else _COMMON) for k in range(1, len(_SIZES) + 1)],
        block_weights={f"layer/{k}": [it] for k, it in enumerate(matrices(), start=1)},
        inputs={
            "source": "handwritten digits of scikit-learn, held-out part",
            "items": len(data.held_labels),
            "sha256": images,
        },
        checkpoint={
            "source": "trained by benchmarks/train_fcdnn.py",
            "file": "benchmarks/data/fcdnn-16.npz",
            "sha256": hashlib.sha256(train_fcdnn.HOME.read_bytes()).hexdigest(),
        },
        features=[f"layer/{k}" for k in _WHOLE],
    )
