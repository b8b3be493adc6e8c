"""The cuts of a model: what each placement and split point costs, sends and distorts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from simran.allocation import CutTable
from simran.scenario import Block, Model, PrunedErrors

__all__ = ["cut_table"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Cut:
    placement: str
    depth: int  # number of blocks on the agent
    allowed: bool
    ratio: float = 0.0  # pruned of the agent's weights
    feature: int = -1  # of the ways to send what the last block on the agent hands on


def cut_table(model: Model, placement: str) -> CutTable:
    """Return the cuts of a model, with what a placement allows.

    On-device is always among them, since it can be a fallback. ``auto`` enumerates every split
    point; a co-inference cut behind the last block is offered only where it is asked for by name.
    Each pruning ratio of what runs on the agent, and each number of bits of the features that are sent,
    makes a cut of its own, the least distorting first.

    Parameters
    ----------
    model : the chain of blocks
    placement : ``co-inference``, ``on-device``, ``on-server`` or ``auto``
    """
    cuts = [choice for cut in _cuts(model, placement) for choice in _choices(model, cut)]
    depth = np.array([cut.depth for cut in cuts])
    remote = np.array([cut.placement != "on-device" for cut in cuts])
    kept = np.array([1.0 - cut.ratio for cut in cuts])
    flops = _cumulative([block.flops for block in model.blocks])
    weights = _cumulative([block.parameters for block in model.blocks])
    sent = [_sent(model, cut) for cut in cuts]
    distortion, lower, upper, unquantized = _distortions(model, cuts, [it[2] for it in sent])
    quality, reference = _qualities(model, cuts)
    masked = model.pruning.by == "magnitude"
    return CutTable(
        placement=tuple(cut.placement for cut in cuts),
        split=tuple(model.blocks[cut.depth - 1].name if cut.depth else "" for cut in cuts),
        pruning_ratio=np.array([cut.ratio for cut in cuts]),
        feature_bits=np.array([math.nan if bits is None else bits for bits, _, _ in sent]),
        allowed=np.array([cut.allowed for cut in cuts]),
        agent_flops=flops[depth] * kept,
        server_flops=np.where(remote, flops[-1] - flops[depth], 0.0),
        uplink_bits=np.where(remote, [it[1] for it in sent], 0.0),
        downlink_bits=np.where(remote, model.blocks[-1].output_bits, 0.0),
        agent_weight_bytes_per_bit=weights[depth] * kept / 8.0,
        agent_mask_bytes=np.where((kept < 1.0) & masked, weights[depth] / 8.0, 0.0),
        server_weight_bytes=np.where(
            remote, (weights[-1] - weights[depth]) * model.reference_bits / 8.0, 0.0
        ),
        bits=np.array(model.bits, dtype=np.int64),
        reference_bits=model.reference_bits,
        distortion=distortion,
        lower=lower,
        upper=upper,
        reference_distortion=unquantized,
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


def _choices(model: Model, cut: _Cut) -> Iterator[_Cut]:
    """Yield a cut with every pruning ratio and every number of bits of its features."""
    features = len(model.blocks[cut.depth - 1].features) if cut.placement == "co-inference" else 1
    for ratio in model.pruning.ratios if cut.depth else (0.0,):
        for feature in reversed(range(features)):
            yield replace(cut, ratio=ratio, feature=feature if features > 1 else -1)


def _sent(model: Model, cut: _Cut) -> tuple[float | None, float, float]:
    """Return the bits of an element, those of all, and what they add to the distortion."""
    if cut.placement != "co-inference":
        return None, model.input_bits, 0.0
    choice = model.blocks[cut.depth - 1].features[cut.feature]
    return choice.bits, choice.output_bits, choice.distortion


def _cumulative(values: list[float]) -> Floats:
    sums: Floats = np.concatenate(([0.0], np.cumsum(values)))
    return sums


def _distortions(
    model: Model, cuts: list[_Cut], added: list[float]
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return expected distortion and bounds by cut and bit-width, and that of unquantized weights.

    The summed absolute error of the quantized weights over the number of all weights of the
    model, times the output coefficient; unquantized weights add nothing unless they are pruned. What the
    features add comes on top.
    """
    scale = model.output_coefficient / model.parameters
    of_features = np.array(added)

    def by_cut(rows: Callable[[Block, float], tuple[float, ...]]) -> Floats:
        tables = {}
        for ratio in {cut.ratio for cut in cuts}:
            steps = [
                block.parameters * np.array(rows(block, ratio)) * scale for block in model.blocks
            ]
            tables[ratio] = np.concatenate((np.zeros_like(steps[:1]), np.cumsum(steps, axis=0)))
        found = np.array([tables[cut.ratio][cut.depth] for cut in cuts])
        total: Floats = found + of_features[:, None]
        return total

    return (
        by_cut(lambda block, ratio: _pruned(block, ratio).errors),
        by_cut(lambda block, ratio: _pruned(block, ratio).errors_lower),
        by_cut(lambda block, ratio: _pruned(block, ratio).errors_upper),
        by_cut(lambda block, ratio: (_pruned(block, ratio).loss,))[:, 0],
    )


def _pruned(block: Block, ratio: float) -> PrunedErrors:
    if not ratio:
        return PrunedErrors(0.0, 0.0, block.errors, block.errors_lower, block.errors_upper)
    return next(it for it in block.pruned if it.ratio == ratio)


def _qualities(model: Model, cuts: list[_Cut]) -> tuple[Floats, Floats]:
    """Return quality by cut and bit-width, and unquantized; NaN where nothing was measured.

    A curve says nothing of another quantizer than its own, of pruned weights or of coarser features than
    the finest; there even the unquantized value is left out, lest a mean over requests mix what was
    measured with what was not.
    """
    curve = model.quality
    values = np.full((len(cuts), len(model.bits)), math.nan)
    reference = np.full(len(cuts), math.nan)
    if curve is None or curve.quantizer != model.quantizer.label:
        return values, reference
    for row, cut in enumerate(cuts):
        if cut.ratio or _coarse(model, cut):
            continue
        reference[row] = curve.reference
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


def _coarse(model: Model, cut: _Cut) -> bool:
    """Return whether features are sent with fewer bits than the most that they may have."""
    return 0 <= cut.feature < len(model.blocks[cut.depth - 1].features) - 1
