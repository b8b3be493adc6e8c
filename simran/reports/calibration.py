"""What a calibration found, as a table and as a picture."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simran.errors import OutputError, StorageError
from simran.reports.tables import bullet, figure, filled, table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_calibration", "render_calibration"]

_FIGURES = {
    "count": "weights",
    "rate": "λ̂",
    "mean_magnitude": "mean |w|",
    "ks_exponential": "KS exponential",
    "ks_half_normal": "KS half-normal",
    "largest_over_mean": "largest/mean",
    "zeros": "zeros",
    "nonfinite": "NaN, inf",
}
_NAMED = 8


def render_calibration(record: Mapping[str, Any]) -> str:
    """Return the pooled statistics and the distortion against bits as tables.

    Parameters
    ----------
    record : what ``calibration.json`` holds
    """
    pools = {"all quantized": record["pooled"], "but embeddings": record["without_embeddings"]}
    rows = [[name, *(figure(pool[key]) for key in _FIGURES)] for name, pool in pools.items()]
    parts = [
        f"{record['name']}: {record['parameters']} parameters in {record['tensors']} tensors",
        table(["pooled", *_FIGURES.values()], rows),
    ]
    left = record["not_quantized"]
    if left:
        more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
        parts.append(filled(f"not quantized: {', '.join(left[:_NAMED])}{more}"))
    rate = record["pooled"]["rate"]
    curves = record["curves"]
    header = ["bits", *(f"{name} {what}" for name in curves for what in ("measured", "law"))]
    bits = next(iter(curves.values()))["bits"]
    cells = [
        [
            str(width),
            *(
                figure(curve[key][place] * rate)
                for curve in curves.values()
                for key in ("measured", "predicted")
            ),
        ]
        for place, width in enumerate(bits)
    ]
    title = "distortion: mean absolute error over mean magnitude, on the weights and by the law"
    parts.append(f"{title}\n{table(header, cells)}")
    if "output_distortion" in record:
        parts.append(_outputs(record["output_distortion"]))
    parts += [bullet(note) for note in record["notes"]]
    return "\n\n".join(parts)


def _outputs(study: Mapping[str, Any]) -> str:
    """Return what was measured on real inputs: one row for each quantizer."""
    bits = sorted({it["bits"] for row in study["quantizers"].values() for it in row["points"]})
    header = ["quantizer", "coefficient", "residual", "all bits", "knee", *map(str, bits)]
    rows = []
    for label, row in study["quantizers"].items():
        fit, knee = row["coefficient"] or {}, row["knee"] or {}
        judged = row["curve"] is not None
        values = {
            it["bits"]: it["quality"]["value"] if judged else it["end_relative"]
            for it in row["points"]
        }
        kept = [fit.get(key) for key in ("value", "residual", "residual_all")]
        cells = [*kept, knee.get("bits"), *(values.get(width) for width in bits)]
        rows.append([label, *map(figure, cells)])
    shown = "quality at each bit-width" if study["metric"] else "relative output error at each"
    title = (
        f"output distortion on {study['items']} inputs, cut at {study['cut_at']} (block"
        f" {study['split']}); {study['judged_by']}; {shown}; the knee allows a loss of"
        f" {figure(study['tolerance'])}"
    )
    return f"{filled(title)}\n{table(header, rows)}"


def draw_calibration(folder: Path) -> Path | None:
    """Draw ``calibration.png`` from a calibration's folder; None where matplotlib is missing.

    On the left the magnitudes with the exponential law of the same mean, on the right the distortion
    against bits, measured as points and predicted as lines.

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
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return None
    picture = Figure(figsize=(10, 4), constrained_layout=True)
    left, right = picture.subplots(1, 2)
    _magnitudes(left, record)
    _distortion(right, record)
    target = folder / "calibration.png"
    try:
        picture.savefig(target, dpi=130, metadata={"Software": None})
    except OSError as error:
        raise StorageError(f"{target}: cannot be written: {error.strerror}") from error
    return target


def _magnitudes(axes: Axes, record: Mapping[str, Any]) -> None:
    rate = record["pooled"]["rate"]
    borders = np.array(record["histogram"]["borders"]) * rate
    density = np.array(record["histogram"]["density"]) / rate
    axes.stairs(density, borders, fill=True, alpha=0.4, label=f"weights of {record['name']}")
    axes.plot(borders, np.exp(-borders), color="black", label=f"exponential, λ = {rate:.4g}")
    low = np.min(density, where=density > 0.0, initial=1.0)
    axes.set(yscale="log", ylim=(low / 2.0, 2.0), xlim=(0.0, borders[-1]))
    axes.set(xlabel="magnitude over its mean", ylabel="density")
    axes.legend(fontsize=8)


def _distortion(axes: Axes, record: Mapping[str, Any]) -> None:
    rate = record["pooled"]["rate"]
    for number, (name, curve) in enumerate(record["curves"].items()):
        color = f"C{number}"
        measured, predicted = (np.array(curve[key]) * rate for key in ("measured", "predicted"))
        axes.plot(curve["bits"], measured, "o", color=color, markersize=4, label=name)
        axes.plot(curve["bits"], predicted, "-", color=color, label=f"{name}, by the law")
    axes.set(yscale="log", xlabel="bits per weight", ylabel="mean error over mean magnitude")
    axes.legend(fontsize=8)
