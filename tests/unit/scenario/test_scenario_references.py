"""Names that lead somewhere, and networks that do; faults of several parts at once."""

from __future__ import annotations

from typing import Any

import pytest
from toy import toy

from simran.allocation import ALLOCATORS
from simran.errors import ScenarioError
from simran.registry import Registry
from simran.scenario import load

CELL = {"channel": {"rate": "20 Mbit/s"}}


def _faults(document: dict[str, Any]) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        load(document)
    return [str(fault) for fault in caught.value.faults]


def _wide() -> dict[str, Any]:
    """Return a network of two cells and three servers in a row."""
    document = toy()
    document["network"] = {
        "cells": {"west": CELL, "east": CELL},
        "servers": {name: {"device": "edge"} for name in ("near", "far", "alone")},
        "links": [
            {"between": ["west", "near"]},
            {"between": ["far", "near"]},
            {"between": ["far", "east"]},
        ],
    }
    document["agents"]["a"] |= {"cell": "west", "server": "far"}
    return document


def test_a_server_may_be_several_links_away() -> None:
    assert load(_wide()).groups["a"].server == "far"


def test_a_server_that_no_link_leads_to() -> None:
    document = _wide()
    document["agents"]["a"]["server"] = "alone"
    assert _faults(document) == [
        "agents.a: no links lead from cell 'west' to server 'alone'"
        " (add - {between: [west, alone], rate: unlimited} to network.links)"
    ]
    del document["network"]["links"]
    document["agents"]["a"]["server"] = "far"
    assert "no links lead from cell 'west' to server 'far'" in _faults(document)[0]


def test_a_link_that_is_wrong_itself_cuts_nothing() -> None:
    document = _wide()
    document["network"]["links"][1]["rate"] = 0
    assert _faults(document) == ["network.links[1].rate: expected above 0, found 0"]


def test_cell_and_server_may_be_left_out_only_where_there_is_one() -> None:
    document = _wide()
    del document["agents"]["a"]["cell"], document["agents"]["a"]["server"]
    assert _faults(document) == [
        "agents.a: needs cell, of which there are several (known: east, west)",
        "agents.a: needs server, of which there are several (known: alone, far, near)",
    ]


def test_what_is_not_sound_itself_may_be_referred_to() -> None:
    document = toy(
        devices__robot__f_max=0, models__m__bits=[], network__cells__cell__channel__rate=0
    )
    assert sorted(fault.split(":")[0] for fault in _faults(document)) == [
        "devices.robot.f_max",
        "models.m.bits",
        "network.cells.cell.channel.rate",
    ]


def test_faults_of_structure_hide_none_of_meaning() -> None:
    document = toy(
        agents__a__count=0,
        devices__edge__flops_per_cycle="many",
        models__m__split="haed",
        network__servers__server__device="egde",
        allocator__name="exakt",
        warmup=1e9,
    )
    document["agents"]["b"] = {**toy()["agents"]["a"], "device": "robt"}
    assert sorted(fault.split(":")[0] for fault in _faults(document)) == [
        "agents.a.count",
        "agents.b.device",
        "allocator.name",
        "devices.edge.flops_per_cycle",
        "models.m.split",
        "network.servers.server.device",
        "warmup",
    ]


def test_every_registered_allocator_is_known() -> None:
    for name in ALLOCATORS.names():
        assert load(toy(allocator__name=name)).allocator.name == name

    @Registry[Any]("allocator", "simran.allocators").register("of-this-test")
    class Mine:
        """An allocator that is registered by its decorator alone."""

    try:
        assert load(toy(allocator__name="of-this-test")).allocator.name == "of-this-test"
    finally:
        ALLOCATORS._classes.pop("of-this-test")
    assert Mine.__doc__
    assert "there is no allocator 'of-this-test'" in _faults(toy(allocator__name="of-this-test"))[0]


def test_names_of_groups_number_their_agents() -> None:
    document = toy()
    document["agents"]["a/0"] = document["agents"]["a"]
    assert _faults(document) == [
        "agents.a/0: the name of a group holds no '/', which numbers its agents"
    ]
