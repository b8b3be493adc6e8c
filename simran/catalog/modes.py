"""Devices that have modes: sets of keys of which one is in force, such as a board's power modes."""

from __future__ import annotations

from simran.catalog.document import Document, plain
from simran.catalog.merging import merge
from simran.errors import hint, shown

__all__ = ["mode_fault", "with_mode"]


def with_mode(document: Document, mode: str | None = None) -> Document:
    """Return a device with the keys of one of its modes in force.

    Parameters
    ----------
    document : a device; its ``modes`` map names to keys that take the place of its own
    mode : name; None for the one that the device names under ``mode``

    Returns
    -------
    a copy; as it was where there is no such mode, which :func:`mode_fault` reports
    """
    result = Document(plain(document.data), dict(document.marks))
    modes = result.data.get("modes")
    chosen = result.data.get("mode") if mode is None else mode
    if isinstance(modes, dict) and isinstance(modes.get(str(chosen)), dict):
        own = Document(plain(modes[str(chosen)]), dict(result.below(("modes", str(chosen)))))
        merge(result, own)
    return result


def mode_fault(document: Document) -> tuple[str, str, str | None] | None:
    """Return the key, message and suggestion of what is wrong with a device's mode, if anything."""
    modes, mode = document.data.get("modes"), document.data.get("mode")
    if modes is not None and not isinstance(modes, dict):
        return None  # a fault of structure, which the schema reports
    if not modes:
        return None if mode is None else ("mode", "this device has no modes", None)
    if mode is None:
        return "modes", "needs mode, to say which of them is in force", hint("", modes)
    if str(mode) in modes:
        return None
    return "mode", f"there is no mode {shown(str(mode))}", hint(str(mode), modes)
