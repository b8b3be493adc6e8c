"""What the language will hold and this version does not: refused, never accepted and ignored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simran.errors import Fault
from simran.scenario.compose import Composed

__all__ = ["LATER_KEYS", "LATER_VALUES", "refuse_later"]

Key = tuple[str | int, ...]

#: Key patterns of later versions; their null or default is accepted.
LATER_KEYS: tuple[tuple[tuple[str, ...], tuple[Any, ...]], ...] = (
    (("outputs", "trace"), (False,)),
    (("network", "clouds"), ({},)),
    (("network", "cells", "*", "position"), ()),
    (("network", "cells", "*", "carrier"), ()),
    (("network", "cells", "*", "channel", "pathloss"), ()),
    (("network", "cells", "*", "channel", "shadowing"), (False,)),
    (("network", "cells", "*", "channel", "fading"), ("none",)),
    (("agents", "*", "mobility"), ({},)),
    (("agents", "*", "battery"), ({},)),
    (("agents", "*", "actuation"), ({},)),
    (("agents", "*", "start"), (0, "0 s")),
    (("agents", "*", "stop"), ()),
)

#: Values of later versions, by key pattern.
LATER_VALUES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (
        ("network", "cells", "*", "uplink_scheduler"),
        ("proportional-fair", "max-rate", "earliest-deadline"),
    ),
    (("network", "servers", "*", "discipline"), ("batch", "baseband")),
    (("models", "*", "cost"), ("roofline",)),
)


def refuse_later(whole: Composed) -> Iterator[Fault]:
    """Yield a fault for everything that a later version builds, and take it out of the data."""
    for pattern, defaults in LATER_KEYS:
        for path, holder in list(_matches(whole.data, pattern)):
            key = str(path[-1])
            value = holder.pop(key)
            if value is not None and value not in defaults:
                yield whole.fault(path, f"{key} is not in this version")
    for pattern, values in LATER_VALUES:
        for path, holder in list(_matches(whole.data, pattern)):
            key = str(path[-1])
            value = holder[key]
            if isinstance(value, str) and value in values:
                del holder[key]
                yield whole.fault(path, f"{value!r} is not in this version")


def _matches(
    data: Any, pattern: tuple[str, ...], at: Key = ()
) -> Iterator[tuple[Key, dict[str, Any]]]:
    if not isinstance(data, dict):
        return
    head, rest = pattern[0], pattern[1:]
    for key in list(data) if head == "*" else [head] if head in data else []:
        if rest:
            yield from _matches(data[key], rest, (*at, key))
        else:
            yield (*at, key), data
