"""A quantizer as a scenario names it: a code book, what shares a scale, where its largest level lies."""

from __future__ import annotations

import re
from dataclasses import dataclass

from simran.distortion.blocks import Blocks
from simran.distortion.code_books import CODE_BOOKS
from simran.distortion.labels import quantizer_label

__all__ = ["KINDS", "SCHEME_CLIPS", "Scheme"]

#: Kinds of quantizer, sorted: the code books, and the best that any code of that rate could do.
KINDS = tuple(sorted((*CODE_BOOKS, "rate-distortion")))
#: Rules for the largest level, sorted.
SCHEME_CLIPS = ("mae", "mse", "none")

_LABEL = re.compile(r"([a-z-]+)(?: per (row|group of (\d+)))?(?:, clipped by ([a-z]+))?")


@dataclass(frozen=True, slots=True)
class Scheme:
    """A quantizer without its bits.

    Parameters
    ----------
    kind : one of :data:`KINDS`
    scale : one for each ``tensor``, ``row`` or group of that many weights
    clip : the largest level lies where the absolute (``mae``) or the squared (``mse``) error is
        least, or at the largest weight (``none``)

    Raises
    ------
    ValueError
        for an unknown kind, scale or rule, and for rate-distortion with any but the default ones

    Examples
    --------
    >>> Scheme("uniform", "row", "none").label, Scheme("lloyd-max").label
    ('uniform per row', 'lloyd-max, clipped by mae')
    """

    kind: str
    scale: str | int = "tensor"
    clip: str = "mae"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}, got {self.kind!r}")
        Blocks((1,), self.scale)
        if self.clip not in SCHEME_CLIPS:
            raise ValueError(f"clip must be one of {', '.join(SCHEME_CLIPS)}, got {self.clip!r}")
        if self.kind == "rate-distortion" and (self.scale, self.clip) != ("tensor", "mae"):
            raise ValueError("rate-distortion is no code book: it has neither scale nor clip")

    @property
    def label(self) -> str:
        """Return what it is called in curves, records and tables of measured errors."""
        if self.kind == "rate-distortion":
            return self.kind
        return quantizer_label(self.kind, self.scale, self.clip)

    @property
    def least_bits(self) -> int:
        """Return the bits that it has at least."""
        return 2 if self.kind == "integer" else 1

    @classmethod
    def of_label(cls, label: str) -> Scheme:
        """Return the quantizer that a label stands for.

        Raises
        ------
        ValueError
            if it is none

        Examples
        --------
        >>> Scheme.of_label("integer per group of 64, clipped by mse")
        Scheme(kind='integer', scale=64, clip='mse')
        """
        match = _LABEL.fullmatch(label)
        if label == "rate-distortion":
            return cls(label)
        if match is None or match[1] not in CODE_BOOKS:
            raise ValueError(f"{label!r} is not the label of a quantizer")
        scale = int(match[3]) if match[3] else match[2] or "tensor"
        found = cls(match[1], scale, match[4] or "none")
        if found.label != label:
            raise ValueError(f"{label!r} is not the label of a quantizer, but {found.label!r} is")
        return found
