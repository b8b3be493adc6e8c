"""What a calibration found, as a table and as a picture."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simran.errors import OutputError
from simran.reports.picture import new_picture, save_picture
from simran.reports.tables import bullet, figure, filled, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_calibration", "render_calibration"]

_FIGURES = {
    "count": "weights",
    "mean_magnitude": "mean |w|",
    "largest_over_mean": "largest/mean",
    "zeros": "zeros",
    "nonfinite": "NaN, inf",
}
_NAMED = 8
_BITS = tuple(range(1, 9))
#: Drawn, if measured; the others are in the tables.
_DRAWN = ("integer", "integer per row", "integer per group of 64", "uniform per row")


def render_calibration(record: Mapping[str, Any]) -> str:
    """Return the pooled statistics, the laws and the distortion against bits as tables.

    Parameters
    ----------
    record : what ``calibration.json`` holds
    """
    pools = {"all quantized": record["pooled"]}
    if record["without_embeddings"]["count"] != record["pooled"]["count"]:
        pools["without embeddings"] = record["without_embeddings"]
    rows = [[name, *(figure(pool[key]) for key in _FIGURES)] for name, pool in pools.items()]
    parts = [
        f"{record['name']}: {record['parameters']} parameters in {record['tensors']} tensors",
        table(["pooled", *_FIGURES.values()], rows),
        _laws(pools, record["tensor_laws"]),
    ]
    left = record["not_quantized"]
    if left:
        more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
        parts.append(filled(f"not quantized: {', '.join(left[:_NAMED])}{more}"))
    parts.append(_distortions(record["curves"], record["pooled"]["rate"]))
    if "output_distortion" in record:
        parts += [_outputs(record["output_distortion"]), _knees(record["output_distortion"])]
    parts += [bullet(note) for note in record["notes"]]
    return "\n\n".join(parts)


def _laws(pools: Mapping[str, Mapping[str, Any]], tensors: Mapping[str, Any]) -> str:
    rows = []
    for name, pool in pools.items():
        fitted = f"shape {figure(pool['generalised_shape'])}, a {figure(pool['generalised_scale'])}"
        laws = {
            "exponential": (f"λ {figure(pool['rate'])}", "exponential"),
            "generalised normal": (fitted, "generalised"),
            "half-normal": ("", "half_normal"),
        }
        for law, (parameters, key) in laws.items():
            likelihood = figure(pool.get(f"log_likelihood_{key}"))
            rows.append([f"{name}: {law}", parameters, figure(pool[f"ks_{key}"]), likelihood])
    header = ["law of greatest likelihood", "fitted", "KS distance", "log-likelihood"]
    single = (
        f"tensor by tensor: shape {figure(tensors['shape_least'], 3)} to"
        f" {figure(tensors['shape_most'], 3)}, median {figure(tensors['shape_median'], 3)} (1 is"
        f" Laplace, 2 is Gauss); the exponential law is at the lesser distance in"
        f" {tensors['nearer_exponential']} of {tensors['count']}"
    )
    note = "log-likelihood: mean of the signed weights [nat per weight]"
    return f"{table(header, rows)}\n{filled(note)}\n{filled(single)}"


def _distortions(curves: Mapping[str, Any], rate: float) -> str:
    """Return one row for each quantizer and, where the law predicts it, one more."""
    rows = []
    for name, curve in curves.items():
        for key, label in (("measured", name), ("predicted", "  by the exponential law")):
            if curve[key] is not None:
                found = dict(zip(curve["bits"], curve[key], strict=True))
                cells = [found[it] * rate if it in found else None for it in _BITS]
                rows.append([label, *(figure(it, 3) for it in cells)])
    title = (
        "distortion at 1 to 8 bits: mean absolute error of the weights over their mean magnitude"
    )
    return f"{filled(title)}\n{table(['quantizer', *map(str, _BITS)], rows)}"


def _outputs(study: Mapping[str, Any]) -> str:
    """Return what was measured on real inputs, in two tables of one row for each quantizer."""
    bits = sorted({it["bits"] for row in study["quantizers"].values() for it in row["points"]})
    fits: list[list[str] | str] = []
    rows: list[list[str] | str] = []
    for label, row in study["quantizers"].items():
        fit, knee = row["coefficient"] or {}, row["knee"] or {}
        judged = row["curve"] is not None
        values = {
            it["bits"]: it["quality"]["value"] if judged else it["end_relative"]
            for it in row["points"]
        }
        kept = [fit.get(key) for key in ("value", "residual", "residual_all")]
        fits.append([label, *map(figure, [*kept, knee.get("bits"), knee.get("sure_bits")])])
        rows.append([label, *(figure(values.get(width)) for width in bits)])
    shown = "quality" if study["metric"] else "relative output error"
    title = (
        f"output distortion on {study['items']} inputs, cut at {study['cut_at']} (block"
        f" {study['split']}); {study['judged_by']}; the knee allows a loss of"
        f" {figure(study['tolerance'])}"
    )
    first = table(["quantizer", "coefficient", "residual", "all bits", "knee", "sure"], fits)
    second = table(["quantizer", *map(str, bits)], rows)
    return f"{filled(title)}\n{first}\n\n{shown} at each bit-width\n{second}"


def _knees(study: Mapping[str, Any]) -> str:
    """Return the knee of each quantizer in a sentence, with the noise that it was found in."""
    lines = []
    for label, row in study["quantizers"].items():
        knee, curve = row["knee"], row["curve"]
        if knee is None or curve is None:
            continue
        if knee["bits"] is None:
            text = f"{label}: no bit-width is within the tolerance"
        elif knee["sure_bits"] is None:
            text = f"{label}: {knee['bits']} bits, not sure at any bit-width measured"
        else:
            text = f"{label}: {knee['bits']} bits, sure from {knee['sure_bits']}"
        noise = figure(max(curve["deviations"]), 2)
        lines.append(f"{text} (standard deviation of a point up to {noise})")
    if not lines:
        return "no knee: the outputs are not judged"
    title = (
        f"knee, the fewest bits from which the loss of quality stays within"
        f" {figure(study['tolerance'])} of full precision; sure: also the upper end of the loss's 95 %"
        f" interval on these {study['items']} items"
    )
    return "\n".join([filled(title), *map(bullet, lines)])


def draw_calibration(folder: Path) -> Path | None:
    """Draw ``calibration.png`` from a calibration's folder; None where matplotlib is missing.

    On the left the magnitudes with the two laws of greatest likelihood, on the right the distortion of
    some quantizers against bits, measured as points and predicted as lines.

    Raises
    ------
    OutputError
        if the folder holds no calibration
    StorageError
        if the picture cannot be written
    """
    try:
        record = json.loads((folder / "calibration.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OutputError(f"{folder}: holds no calibration: {error}") from error
    picture = new_picture(12.0, 4.2)
    if picture is None:
        return None
    left, right = picture.subplots(1, 2)
    _magnitudes(left, record)
    _distortion(right, record)
    return save_picture(picture, folder / "calibration.png")


def _magnitudes(axes: Axes, record: Mapping[str, Any]) -> None:
    pool = record["pooled"]
    rate, shape, scale = (pool[it] for it in ("rate", "generalised_shape", "generalised_scale"))
    borders = np.array(record["histogram"]["borders"])
    density = np.array(record["histogram"]["density"])
    axes.stairs(
        density / rate, borders * rate, fill=True, alpha=0.4, label=f"weights of {record['name']}"
    )
    laws = {
        f"exponential, λ = {rate:.4g}": rate * np.exp(-rate * borders),
        f"generalised normal, shape {shape:.3g}": shape
        / (scale * math.gamma(1.0 / shape))
        * np.exp(-((borders / scale) ** shape)),
    }
    for style, (label, values) in zip(("-", "--"), laws.items(), strict=True):
        axes.plot(borders * rate, values / rate, style, color="black", label=label)
    low = np.min(density / rate, where=density > 0.0, initial=1.0)
    axes.set(yscale="log", ylim=(low / 2.0, 2.0), xlim=(0.0, borders[-1] * rate))
    axes.set(xlabel="magnitude over its mean", ylabel="density")
    axes.legend(fontsize=8)


def _distortion(axes: Axes, record: Mapping[str, Any]) -> None:
    rate = record["pooled"]["rate"]
    curves = record["curves"]
    drawn = {it: row for it, row in curves.items() if it in _DRAWN or row["predicted"] is not None}
    for number, (name, curve) in enumerate((drawn or curves).items()):
        color = f"C{number % 10}"
        measured = np.array(curve["measured"]) * rate
        if curve["predicted"] is None:
            axes.plot(curve["bits"], measured, "x:", color=color, markersize=4, label=name)
            continue
        axes.plot(curve["bits"], measured, "o", color=color, markersize=4, label=name)
        predicted = np.array(curve["predicted"]) * rate
        axes.plot(curve["bits"], predicted, "-", color=color, label=f"{name}, by the law")
    axes.set(yscale="log", xlabel="bits per weight", ylabel="mean error over mean magnitude")
    axes.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
