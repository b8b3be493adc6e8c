"""The allocators that a study compares: a name or place, options, and a label for each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from simran.errors import InputError, UnknownNameError, shown
from simran.scenario import Scenario

__all__ = ["Variant", "read_variants", "scenario_of"]

_ENTRY = re.compile(r"(?:(?P<label>[^=:]+)=)?(?P<spec>.+?)(?::(?P<keys>[\w.-]+\s*=.*))?")
#: Keys of a scenario's ``allocator`` that a variant may set beside options.
_SETTINGS = ("every", "headroom", "select", "decision_time", "observation", "time_limit")


@dataclass(frozen=True)
class Variant:
    """One allocator of a comparison.

    Parameters
    ----------
    spec : registered name, ``package.module:Class`` or ``path.py:Class``
    options : of the allocator; what is left out takes its default
    settings : other keys of the scenario's ``allocator``, such as ``headroom``
    label : what tables call it; None for what it would be written as
    """

    spec: str
    options: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    label: str | None = None

    @property
    def name(self) -> str:
        """The label."""
        if self.label is not None:
            return self.label
        keys = [f"{key}={_text(value)}" for key, value in {**self.settings, **self.options}.items()]
        return ":".join([self.spec, ",".join(keys)] if keys else [self.spec])

    @classmethod
    def parse(cls, text: str) -> Variant:
        """Read ``[LABEL=]NAME[:key=value,…]``; values are YAML, keys options or settings.

        Raises
        ------
        InputError
            for anything else

        Examples
        --------
        >>> Variant.parse("safe=exact:headroom=0.2,assumed_share=0.5").settings
        {'headroom': 0.2}
        """
        found = _ENTRY.fullmatch(text.strip())
        if found is None:
            raise InputError(f"allocator: expected [LABEL=]NAME[:KEY=VALUE,…], found {shown(text)}")
        given = dict(_assigned(part, text) for part in _parted(found["keys"] or ""))
        settings = {key: value for key, value in given.items() if key.split(".")[0] in _SETTINGS}
        options = {key: value for key, value in given.items() if key not in settings}
        return cls(found["spec"], options, settings, found["label"] and found["label"].strip())


def read_variants(allocators: Iterable[str | Variant]) -> tuple[Variant, ...]:
    """Return variants of what was written or given, in order.

    Raises
    ------
    InputError
        if there is none, or two have the same label
    """
    found = tuple(it if isinstance(it, Variant) else Variant.parse(it) for it in allocators)
    names = [it.name for it in found]
    if not found:
        raise InputError("allocators: expected at least one, such as --allocators exact,joint")
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                f"allocators: {shown(name)} is there twice; write LABEL={name} to compare it with itself"
            )
    return found


def scenario_of(scenario: Scenario, variant: Variant, changes: Sequence[str] = ()) -> Scenario:
    """Return a scenario with that allocator in the place of its own.

    Every other key of ``allocator`` stays as it is; options are those of the variant alone.

    Parameters
    ----------
    scenario, variant : what to put together
    changes : further overrides, ``path=value``

    Raises
    ------
    InputError
        if there is no such allocator, or an option or setting is of no use
    """
    from simran.engine import refuse_options
    from simran.scenario import load

    name = _registered(variant)
    overrides = [
        *(f"allocator.{key}={_text(value)}" for key, value in variant.settings.items()),
        f"allocator.name={json.dumps(name)}",
        f"allocator.options={json.dumps(dict(variant.options))}",
        *changes,
    ]
    found = load(scenario.document, overrides, scenario.seed)
    refuse_options(found, overwrite=False)
    return found


def _registered(variant: Variant) -> str:
    """Return the name by which scenarios know an allocator: the one place where studies look it up.

    Raises
    ------
    InputError
        if there is none, or it has no such option and ``allocator`` no such setting
    """
    from simran.allocation import find_allocator
    from simran.allocation.lookup import full_name

    known = find_allocator(variant.spec).all_options()
    for key in variant.options:
        if key not in known:
            raise UnknownNameError(
                "option or setting", key, [*known, *_SETTINGS], f"allocator {variant.spec!r}"
            )
    return full_name(variant.spec)


def _parted(text: str) -> list[str]:
    """Return what stands between the commas that lie outside of brackets."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "[{(") - (sign in ")}]")
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [part for part in parts if part.strip()]


def _assigned(part: str, text: str) -> tuple[str, Any]:
    from simran.catalog import parse_document

    key, equals, value = part.partition("=")
    if not equals or not key.strip() or not value.strip():
        raise InputError(f"allocator {shown(text)}: expected KEY=VALUE, found {shown(part)}")
    return key.strip(), parse_document(value, text).data


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
