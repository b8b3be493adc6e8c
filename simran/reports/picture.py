"""Pictures, where matplotlib is there to draw them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simran.errors import StorageError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["new_picture", "save_picture"]


def new_picture(width_in: float, height_in: float) -> Figure | None:
    """Return an empty picture, or None where matplotlib is missing.

    Parameters
    ----------
    width_in, height_in : its size [inch]
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return None
    return Figure(figsize=(width_in, height_in), constrained_layout=True)


def save_picture(picture: Figure, target: Path) -> Path:
    """Write a picture, the same bytes for the same drawing, and return where it is.

    Parameters
    ----------
    picture : drawn
    target : the file

    Raises
    ------
    StorageError
        if it cannot be written
    """
    try:
        picture.savefig(target, dpi=130, metadata={"Software": None})
    except OSError as error:
        raise StorageError(f"{target}: cannot be written: {error.strerror}") from error
    return target
