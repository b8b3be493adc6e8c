"""What differs between a problem as it was given and as it came back."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np

__all__ = ["changed"]


def changed(before: Any, after: Any) -> str:
    """Return the name of the first field that differs, such as ``tables[0].distortion``, or ``""``.

    Parameters
    ----------
    before, after : two problems, or two of their parts
    """
    for name in (f.name for f in fields(before)):
        one, other = getattr(before, name), getattr(after, name)
        if isinstance(one, np.ndarray):
            if one.shape != other.shape or one.tobytes() != other.tobytes():
                return name
        elif name in ("agent_clock", "server_clock", "state"):
            found = changed(one, other)
            if found:
                return f"{name}.{found}"
        elif name == "tables":
            for index, pair in enumerate(zip(one, other, strict=True)):
                found = changed(*pair)
                if found:
                    return f"tables[{index}].{found}"
        elif one != other:
            return name
    return ""
