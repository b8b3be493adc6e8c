"""A model profile from weight statistics: what was measured, and what had to be assumed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from simran.calibration.blocks import Block, Blocks, assign
from simran.calibration.measured import BITS
from simran.calibration.profile_weights import Held, ProfileWeights
from simran.calibration.statistics import Layer, Statistics
from simran.calibration.tensors import Tensor

__all__ = ["UNTOLD", "profile_data", "profile_text"]

#: The chain where nobody says anything about blocks.
UNTOLD = Blocks((Block("model", ("*",), None, "64 B"),), "64 B")

_PLACEHOLDER = "a placeholder: a checkpoint does not tell; replace it, or pass --blocks"


def profile_data(
    statistics: Statistics,
    tensors: Sequence[Tensor],
    blocks: Blocks,
    source: str,
    weights: ProfileWeights,
) -> dict[str, Any]:
    """Return a model profile in the keys of the scenario language, with provenance.

    Parameters
    ----------
    statistics : of the tensors
    tensors : of the checkpoint; those of floating-point numbers are its parameters
    blocks : the chain
    source : what was measured, in words
    weights : which law and which measured errors it carries

    Raises
    ------
    InputError
        if tensors and blocks do not match, or the law has parameters that a scenario cannot take
    """
    floating = [it for it in tensors if it.dtype.floating]
    places = {id(it): place for place, it in enumerate(tensors)}
    reference = _reference_bits(floating)
    rows = [
        _block(block, held, weights.entry(block.name, _held(statistics, held, places)))
        for block, held in zip(blocks.blocks, assign(tensors, blocks), strict=True)
    ]
    # A chain of one block has no boundary inside: run it on the agent and send its answer.
    split = {"split": rows[0]["name"]} if len(rows) == 1 else {}
    whole = weights.entry("", _held(statistics, floating, places))
    told = {f"weights.{key}" for key in whole}
    told |= {f"blocks.weights.{key}" for row in rows for key in row.get("weights", ())}
    return {
        "description": blocks.description or f"calibrated from {source}",
        "parameters": sum(it.count for it in floating),
        "reference_bits": reference,
        "bits": {"min": 1, "max": min(reference, max(BITS))},
        "weights": whole,
        "quantizer": "lloyd-max",
        "output_coefficient": 1.0,
        **split,
        "input": blocks.input,
        "blocks": rows,
        "provenance": {
            **{
                key: entry
                for key, entry in _measured(statistics.pooled, source, weights).items()
                if "weights." not in key or key in told
            },
            "bits": _entry("assumed", "the range of the paper, up to reference_bits"),
            "quantizer": _entry("assumed", "the best scalar quantizer of the fitted law"),
            "output_coefficient": _entry("assumed", "not fitted"),
            **_said(blocks),
        },
    }


def _entry(kind: str, source: str) -> dict[str, str]:
    return {"kind": kind, "source": source}


def _held(
    statistics: Statistics, tensors: Sequence[Tensor], places: Mapping[int, int]
) -> list[Held]:
    rows = [places[id(it)] for it in tensors]
    return [
        Held(tensor, statistics.layers[at], statistics.points[at], statistics.layer_curves[at])
        for tensor, at in zip(tensors, rows, strict=True)
    ]


def _measured(pooled: Layer, source: str, weights: ProfileWeights) -> dict[str, dict[str, str]]:
    """Return where the figures come from that the checkpoint gives."""
    law = _entry("assumed", f"{weights.law}, {weights.chosen}; {_nearness(pooled)}: {source}")
    figures = {
        "parameters": "elements of all floating-point tensors",
        "reference_bits": "element type of most weights",
        "blocks.parameters": "elements of the block's tensors",
    }
    kept = f"of {pooled.count} weights in tensors of rank 2 or more"
    parameters = {
        "rate": "1 over the mean magnitude",
        "shape": "shape of greatest likelihood",
        "scale": "scale of greatest likelihood",
        "columns": "weights of a row",
        "measured": "summed absolute error of the quantized weights over all parameters, the others"
        " being unquantized,",
    }
    for key, what in parameters.items():
        figures[f"weights.{key}"] = f"{what} {kept}"
        figures[f"blocks.weights.{key}"] = f"{what} of the block's weights"
    found = {key: _entry("measured", f"{what}: {source}") for key, what in figures.items()}
    return {**found, "weights.law": law, "blocks.weights.law": law}


def _nearness(pooled: Layer) -> str:
    """Return in words how near both laws come to the weights."""
    exponential, generalised, half_normal = (
        "none" if it is None else f"{it:.4f}"
        for it in (pooled.ks_exponential, pooled.ks_generalised, pooled.ks_half_normal)
    )
    gain = (pooled.log_likelihood_generalised or 0.0) - (pooled.log_likelihood_exponential or 0.0)
    return (
        f"Kolmogorov-Smirnov distance {exponential} of the exponential law, {generalised} of the"
        f" generalised normal law of shape {pooled.generalised_shape or 1.0:.3f}, {half_normal} of the"
        f" half-normal law; the second is likelier by {gain:.4f} nat per weight"
    )


def _said(blocks: Blocks) -> dict[str, dict[str, str]]:
    """Return where the figures come from that a checkpoint cannot give."""
    keys = ("input", "blocks.flops", "blocks.output")
    if blocks.file is not None:
        given = _entry("assumed", f"{blocks.file}, as its writer gives it")
        return {**dict.fromkeys(keys, given), **blocks.provenance}
    twice = "2 FLOP for each parameter of the checkpoint: one token through every weight"
    return {
        **dict.fromkeys(keys, _entry("assumed", _PLACEHOLDER)),
        keys[1]: _entry("derived", twice),
    }


def _reference_bits(tensors: Sequence[Tensor]) -> int:
    held: Counter[int] = Counter()
    for tensor in tensors:
        if tensor.quantized:
            held[tensor.dtype.bits] += tensor.count
    return max(held, key=lambda bits: (held[bits], bits))


def _block(block: Block, tensors: Sequence[Tensor], weights: dict[str, Any]) -> dict[str, Any]:
    parameters = sum(it.count for it in tensors)
    row: dict[str, Any] = {
        "name": block.name,
        "flops": 2 * parameters if block.flops is None else block.flops,
        "parameters": parameters,
        "output": block.output,
    }
    return {**row, "weights": weights} if weights else row


def profile_text(profile: dict[str, Any], comment: str) -> str:
    """Return a profile as YAML: one key, one block or one source a line.

    Parameters
    ----------
    profile : as :func:`profile_data` returns it
    comment : lines for its head
    """
    lines = [f"# {line}" for line in comment.splitlines()]
    for key, value in profile.items():
        if key == "blocks":
            lines += ["blocks:", *(f"  - {_flow(row)}" for row in value)]
        elif key == "provenance":
            lines += ["provenance:", *(f"  {_flow(at)}: {_flow(it)}" for at, it in value.items())]
        else:
            lines.append(f"{key}: {_flow(value)}")
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    """Return a value in YAML's flow style, with texts quoted as JSON quotes them."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(it)}" for key, it in value.items()) + "}"
    return json.dumps(value, allow_nan=False)
