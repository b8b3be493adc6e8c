"""What a later version builds is refused, its default accepted, and neither is kept."""

from __future__ import annotations

from typing import Any

import pytest
from toy import toy

from simran.catalog import LATER
from simran.errors import ScenarioError
from simran.scenario import load

CELL = {"channel": {"rate": "20 Mbit/s"}}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"outputs__trace": False}, "trace"),
        ({"outputs__trace": True}, None),
        ({"network__clouds": {}}, "clouds"),
        ({"network__clouds": {"far": {}}}, None),
        ({"agents__a__mobility": {}}, "mobility"),
        ({"agents__a__mobility": {"speed": 1}}, None),
        ({"agents__a__battery": {}}, "battery"),
        ({"agents__a__battery": {"capacity": "50 Wh"}}, None),
        ({"agents__a__actuation": {}}, "actuation"),
        ({"agents__a__actuation": {"power": "5 W"}}, None),
        ({"agents__a__start": 0}, "start"),
        ({"agents__a__start": "0 s"}, "start"),
        ({"agents__a__start": "1 s"}, None),
        ({"agents__a__stop": "1 s"}, None),
        ({"network__cells__cell": {**CELL, "position": [0, 0]}}, None),
        ({"network__cells__cell": {**CELL, "carrier": "3.5 GHz"}}, None),
        ({"network__cells__cell__channel__pathloss": "3gpp-uma"}, None),
        ({"network__cells__cell__channel__shadowing": False}, "shadowing"),
        ({"network__cells__cell__channel__shadowing": True}, None),
        ({"network__cells__cell__channel__fading": "none"}, "fading"),
        ({"network__cells__cell__channel__fading": "rayleigh"}, None),
        ({"network__cells__cell__uplink_scheduler": "max-rate"}, None),
        ({"network__cells__cell__uplink_scheduler": "equal-share"}, "none"),
        ({"network__cells__cell__sharing": "time"}, "none"),
        ({"network__servers__server__discipline": "batch"}, None),
        ({"network__servers__server__discipline": "baseband"}, None),
        ({"models__m__cost": "roofline"}, None),
        ({"models__m__cost": "linear-in-bits"}, "none"),
    ],
)
def test_refused_unless_it_is_the_default(change: dict[str, Any], key: str | None) -> None:
    document = toy(**change)
    if key is None:
        with pytest.raises(ScenarioError) as caught:
            load(document)
        assert len(caught.value.faults) == 1
        assert "is not in this version" in str(caught.value)
    else:
        plain, given = load(toy()), load(document)
        assert (given.groups, given.cells, given.servers) == (
            plain.groups,
            plain.cells,
            plain.servers,
        )
        assert f"'{key}'" not in repr(given.document)


@pytest.mark.parametrize(
    "path", ["outputs__trace", "network__clouds", "agents__a__mobility", "agents__a__stop"]
)
def test_nothing_at_all_is_the_default_too(path: str) -> None:
    document = toy(**{path: "placeholder"})
    place: Any = document
    *parents, last = path.split("__")
    for key in parents:
        place = place[key]
    place[last] = None
    assert load(document).groups == load(toy()).groups


def test_later_models_of_the_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LATER, "models", ("next-year",))
    with pytest.raises(ScenarioError, match="'next-year' is not in this version"):
        load(toy(models__m={"profile": "next-year"}))
