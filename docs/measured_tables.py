"""The tables of measured output distortion, from the records in ``benchmarks/results``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from simran.catalog import model_names, profile

__all__ = ["calibrate_page"]

DOCS = Path(__file__).parent
RESULTS = DOCS.parent / "benchmarks" / "results"
_BEGIN, _END = "<!-- from the records -->", "<!-- end of what is from the records -->"
_BITS = (8, 6, 5, 4, 3)


def calibrate_page() -> str:
    """Return the page on calibration with the tables as the records have them now."""
    text = (DOCS / "calibrate.md").read_text(encoding="utf-8")
    head, rest = text.split(_BEGIN)
    _, tail = rest.split(_END)
    parts = [part for record, split in _records() for part in _model(record, split)]
    return "\n\n".join([head + _BEGIN, *parts, _END + tail])


def _records() -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each record and the split that is shown: the profile's, else the first."""
    for path in sorted(RESULTS.glob("output_*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        split = next(iter(record["splits"]))
        if record["name"] in model_names():
            split = profile("models", record["name"], Path()).data["split"]
        yield record, split


def _model(record: dict[str, Any], split: str) -> list[str]:
    study = record["splits"][split]
    full, metric = study["quality"], study["metric"]
    name, tolerance = metric["name"], study["tolerance"]
    told = (
        f"**{record['name']}**, cut after {split}: {record['inputs']['source']}; {study['items']} items;"
        f" {name} with full precision {full['value']:.3f} (95 % interval {full['low']:.3f} to"
        f" {full['high']:.3f}); {study['quantized_weights']:,} of {study['parameters']:,} parameters are"
        f" quantized. The knee allows a loss of {tolerance:g}."
    )
    parts = [told, _table(study), _features(study)]
    bounds = [
        point["bound"]["largest_share"]
        for it in record["splits"].values()
        for row in it["quantizers"].values()
        for point in row["points"]
        if "bound" in point
    ]
    if bounds:
        parts.append(
            f"At all {len(bounds)} points of all {len(record['splits'])} splits the error stays below the"
            f" rigorous bound; where it comes nearest, it is {max(bounds):.1g} of it."
        )
    return parts


def _table(study: dict[str, Any]) -> str:
    head = ["quantizer", "coefficient", "residual", "over all bits", "knee (sure)"]
    rows = [[*head, *(f"at {width}" for width in _BITS)]]
    rows.append(["---"] * len(rows[0]))
    for label, row in study["quantizers"].items():
        if row["setting"]["clip"] != "none":
            continue
        fit, knee = row["coefficient"], row["knee"]
        values = {it["bits"]: it["quality"]["value"] for it in row["points"]}
        fitted = (
            [f"{fit['value']:.3g}", *(_percent(fit[it]) for it in ("residual", "residual_all"))]
            if fit
            else ["–"] * 3
        )
        kneed = f"{knee['bits'] or '–'} ({knee['sure_bits'] or '–'})"
        shown = [f"{values[it]:.3f}" if it in values else "–" for it in _BITS]
        rows.append([label, *fitted, kneed, *shown])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _percent(value: float) -> str:
    return f"{100.0 * value:.0f} %"


def _features(study: dict[str, Any]) -> str:
    """Return from which bits on the features that are sent cost less than the tolerance."""
    rows = study["feature_bits"]
    if not rows:
        return "The bits of the features were not measured."
    fine = None
    for row in reversed(rows):
        if row["loss"]["value"] > study["tolerance"] + 1e-9:
            break
        fine = row["bits"]
    least = rows[0]
    start = (
        f"Features: symmetric integers, one scale for each item, of {least['bits']} bits leave"
        f" {least['quality']['value']:.3f}"
    )
    return f"{start}; from {fine} bits on the loss is within the same tolerance." if fine else start
