"""Every invariant of the rows catches the fault that it is there for."""

from __future__ import annotations

import numpy as np
import pytest
from rows import cut, refused, request

from simran.results.invariants import RequestChecks
from simran.results.table import Columns, block

SOUND = "every arrival accounted for", "causality", "stages add up to the delay"
NAMES = [*SOUND, "flags consistent with numbers"]


def rows() -> Columns:
    done = [request(0, 0.0), request(1, 100.1, uplink=9.0), request(2, 1e6 + 0.3)]
    return block([*done, refused(3, 5.0), cut(request(4, 2.0, server=99.0), 12.0)], 12.0)


def broken(columns: Columns, arrivals: int = 5) -> list[str]:
    checks = RequestChecks()
    checks.add(columns)
    found = checks.invariants(arrivals)
    assert [it.name for it in found] == NAMES
    assert all(
        it.as_dict() == {"name": it.name, "held": it.held, "detail": it.detail} for it in found
    )
    return [it.name for it in found if not it.held]


def test_sound_rows_hold() -> None:
    assert broken(rows()) == []


def test_a_request_that_was_lost_or_counted_twice() -> None:
    assert broken(rows(), arrivals=6) == NAMES[:1]
    assert broken(rows(), arrivals=4) == NAMES[:1]


@pytest.mark.parametrize(
    ("stamp", "before"),
    [
        ("agent_start", "arrival"),
        ("uplink_end", "uplink_start"),
        ("server_arrival", "uplink_end"),
        ("server_start", "agent_end"),
        ("finish", "server_end"),
    ],
)
def test_a_stamp_before_an_earlier_stage(stamp: str, before: str) -> None:
    columns = rows()
    columns[stamp][1] = columns[before][1] - 1e-6
    assert NAMES[1] in broken(columns)


def test_a_stamp_before_one_that_is_not_its_neighbour() -> None:
    """The stage between did not happen."""
    columns = rows()
    columns["server_arrival"][0] = columns["uplink_end"][0] = np.nan
    columns["server_start"][0] = columns["uplink_start"][0] - 1e-6
    assert NAMES[1] in broken(columns)


def test_a_stage_that_was_forgotten() -> None:
    columns = rows()
    columns["backhaul_s"][0] += 1e-6
    assert broken(columns) == NAMES[2:3]


@pytest.mark.parametrize("flag", ["delay_ok", "energy_ok"])
@pytest.mark.parametrize("row", [0, 1])
def test_a_flag_against_the_numbers(flag: str, row: int) -> None:
    columns = rows()
    columns[flag][row] = ~columns[flag][row]
    assert broken(columns) == NAMES[3:]


@pytest.mark.parametrize("row", range(5))
def test_a_cause_without_a_miss_or_a_miss_without_a_cause(row: int) -> None:
    columns = rows()
    columns["cause"][row] = 0 if columns["cause"][row] else 5
    assert broken(columns) == NAMES[3:]


def test_energy_is_summed_by_agent_over_blocks() -> None:
    checks = RequestChecks()
    for agents in ([0, 2], [1], [2, 2, 5]):
        requests = [
            request(n, 0.0, who=who, joules=(1.0, 0.5, 0.25)) for n, who in enumerate(agents)
        ]
        checks.add(block(requests, 100.0))
    assert checks.rows.tolist() == [1, 1, 3, 0, 0, 1]
    assert checks.agent_j.tolist() == [1, 1, 3, 0, 0, 1]
    assert checks.transmit_j.tolist() == [0.5, 0.5, 1.5, 0, 0, 0.5]
    assert checks.server_j.tolist() == [0.25, 0.25, 0.75, 0, 0, 0.25]
