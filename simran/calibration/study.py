"""A study of output distortion as plain data: what was measured, fitted and read off."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from simran.calibration.coefficient import Coefficient, fit_coefficient
from simran.calibration.features import FeaturePoint
from simran.calibration.intervals import Estimate
from simran.calibration.knee import Knee, QualityCurve, find_knee, fit_curve
from simran.calibration.network import Metric
from simran.calibration.output_distortion import OutputStudy, Sweep

__all__ = [
    "FITTED_BITS",
    "Findings",
    "findings",
    "pooled_coefficient",
    "study_record",
]

#: Bit-widths that the coefficient is fitted on unless said otherwise: below, outputs saturate.
FITTED_BITS = (4, 5, 6, 7, 8)


@dataclass(frozen=True, slots=True)
class Findings:
    """What the points of one quantizer amount to.

    Parameters
    ----------
    split, end : coefficient at the split and at the end; None where nothing errs
    curve : of the quality; None without a metric
    knee : of the quality; None without a metric
    """

    split: Coefficient | None
    end: Coefficient | None
    curve: QualityCurve | None
    knee: Knee | None


def findings(
    study: OutputStudy,
    sweep: Sweep,
    tolerance: float = 0.01,
    fitted: Sequence[int] | None = FITTED_BITS,
) -> Findings:
    """Return coefficients, monotone curve and knee of one quantizer.

    Parameters
    ----------
    study : that the sweep belongs to
    sweep : of one quantizer
    tolerance : loss of quality that the knee allows, in the metric's unit
    fitted : bit-widths that the coefficients are fitted on; None: from the knee on, where outputs
        collapse below it, so that a line through all of them would be one through the collapse
    """
    metric, full = study.network.metric, study.quality
    if metric is None or full is None:
        return Findings(*_coefficients(sweep, fitted or ()), None, None)
    bits = [it.bits for it in sweep.points]
    qualities = [it.quality for it in sweep.points if it.quality is not None]
    losses = [it.loss for it in sweep.points if it.loss is not None]
    curve = fit_curve(sweep.setting.label, metric, bits, qualities, full)
    knee = find_knee(bits, losses, tolerance)
    if fitted is None:
        fitted = [it for it in bits if knee.bits is not None and it >= knee.bits]
    return Findings(*_coefficients(sweep, fitted), curve, knee)


def pooled_coefficient(
    study: OutputStudy, fitted: Sequence[int] | None = FITTED_BITS
) -> Coefficient | None:
    """Return one coefficient for the outputs under all quantizers; None where nothing errs.

    Where each is fitted on bit-widths of its own (``fitted`` None) there is none for all of them.
    """
    return None if fitted is None else _coefficient(study.sweeps, "end_error", fitted)


def study_record(
    study: OutputStudy,
    features: Sequence[FeaturePoint] = (),
    tolerance: float = 0.01,
    fitted: Sequence[int] | None = FITTED_BITS,
) -> dict[str, Any]:
    """Return a study of one split as plain data that JSON holds; what is not a number is null.

    Parameters
    ----------
    study : of all quantizers
    features : of the bits of the features
    tolerance, fitted : as :func:`findings` takes them
    """
    network = study.network
    record = {
        "parameters": network.parameters,
        "quantized_weights": sum(it.size for it in network.weights.values()),
        "items": len(study.full.outputs),
        "metric": _metric(network.metric),
        "quality": _estimate(study.quality),
        "tolerance": tolerance,
        "pooled_coefficient": _optional(pooled_coefficient(study, fitted)),
        "quantizers": {
            sweep.setting.label: _sweep(study, sweep, tolerance, fitted) for sweep in study.sweeps
        },
        "feature_bits": [asdict(it) for it in features],
    }
    plain: dict[str, Any] = _plain(record)
    return plain


def _coefficients(
    sweep: Sweep, fitted: Sequence[int]
) -> tuple[Coefficient | None, Coefficient | None]:
    split, end = (_coefficient([sweep], it, fitted) for it in ("split_error", "end_error"))
    return split, end


def _coefficient(sweeps: Sequence[Sweep], what: str, fitted: Sequence[int]) -> Coefficient | None:
    points = [it for sweep in sweeps for it in sweep.points]
    distortion = [it.parameter_distortion for it in points]
    errors = [float(getattr(it, what)) for it in points]
    try:
        return fit_coefficient(distortion, errors, [it.bits for it in points], fitted)
    except ValueError:
        return None


def _metric(metric: Metric | None) -> dict[str, str] | None:
    return None if metric is None else {"name": metric.name, "better": metric.better}


def _estimate(value: Estimate | None) -> dict[str, float] | None:
    return None if value is None else asdict(value)


def _optional(value: Coefficient | QualityCurve | Knee | None) -> dict[str, Any] | None:
    return None if value is None else asdict(value)


def _sweep(
    study: OutputStudy, sweep: Sweep, tolerance: float, fitted: Sequence[int] | None
) -> dict[str, Any]:
    found = findings(study, sweep, tolerance, fitted)
    return {
        "setting": asdict(sweep.setting),
        "points": [asdict(it) for it in sweep.points],
        "split_coefficient": _optional(found.split),
        "coefficient": _optional(found.end),
        "curve": _optional(found.curve),
        "knee": _optional(found.knee),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(it) for key, it in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(it) for it in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
