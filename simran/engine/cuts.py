"""The cuts of a model: what each placement and split point costs, sends and distorts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simran.allocation import CutTable
from simran.scenario import Model

__all__ = ["cut_table"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Cut:
    placement: str
    depth: int  # number of blocks on the agent
    allowed: bool


def cut_table(model: Model, placement: str) -> CutTable:
    """Return the cuts of a model, with what a placement allows.

    On-device is always among them, since it can be a fallback. ``auto`` enumerates every split
    point; a co-inference cut behind the last block is offered only where it is asked for by name.

    Parameters
    ----------
    model : the chain of blocks
    placement : ``co-inference``, ``on-device``, ``on-server`` or ``auto``
    """
    cuts = list(_cuts(model, placement))
    depth = np.array([cut.depth for cut in cuts])
    remote = np.array([cut.placement != "on-device" for cut in cuts])
    flops = _cumulative([block.flops for block in model.blocks])
    weights = _cumulative([block.parameters for block in model.blocks])
    sent = np.array([model.input_bits, *(block.output_bits for block in model.blocks)])
    distortion, lower, upper = (values[depth] for values in _distortions(model))
    quality, reference = _qualities(model, cuts)
    return CutTable(
        placement=tuple(cut.placement for cut in cuts),
        split=tuple(model.blocks[cut.depth - 1].name if cut.depth else "" for cut in cuts),
        allowed=np.array([cut.allowed for cut in cuts]),
        agent_flops=flops[depth],
        server_flops=np.where(remote, flops[-1] - flops[depth], 0.0),
        uplink_bits=np.where(remote, sent[depth], 0.0),
        downlink_bits=np.where(remote, sent[-1], 0.0),
        agent_weight_bytes_per_bit=weights[depth] / 8.0,
        server_weight_bytes=np.where(
            remote, (weights[-1] - weights[depth]) * model.reference_bits / 8.0, 0.0
        ),
        bits=np.array(model.bits, dtype=np.int64),
        reference_bits=model.reference_bits,
        distortion=distortion,
        lower=lower,
        upper=upper,
        quality=quality,
        reference_quality=reference,
    )


def _cuts(model: Model, placement: str) -> list[_Cut]:
    last = len(model.blocks)
    names = [block.name for block in model.blocks]
    split = names.index(model.split) + 1 if model.split != "auto" else 0
    every = placement == "auto" or (placement == "co-inference" and not split)
    cuts = [
        _Cut("co-inference", depth, placement in {"auto", "co-inference"})
        for depth in range(1, last + 1)
        if depth == split or (every and depth < last)
    ]
    cuts.append(_Cut("on-device", last, placement in {"auto", "on-device"}))
    cuts.append(_Cut("on-server", 0, placement in {"auto", "on-server"}))
    return cuts


def _cumulative(values: list[float]) -> Floats:
    sums: Floats = np.concatenate(([0.0], np.cumsum(values)))
    return sums


def _distortions(model: Model) -> tuple[Floats, Floats, Floats]:
    """Return expected distortion and bounds by depth (blocks + 1) and bit-width.

    The summed absolute error of the quantized weights over the number of all weights of the
    model, times the output coefficient; unquantized weights add nothing.
    """
    scale = model.output_coefficient / model.parameters

    def by_depth(rows: list[tuple[float, ...]]) -> Floats:
        steps = [
            block.parameters * np.array(row) * scale
            for block, row in zip(model.blocks, rows, strict=True)
        ]
        return np.concatenate((np.zeros((1, len(model.bits))), np.cumsum(steps, axis=0)))

    return (
        by_depth([block.errors for block in model.blocks]),
        by_depth([block.errors_lower for block in model.blocks]),
        by_depth([block.errors_upper for block in model.blocks]),
    )


def _qualities(model: Model, cuts: list[_Cut]) -> tuple[Floats, Floats]:
    """Return quality by cut and bit-width, and unquantized; NaN where nothing was measured.

    A curve says nothing of another quantizer than its own; there even the unquantized value is left
    out, lest a mean over requests mix what was measured with what was not.
    """
    curve = model.quality
    values = np.full((len(cuts), len(model.bits)), math.nan)
    reference = np.full(len(cuts), math.nan)
    if curve is None or curve.quantizer != model.quantizer.label:
        return values, reference
    reference[:] = curve.reference
    for row, cut in enumerate(cuts):
        if not cut.depth:
            values[row] = curve.reference
            continue
        points = curve.points.get(model.blocks[cut.depth - 1].name)
        if points is None:
            continue
        known, measured = zip(*points, strict=True)
        at = np.array(model.bits, dtype=float)
        values[row] = np.interp(at, known, measured, left=math.nan)
        values[row, at == model.reference_bits] = curve.reference
    return values, reference
