"""A quantizer without its bits: what is tried at every bit-width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

from simran.distortion import CODE_BOOKS, Clip, Quantizer, Scheme, quantizer_label
from simran.errors import InputError, hint, shown

__all__ = ["CALIBRATED", "CARRIED", "SETTINGS", "Setting", "setting_of", "settings_of"]


@dataclass(frozen=True, slots=True)
class Setting:
    """A code book, what shares a scale, and where the largest level lies.

    Parameters
    ----------
    kind : one of :data:`simran.distortion.CODE_BOOKS`
    scale : one for each ``tensor``, ``row`` or group of that many weights
    clip : ``none``: the largest level is the largest weight; ``mae`` or ``mse``: where the absolute
        or the squared error is least

    Examples
    --------
    >>> Setting("uniform", "row").label
    'uniform per row'
    """

    kind: str
    scale: str | int = "tensor"
    clip: Literal["mae", "mse", "none"] = "none"

    @property
    def label(self) -> str:
        """Return what it is called in curves, records and tables."""
        return quantizer_label(self.kind, self.scale, self.clip)

    @property
    def least_bits(self) -> int:
        """Return the bits that its code book has at least."""
        return 2 if self.kind == "integer" else 1

    def quantizer(self, bits: int) -> Quantizer:
        """Return the quantizer at a bit-width.

        Raises
        ------
        ValueError
            for an unknown kind or bits that it does not have
        """
        return Quantizer(self.kind, bits, self.scale, Clip(self.clip))


def settings_of(
    kinds: Sequence[str] = CODE_BOOKS,
    scales: Sequence[str | int] = ("tensor", "row", 64),
    clips: Sequence[Literal["mae", "mse", "none"]] = ("none", "mse"),
) -> tuple[Setting, ...]:
    """Return every combination, in order."""
    return tuple(Setting(kind, scale, clip) for kind in kinds for scale in scales for clip in clips)


#: Every code book at every scale, with and without clipping.
SETTINGS = settings_of()
#: What a calibration measures: every code book at every scale with the largest level at the largest
#: weight, and with one best scale per tensor.
CALIBRATED = (
    *settings_of(scales=("tensor", "row", 32, 64, 128), clips=("none",)),
    *settings_of(scales=("tensor",), clips=("mae",)),
)

#: Of these, what a profile carries unless the quantizers are chosen.
CARRIED = (
    *settings_of(("integer", "uniform"), ("row", 64), ("none",)),
    *settings_of(("power-of-two",), ("row",), ("none",)),
    *settings_of(scales=("tensor",), clips=("mae",)),
)


def setting_of(label: str) -> Setting:
    """Return the setting that a label names.

    Raises
    ------
    InputError
        if it names none

    Examples
    --------
    >>> setting_of("uniform per group of 64, clipped by mse")
    Setting(kind='uniform', scale=64, clip='mse')
    """
    try:
        scheme = Scheme.of_label(label.strip())
        if scheme.kind in CODE_BOOKS:
            clip = cast(Literal["mae", "mse", "none"], scheme.clip)
            return Setting(scheme.kind, scheme.scale, clip)
    except ValueError:
        pass  # told below, with what is known
    raise InputError(
        "expected a quantizer such as 'uniform per row', 'integer per group of 64' or 'uniform, clipped"
        f" by mae', of {', '.join(CODE_BOOKS)}; found {shown(label)};"
        f" {hint(label, [it.label for it in CALIBRATED])}"
    )
