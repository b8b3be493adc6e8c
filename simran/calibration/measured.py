"""Distortion of quantizers measured on weights, all of them, a piece at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from simran.calibration.magnitudes import Magnitudes
from simran.calibration.pieces import block_starts, largest_of_rows, pieces, row_length
from simran.calibration.rounding import summed_errors
from simran.calibration.scales import best_top
from simran.calibration.setting import Setting
from simran.calibration.tensors import Tensor
from simran.errors import InputError

__all__ = ["BITS", "bits_of", "measured_distortion"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

#: Bit-widths that are measured, one bit of them for the sign.
BITS = tuple(range(1, 17))

_HELD = 1 << 18  # weights of a row that is held as a whole
_MOST_HELD = 1 << 24  # the same where the row has to be, to search its scale


def bits_of(setting: Setting) -> tuple[int, ...]:
    """Return the bit-widths of :data:`BITS` that a setting has."""
    return tuple(it for it in BITS if it >= setting.least_bits)


def measured_distortion(
    tensor: Tensor, magnitudes: Magnitudes, settings: Sequence[Setting]
) -> dict[Setting, Floats]:
    """Return the mean absolute error of each setting at each of its bit-widths.

    It is that of :class:`simran.distortion.Quantizer` on the finite weights, to single precision
    of what they become. The one scale of a tensor that is clipped is searched on counts of its
    magnitudes instead of on the weights.

    Parameters
    ----------
    tensor : read a piece at a time
    magnitudes : of its weights, one of them at least above 0
    settings : to measure, none twice

    Raises
    ------
    InputError
        if a row is too long to search its scale, or an element cannot be read
    """
    row = row_length(tensor)
    whole = [it for it in settings if it.scale == "tensor"]
    found = _per_tensor(tensor, magnitudes, whole)
    plain = [it for it in settings if it.scale != "tensor" and it.clip == "none"]
    clipped = [it for it in settings if it.scale != "tensor" and it.clip != "none"]
    scales = list(dict.fromkeys(it.scale for it in plain))
    # Blocks of several lengths end together only where rows do.
    for some in [scales] if row <= _HELD else [[it] for it in scales]:
        found |= _per_block(tensor, [it for it in plain if it.scale in some])
    if clipped and row > _MOST_HELD:
        raise InputError(
            f"tensor {tensor.name!r}: its rows of {row} weights are too long to search a scale for;"
            " choose quantizers that are not clipped, or one scale per tensor"
        )
    found |= _searched(tensor, clipped)
    return {it: found[it] / magnitudes.count for it in settings}


def _per_tensor(
    tensor: Tensor, magnitudes: Magnitudes, settings: Sequence[Setting]
) -> dict[Setting, Floats]:
    points = magnitudes.points()
    tops: dict[Setting, Floats] = {}
    for setting in settings:
        bits = bits_of(setting)
        plain = Setting(setting.kind)
        tops[plain] = np.full(len(bits), magnitudes.largest)
        if setting.clip != "none":
            power = 1 if setting.clip == "mae" else 2
            tops[setting] = np.array([best_top(setting.kind, it, points, power) for it in bits])
    sums = {it: np.zeros(len(bits_of(it))) for it in tops}
    for _, piece in pieces(tensor, 1) if settings else ():
        sizes = np.abs(piece[np.isfinite(piece)]).astype(np.float64)
        for setting, each in tops.items():
            sums[setting] += _with_tops(setting, sizes, each)
    # What the largest level at the largest weight reproduces better is a better scale too.
    return {
        it: np.minimum(held, sums[Setting(it.kind)]) if it.clip == "mae" else held
        for it, held in sums.items()
    }


def _with_tops(setting: Setting, sizes: Floats, tops: Floats) -> Floats:
    bits = bits_of(setting)
    errors = np.empty(len(bits))
    for top in set(tops.tolist()):
        same = np.flatnonzero(tops == top)
        shares = sizes / top
        errors[same] = summed_errors(setting.kind, [bits[it] for it in same], shares, top)
    return errors


def _per_block(tensor: Tensor, settings: Sequence[Setting]) -> dict[Setting, Floats]:
    """Sum the errors where the largest level of a block is its largest weight."""
    sums = {it: np.zeros(len(bits_of(it))) for it in settings}
    row = row_length(tensor)
    scales = list(dict.fromkeys(it.scale for it in settings))
    units = {it: row if isinstance(it, str) else min(it, row) for it in scales}
    if row <= _HELD:
        step, largest = row, None
    else:
        step = 1 if scales == ["row"] else min(units.values(), default=1)
        largest = largest_of_rows(tensor) if "row" in units else None
    for start, piece in pieces(tensor, step) if settings else ():
        finite = np.isfinite(piece)
        sizes = np.abs(np.where(finite, piece, np.float32(0.0))).astype(np.float64)
        for scale, unit in units.items():
            begins = block_starts(start, len(sizes), row, unit)
            whole = np.maximum.reduceat(sizes, begins)
            tops = whole if largest is None else largest[(start + begins) // row]
            top = np.repeat(tops, np.diff(begins, append=len(sizes)))
            kept = finite & (top > 0.0)  # a block of zeros errs by nothing
            held, at = (sizes, top) if kept.all() else (sizes[kept], top[kept])
            shares = held / at
            for setting in settings:
                if setting.scale == scale:
                    sums[setting] += summed_errors(setting.kind, bits_of(setting), shares, at)
    return sums


def _searched(tensor: Tensor, settings: Sequence[Setting]) -> dict[Setting, Floats]:
    """Sum the errors where the scale of each block is searched, as the quantizer does it."""
    sums = {it: np.zeros(len(bits_of(it))) for it in settings}
    row = row_length(tensor)
    for _, piece in pieces(tensor, row) if settings else ():
        weights = piece.reshape(-1, row)
        finite = np.isfinite(weights)
        weights = np.where(finite, weights, np.float32(0.0))
        for setting in settings:
            sums[setting] += _errors(setting, weights, finite)
    return sums


def _errors(setting: Setting, weights: Singles, finite: NDArray[np.bool_]) -> Floats:
    kept = None if finite.all() else finite
    each: Iterable[float] = (
        setting.quantizer(bits).error(weights, kept) * weights.size for bits in bits_of(setting)
    )
    return np.array(list(each))
