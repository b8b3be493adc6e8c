"""Derivatives of the programme of least energy, against differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simran.allocation.frontier_programme import Place, Times, terms
from simran.allocation.loads import Stations

STEP = 1e-5
CLOSE = {"rtol": 1e-6, "atol": 1e-8}


def programme(seed):
    """Return four agents: a band or airtime, cores of two servers, a slice, and one who only sends."""
    rng = np.random.default_rng(seed)
    cores = np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [0.0, 0.0]])
    slices, works = np.array([0, 0, 1, 0]), np.array([1, 1, 1, 0])
    return Times(
        airtime_s=rng.uniform(0.05, 0.1, 4),
        efficiency=np.array([0.5, np.nan, 5.0, 600.0]),
        transmit_w=rng.uniform(0.5, 2.0, 4),
        work_s=rng.uniform(0.05, 0.1, 4) * works,
        slice_j=rng.uniform(0.5, 2.0, 4) * slices,
        clock_j=rng.uniform(0.5, 2.0, 4) * cores.sum(axis=1),
        slice_power=rng.uniform(1.0, 2.0, 4),
        kappa=rng.uniform(0.5, 2.0, 4),
        power=rng.uniform(1.0, 2.0, 4),
        time_s=rng.uniform(3.0, 4.0, 4),
        least_s=rng.uniform(0.1, 0.5, 4),
        energy_j=np.full(4, np.inf),
        cores=cores,
        least_log=np.array([-2.0, -1.0]),
        free=np.array([True, True]),
        stations=Stations(np.ones((4, 1)), np.zeros((4, 1))),
        room=1.0,
    )


def place(seed):
    rng = np.random.default_rng([seed, 1])
    return Place(np.log(rng.uniform(0.2, 0.6, (2, 4))), rng.uniform(-0.5, -0.1, 2))


def slope(task, at, side, name):
    """Return the derivative of a term by ln β (0), ln y (1) or l (2), from differences."""

    def value(step):
        shares, clocks = at.shares.copy(), at.clocks.copy()
        if side == 2:
            clocks += step
        else:
            shares[side] += step
        found = terms(task, Place(shares, clocks))
        return getattr(found, name)

    return (value(STEP) - value(-STEP)) / (2 * STEP)


@pytest.mark.parametrize("seed", range(3))
def test_derivatives_against_differences(seed):
    task, at = programme(seed), place(seed)
    found = terms(task, at)
    for side in (0, 1):
        np.testing.assert_allclose(found.by_share[side], slope(task, at, side, "energy_j"), **CLOSE)
        np.testing.assert_allclose(
            found.spare_by_share[side], slope(task, at, side, "spare_s"), **CLOSE
        )
        bends = slope(task, at, side, "by_share")
        whole = found.bend * found.spare_by_share[side] * found.spare_by_share
        whole[side] += found.diagonal[side]
        np.testing.assert_allclose(whole, bends, **CLOSE)
        bends = -slope(task, at, side, "spare_by_share")
        np.testing.assert_allclose(found.spare_bends[side], bends[side], **CLOSE)
        np.testing.assert_allclose(bends[1 - side], 0.0, atol=1e-9)
    np.testing.assert_allclose(found.by_clock, slope(task, at, 2, "energy_j"), **CLOSE)
    np.testing.assert_allclose(found.bend_by_clock, slope(task, at, 2, "by_clock"), **CLOSE)
    np.testing.assert_allclose(slope(task, at, 2, "spare_s"), 0.0, atol=1e-9)


def test_shares_of_cores_fall_with_time_and_clock_and_those_of_slices_with_time_alone():
    task, at = programme(0), place(0)
    found = terms(task, at)
    np.testing.assert_allclose(slope(task, at, 1, "server"), -found.server, **CLOSE)
    cores = task.cores.any(axis=1)
    np.testing.assert_allclose(slope(task, at, 2, "server"), -found.server * cores, **CLOSE)
    np.testing.assert_allclose(slope(task, at, 0, "cell"), found.cell, **CLOSE)


def test_energy_is_that_of_sending_computing_and_serving():
    task, at = programme(1), place(1)
    share, y = np.exp(at.shares)
    y = np.where(task.work_s > 0, y, 0.0)
    snr = 2.0**0.5 - 1
    sent_s = task.airtime_s / share
    sent_s[0] = task.airtime_s[0] * 0.5 / (share[0] * np.log2(1 + snr / share[0]))
    sent_s[2] = task.airtime_s[2] * 5.0 / (share[2] * np.log2(1 + 31.0 / share[2]))
    sent_s[3] = task.airtime_s[3] / (
        share[3] * (1 - np.log2(share[3]) / 600.0)
    )  # 2^600 to all digits
    z = task.time_s - sent_s - y
    expected = task.transmit_w * sent_s + task.kappa * z**-task.power
    expected[2] += task.slice_j[2] * y[2] ** -task.slice_power[2]
    level = at.clocks[[0, 1]]
    expected[:2] += task.clock_j[:2] * np.exp(task.slice_power[:2] * level)
    found = terms(task, at)
    np.testing.assert_allclose(found.energy_j, expected, rtol=1e-12)
    np.testing.assert_allclose(found.spare_s, z - task.least_s, rtol=1e-12)
    far = terms(replace(task, kappa=np.zeros(4)), at)
    np.testing.assert_allclose(
        far.energy_j - found.energy_j, -task.kappa * (found.spare_s + task.least_s) ** -task.power
    )
