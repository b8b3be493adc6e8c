"""What users write for an allocator."""

from __future__ import annotations

import pytest

from simran.errors import InputError
from simran.experiments.variants import Variant


@pytest.mark.parametrize(
    ("text", "spec", "options", "settings", "name"),
    [
        ("exact", "exact", {}, {}, "exact"),
        ("a=exact", "exact", {}, {}, "a"),
        ("fixed-bits:bits=4", "fixed-bits", {"bits": 4}, {}, "fixed-bits:bits=4"),
        ("exact:headroom=0.1,assumed_share=0.5", "exact", {"assumed_share": 0.5}, {"headroom": 0.1},
         "exact:headroom=0.1,assumed_share=0.5"),
        ("x.py:C", "x.py:C", {}, {}, "x.py:C"),
        ("mine=dir/x.py:C:k=[1, 2],every=per-request", "dir/x.py:C", {"k": [1, 2]},
         {"every": "per-request"}, "mine"),
        ("exact:observation.delay=1 s", "exact", {}, {"observation.delay": "1 s"},
         "exact:observation.delay=1 s"),
    ],
)  # fmt: skip
def test_it_is_read(
    text: str, spec: str, options: dict[str, object], settings: dict[str, object], name: str
) -> None:
    found = Variant.parse(text)
    assert (found.spec, found.options, found.settings, found.name) == (
        spec,
        options,
        settings,
        name,
    )


@pytest.mark.parametrize("text", ["", "exact:a=1,b", "exact:a=", "exact:a=[1"])
def test_what_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(InputError):
        Variant.parse(text)
