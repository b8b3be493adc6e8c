"""Measured quality in a model profile."""

from __future__ import annotations

from typing import Any

from simran.calibration.real_inputs import CURVE_OF

__all__ = ["with_quality"]


def with_quality(profile: dict[str, Any], study: dict[str, Any], source: str) -> dict[str, Any]:
    """Return a profile with what was measured on real inputs.

    The quality curve, the measured errors and the output coefficient are of one quantizer, which becomes
    the profile's.

    Parameters
    ----------
    profile : in the keys of the scenario language
    study : as :func:`simran.calibration.measure_model` returns it
    source : what was measured, in words
    """
    row = study["quantizers"].get(CURVE_OF.label)
    if row is None:
        return profile
    quantizer = {"kind": CURVE_OF.kind, "scale": CURVE_OF.scale, "clip": CURVE_OF.clip}
    changed = {**profile, "quantizer": quantizer, "split": study["split"]}
    said = {**profile["provenance"]}
    said["quantizer"] = _entry("assumed", f"what was measured on inputs: {CURVE_OF.label}")
    fit = row["coefficient"]
    if fit is not None:
        changed["output_coefficient"] = fit["value"]
        said["output_coefficient"] = _entry(
            "measured",
            f"least squares at {min(fit['bits'])} to {max(fit['bits'])} bits of this"
            f" split and quantizer, residual {fit['residual']:.2g}: {source}",
        )
    said["split"] = _entry("assumed", f"where the model was cut: at {study['cut_at']}")
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
        if study["feature_bits"]:
            changed["blocks"] = [_with_features(it, study) for it in changed["blocks"]]
            said["blocks.feature_distortion"] = _entry(
                "measured",
                "error at the end with features in integers of so many bits, one scale for each request,"
                f" weights as they are: {source}",
            )
    provenance = {"provenance": said}
    changed.pop("provenance")
    return {**changed, **provenance}


def _with_features(block: dict[str, Any], study: dict[str, Any]) -> dict[str, Any]:
    """Return a block with what coarser features cost, if they are its own and counted in elements."""
    if block["name"] != study["split"] or "elements" not in block["output"]:
        return block
    errors = {it["bits"]: it["end_error"] for it in study["feature_bits"]}
    return {**block, "feature_distortion": errors}


def _entry(kind: str, source: str) -> dict[str, str]:
    return {"kind": kind, "source": source}
