"""Measured quality in a model profile."""

from __future__ import annotations

from typing import Any

from simran.calibration.real_inputs import CURVE_OF

__all__ = ["with_quality"]


def with_quality(profile: dict[str, Any], study: dict[str, Any], source: str) -> dict[str, Any]:
    """Return a profile with what was measured on real inputs.

    The output coefficient stays with the study: it holds for the quantizer that was measured, with a
    scale per row, which the scenario language cannot name, so the profile's distortion is not of it.

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
    said["quantizer"] = _entry(
        "assumed", f"code book as measured, with its scale: {CURVE_OF.label}"
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
    provenance = {"provenance": said}
    changed.pop("provenance")
    return {**changed, **provenance}


def _entry(kind: str, source: str) -> dict[str, str]:
    return {"kind": kind, "source": source}
