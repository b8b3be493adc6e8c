"""Measured quality and output coefficient in a model profile."""

from __future__ import annotations

from typing import Any

from simran.calibration.real_inputs import CURVE_OF

__all__ = ["with_quality"]


def with_quality(profile: dict[str, Any], study: dict[str, Any], source: str) -> dict[str, Any]:
    """Return a profile with what was measured on real inputs.

    Parameters
    ----------
    profile : in the keys of the scenario language
    study : as :func:`simran.calibration.measure_model` returns it
    source : what was measured, in words
    """
    row = study["quantizers"].get(CURVE_OF.label)
    if row is None:
        return profile
    changed = {**profile, "quantizer": CURVE_OF.kind, "split": study["split"]}
    said = {**profile["provenance"]}
    said["quantizer"] = _entry("assumed", f"the code book that was measured: {CURVE_OF.label}")
    said["split"] = _entry("assumed", f"where the model was cut: at {study['cut_at']}")
    fit = row["coefficient"]
    if fit is not None:
        changed["output_coefficient"] = fit["value"]
        said["output_coefficient"] = _entry(
            "measured",
            f"{CURVE_OF.label}, {fit['bits'][0]} to {fit['bits'][-1]} bits: mean absolute error of"
            f" the outputs per parameter distortion, relative rms residual {fit['residual']:.2g},"
            f" over all bits {fit['residual_all']:.2g}: {source}",
        )
    curve = row["curve"]
    if curve is not None:
        points = dict(zip(curve["bits"], curve["fitted"], strict=True))
        points[profile["reference_bits"]] = curve["reference"]
        changed["quality"] = {
            "metric": curve["metric"],
            "quantizer": CURVE_OF.label,
            "reference": curve["reference"],
            "curves": {study["split"]: points},
        }
        noise = max(curve["deviations"])
        said["quality"] = _entry(
            "measured", f"monotone fit, standard deviation up to {noise:.2g}: {source}"
        )
    provenance = {"provenance": said}
    changed.pop("provenance")
    return {**changed, **provenance}


def _entry(kind: str, source: str) -> dict[str, str]:
    return {"kind": kind, "source": source}
