"""What a profile says of some weights: their law, their rows, and what quantizing them costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simran.calibration.curves import Curve
from simran.calibration.laws import LAWS, fit_points
from simran.calibration.measured import bits_of
from simran.calibration.pieces import row_length
from simran.calibration.scales import Points
from simran.calibration.setting import CARRIED, Setting
from simran.calibration.statistics import Layer
from simran.calibration.tensors import Tensor
from simran.errors import InputError

__all__ = ["Held", "ProfileWeights"]

#: Shapes that the scenario language takes.
_SHAPES = (0.2, 20.0)
_DIGITS = 6  # of measured errors: more than weights of single precision tell


@dataclass(frozen=True, slots=True)
class Held:
    """A tensor and what was found of it; see :class:`simran.calibration.Statistics`."""

    tensor: Tensor
    layer: Layer
    points: Points | None
    curves: tuple[Curve, ...]

    @property
    def finite(self) -> int:
        """Return the number of weights that are neither NaN nor infinite."""
        return self.layer.count - self.layer.nonfinite


@dataclass(frozen=True, slots=True)
class ProfileWeights:
    """What a profile carries of the weights.

    Parameters
    ----------
    law : one of :data:`simran.calibration.laws.LAWS`
    settings : quantizers whose measured errors it carries; all of them have to have been measured

    Raises
    ------
    InputError
        for another law
    """

    law: str = LAWS[0]
    settings: Sequence[Setting] = CARRIED

    def __post_init__(self) -> None:
        if self.law not in LAWS:
            raise InputError(f"law must be one of {', '.join(LAWS)}, got {self.law!r}")

    @property
    def chosen(self) -> str:
        """Return why it is that law, in words."""
        return "the law of arXiv 2602.13052" if self.law == LAWS[0] else "chosen by --law"

    def entry(self, block: str, held: Sequence[Held]) -> dict[str, Any]:
        """Return ``weights`` of a profile or of a block; empty if nothing is known of them.

        Parameters
        ----------
        block : its name, empty for the whole
        held : its tensors

        Raises
        ------
        InputError
            for a shape that the scenario language does not take
        """
        found = [it for it in held if it.layer.quantized and it.points is not None]
        entry: dict[str, Any] = {}
        if any(it.layer.mean_magnitude for it in found):
            entry = self._law(block, found)
            rows = {row_length(it.tensor) for it in found}
            if len(rows) == 1:
                entry["columns"] = rows.pop()
        parameters = sum(it.layer.count for it in held)
        if self.settings and parameters:
            entry["measured"] = {it.label: _errors(it, found, parameters) for it in self.settings}
        return entry

    def _law(self, block: str, found: Sequence[Held]) -> dict[str, Any]:
        if self.law == LAWS[0]:
            counts = [it.finite for it in found]
            means = [it.layer.mean_magnitude or 0.0 for it in found]
            total = math.fsum(count * mean for count, mean in zip(counts, means, strict=True))
            return {"law": self.law, "rate": sum(counts) / total}
        law = fit_points([it.points for it in found if it.points is not None])
        shape, scale = float(law.shape), float(law.scale)  # type: ignore[arg-type]
        if not _SHAPES[0] <= shape <= _SHAPES[1]:
            where = f"the weights of block {block!r}" if block else "the weights"
            raise InputError(
                f"{where} have a generalised normal law of shape {shape:.3g}, and a scenario takes"
                f" {_SHAPES[0]:g} to {_SHAPES[1]:g}; leave out --law for the exponential law"
            )
        return {"law": self.law, "shape": shape, "scale": scale}


def _errors(setting: Setting, found: Sequence[Held], parameters: int) -> dict[int, float]:
    """Return the summed error over all parameters: what is not quantized errs by nothing."""
    sums = dict.fromkeys(bits_of(setting), 0.0)
    for held in found:
        for curve in held.curves:
            if curve.quantizer == setting.label:
                for bits, error in zip(curve.bits, curve.measured, strict=True):
                    sums[bits] += held.finite * error
    return {bits: _rounded(total / parameters) for bits, total in sums.items()}


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
