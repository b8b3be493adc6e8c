"""What quantizing each block's weights costs: as it was measured, or as the law of the weights has it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from simran.distortion import (
    ExpectedErrors,
    Exponential,
    GeneralisedNormal,
    expected_errors,
    most_bits,
)
from simran.errors import Fault
from simran.scenario.compose import Composed
from simran.scenario.model_schema import BlockSpec, ModelSpec
from simran.scenario.quantizer_schema import WeightsSpec

__all__ = [
    "ErrorRow",
    "candidate_bits",
    "check_weights",
    "error_rows",
    "law_of",
    "left_out",
    "measured",
    "narrowed",
    "shared_scales",
]

Key = tuple[str | int, ...]

_MEASURE = "give weights.measured, as simran calibrate does"


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """Absolute error per weight of a block by candidate bit-width, and its bounds [weight unit].

    Parameters
    ----------
    mean : (B,)
    lower, upper : (B,) NaN where none is known, as for measured errors: a law does not bound those
    """

    mean: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]


def law_of(model: ModelSpec, block: BlockSpec) -> Exponential | GeneralisedNormal:
    """Return the law of a block's weights: its own, or the model's."""
    own = block.weights
    weights = own if own is not None and own.says_law else model.weights
    if weights.law == "exponential":
        assert weights.rate is not None  # checked before
        return Exponential(weights.rate)
    assert weights.shape is not None and weights.scale is not None  # noqa: PT018 - likewise
    return GeneralisedNormal(weights.shape, weights.scale)


def _table(model: ModelSpec, block: BlockSpec, label: str) -> Mapping[int, float] | None:
    """Return what was measured of a block with a quantizer, or of the model."""
    for weights in (block.weights, model.weights):
        if weights is not None and weights.measured and label in weights.measured:
            return dict(weights.measured[label])
    return None


def measured(model: ModelSpec, block: BlockSpec) -> bool:
    """Return whether a block's errors were measured with the quantizer of its model."""
    return _table(model, block, model.quantizer.scheme.label) is not None


def _quantized(model: ModelSpec) -> list[BlockSpec]:
    return [block for block in model.blocks if block.parameters > 0]


def candidate_bits(model: ModelSpec) -> tuple[int, ...]:
    """Return the bit-widths of a model whose errors are known for its quantizer.

    Those that were not measured, or that the quantizer does not have, are left out; full precision is
    never.
    """
    scheme = model.quantizer.scheme
    known = set(model.bits)
    for block in _quantized(model):
        table = _table(model, block, scheme.label)
        if table is not None:
            known &= set(table)
        else:
            known &= set(range(scheme.least_bits, most_bits(scheme, law_of(model, block)) + 1))
    return tuple(b for b in model.bits if b in known or b == model.reference_bits)


def left_out(name: str, model: ModelSpec) -> str:
    """Return the note on the candidates of a model that are left out, empty if none is."""
    kept = candidate_bits(model)
    gone = [bits for bits in model.bits if bits not in kept]
    if not gone:
        return ""
    label = model.quantizer.scheme.label
    return (
        f"models.{name}: bit-widths {_listed(gone)} are left out: there is no error of"
        f" {label} at them, measured or from the law"
    )


def narrowed(whole: Composed, models: Mapping[str, ModelSpec]) -> Iterator[Fault]:
    """Yield a doubt for each model whose larger bit-widths are left out: they would distort less.

    Parameters
    ----------
    whole : the scenario as it is composed
    models : by name
    """
    for name, model in models.items():
        kept = [b for b in candidate_bits(model) if b != model.reference_bits]
        if kept and any(max(kept) < b != model.reference_bits for b in model.bits):
            mend = (
                "give weights.measured at them, as simran calibrate does, or leave them out of bits"
            )
            yield whole.fault(("models", name, "bits"), left_out(name, model), mend)


def _listed(bits: list[int]) -> str:
    return ", ".join(map(str, bits)) if len(bits) < 4 else f"{bits[0]} to {bits[-1]}"


def error_rows(model: ModelSpec) -> tuple[ErrorRow, ...]:
    """Return the errors of every block at :func:`candidate_bits`; full precision has none.

    Raises
    ------
    ValueError
        where they are neither measured nor to be had from the law
    """
    bits = candidate_bits(model)
    return tuple(_row(model, block, bits) for block in model.blocks)


