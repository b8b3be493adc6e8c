"""What a quantizer is called wherever its figures stand: in curves, records and tables."""

from __future__ import annotations

from simran.distortion.blocks import Blocks
from simran.distortion.clipping import CLIP_RULES

__all__ = ["quantizer_label"]


def quantizer_label(kind: str, scale: str | int = "tensor", clip: str = "none") -> str:
    """Return the label of a quantizer, by which a quality curve is tied to it.

    Parameters
    ----------
    kind : name of the code book, such as ``uniform``
    scale : one for each ``tensor``, ``row`` or group of that many weights
    clip : rule by which the largest level is put below the largest weight; ``none`` if it is not

    Raises
    ------
    ValueError
        for another scale or rule

    Examples
    --------
    >>> quantizer_label("uniform"), quantizer_label("integer", "row")
    ('uniform', 'integer per row')
    >>> quantizer_label("uniform", 64, "mse")
    'uniform per group of 64, clipped by mse'
    """
    Blocks((1,), scale)
    if clip not in CLIP_RULES:
        raise ValueError(f"clip must be one of {', '.join(CLIP_RULES)}, got {clip!r}")
    per = "" if scale == "tensor" else f" per {scale}"
    if not isinstance(scale, str):
        per = f" per group of {scale}"
    return f"{kind}{per}" + ("" if clip == "none" else f", clipped by {clip}")