def _row(model: ModelSpec, block: BlockSpec, bits: tuple[int, ...]) -> ErrorRow:
    if not block.parameters:
        zeros = (0.0,) * len(bits)
        return ErrorRow(zeros, zeros, zeros)
    scheme = model.quantizer.scheme
    table = _table(model, block, scheme.label)
    coded = [b for b in bits if b != model.reference_bits]
    if table is not None:
        unknown = np.full(len(coded), np.nan)
        found = ExpectedErrors(np.array([table[b] for b in coded]), unknown, unknown)
    else:
        found = expected_errors(scheme, coded, law_of(model, block), shared_scales(model, block))

    def full(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[float, ...]:
        # One NaN for all, so that equal models compare as equal.
        known = [math.nan if math.isnan(it) else it for it in values.tolist()]
        by_bits = dict(zip(coded, known, strict=True))
        return tuple(by_bits.get(b, 0.0) for b in bits)

    return ErrorRow(full(found.mean), full(found.lower), full(found.upper))


def shared_scales(
    model: ModelSpec, block: BlockSpec, left: float = 1.0
) -> tuple[tuple[float, float], ...]:
    """Return how many weights share a scale, and which part of the block's weights does so.

    Parameters
    ----------
    model, block : of which it matters only where the largest level is the largest weight
    left : share of the block's rows that is not pruned

    Raises
    ------
    ValueError
        if the length of a row is not known and matters
    """
    scheme = model.quantizer.scheme
    if scheme.clip != "none":
        return ()
    columns = (block.weights.columns if block.weights else None) or model.weights.columns
    if scheme.scale == "tensor":
        return ((block.parameters * left, 1.0),)
    if isinstance(scheme.scale, int):
        whole = scheme.scale
        if columns is None:
            return ((whole, 1.0),)
        rest = columns % whole
        parts = ((whole, (columns - rest) / columns), (rest, rest / columns))
        return tuple((count, part) for count, part in parts if part)
    if columns is None:
        raise ValueError(
            f"the error of {scheme.label} depends on how many weights a row has, and weights.columns"
            " does not say"
        )
    return ((columns, 1.0),)


def check_weights(whole: Composed, path: Key, model: ModelSpec) -> Iterator[Fault]:
    """Yield what is wrong with the weights and the quantizer of a model."""
    faults = list(_laws(whole, path, model))
    try:
        label = model.quantizer.scheme.label
    except ValueError as error:
        faults.append(whole.fault((*path, "quantizer"), str(error)))
    yield from faults
    if faults:
        return
    if not set(candidate_bits(model)) - {model.reference_bits} and set(model.bits) - {
        model.reference_bits
    }:
        message = f"there is no error of {label} at any of these bit-widths"
        yield whole.fault((*path, "bits"), message, _known(model, label))
        return
    try:
        error_rows(model)
    except ValueError as error:
        mend = _MEASURE if "columns" not in str(error) else f"add columns, or {_MEASURE}"
        clip = ", or use clip: none" if model.quantizer.scale != "tensor" else ""
        mend += clip if model.quantizer.clip != "none" else ""
        yield whole.fault((*path, "quantizer"), str(error), mend)


def _known(model: ModelSpec, label: str) -> str | None:
    """Return at which bit-widths errors were measured, as help."""
    tables = [_table(model, block, label) for block in _quantized(model)]
    measured = [set(table) for table in tables if table is not None]
    both = sorted(set.intersection(*measured)) if measured else []
    return f"measured are {_listed(both)}" if both else None


def _laws(whole: Composed, path: Key, model: ModelSpec) -> Iterator[Fault]:
    """Yield what the laws lack, and what they have of another law."""
    yield from _law(whole, (*path, "weights"), model.weights)
    for index, block in enumerate(model.blocks):
        if block.weights is not None and block.weights.says_law:
            yield from _law(whole, (*path, "blocks", index, "weights"), block.weights)


def _law(whole: Composed, path: Key, weights: WeightsSpec) -> Iterator[Fault]:
    owners = {"rate": "exponential", "shape": "generalised-normal", "scale": "generalised-normal"}
    for key, owner in owners.items():
        given = getattr(weights, key) is not None
        if owner == weights.law and not given:
            yield whole.fault(path, f"{owner} needs {key}")
        elif owner != weights.law and given:
            message = f"{key} belongs to {owner}, not to {weights.law}"
            yield whole.fault((*path, key), message, f"{key}: null takes it away")
    if weights.rate is not None and math.isinf(1.0 / weights.rate):
        message = (
            f"expected 1 over a mean magnitude, found {weights.rate:g}, whose mean is infinite"
        )
        yield whole.fault((*path, "rate"), message)
