"""Queueing theory in 99.9 % intervals over replications whose number was fixed beforehand."""

from __future__ import annotations

import ciw
import numpy as np
import pytest

from simran.experiments.queueing import QueueCase, check_case, erlang_c, queue_cases
from simran.experiments.recursions import (
    first_come_first_served,
    processor_sharing,
    recursion_checks,
)

REPLICATIONS = 10
#: Load -> requests of each replication, about a thousand relaxation times of an M/M/1 queue at 0.9.
REQUESTS = {0.5: 8_000, 0.9: 40_000}
CASES = [(case, REQUESTS[rho]) for rho in REQUESTS for case in queue_cases(rho)]


@pytest.mark.parametrize(("case", "requests_"), CASES, ids=[case.name for case, _ in CASES])
def test_a_station_with_a_known_answer(case: QueueCase, requests_: int) -> None:
    check = check_case(case, requests_, REPLICATIONS)
    assert check.passed, (
        f"{check.name}: expected {check.expected:g}, got {check.got:g} ± {check.tolerance:g}"
    )


def test_erlang_c_by_its_sum() -> None:
    servers, load_ = 4, 3.1
    terms = [load_**n / np.prod(np.arange(1.0, n + 1)) for n in range(servers)]
    last = load_**servers / np.prod(np.arange(1.0, servers + 1)) / (1 - load_ / servers)
    assert erlang_c(servers, load_) == pytest.approx(last / (sum(terms) + last))


def test_the_shared_size_makes_the_tandem_differ() -> None:
    """One size for both stations: 2.8/0.8 service times at the second one, not 1/(1 − ρ) = 5.

    That is the 2.8 against 4.0 of the theory, §6, whose service times are 0.8; it is rounded there.
    """
    (case,) = [case for case in queue_cases(0.8) if "tandem" in case.name]
    document = {**case.document}
    document["models"] = {"work": {**document["models"]["work"], "size": {"law": "exponential"}}}
    shared = QueueCase("shared", document, case.statistic, 2.8 / 0.8, "theory, §6")
    check = check_case(shared, 20_000, REPLICATIONS)
    assert abs(check.got - check.expected) <= check.tolerance + 0.05 / 0.8
    assert abs(check.got - case.expected) > check.tolerance


def test_every_stamp_follows_the_recursion() -> None:
    checks = list(recursion_checks())
    assert len(checks) == 4
    assert [f"{it.name}: differs by {it.got:g}" for it in checks if not it.passed] == []


def test_the_recursions_see_a_difference() -> None:
    """A check that compares with the wrong discipline fails."""
    times = np.array([0.0, 1.0, 1.5])
    work = np.array([2.0, 2.0, 0.5])
    ends = processor_sharing(times, work)
    assert ends == pytest.approx([3.5, 4.5, 3.0])
    starts = first_come_first_served(times, work)
    assert starts == pytest.approx([0.0, 2.0, 4.0])
    assert first_come_first_served(times, work, 2) == pytest.approx([0.0, 1.0, 2.0])


def test_an_independent_simulator_agrees() -> None:
    """The ciw package on M/M/2 at load 0.7, both in 99.9 % intervals of the Erlang formula's mean wait."""
    waits = []
    for seed in range(REPLICATIONS):
        ciw.seed(seed)
        network = ciw.create_network(
            arrival_distributions=[ciw.dists.Exponential(1.4)],
            service_distributions=[ciw.dists.Exponential(1.0)],
            number_of_servers=[2],
        )
        simulation = ciw.Simulation(network)
        simulation.simulate_until_max_customers(4000)
        waits.append(np.mean([record.waiting_time for record in simulation.get_all_records()]))
    (case,) = [case for case in queue_cases(0.7) if "M/M/3" in case.name]
    own = check_case(case, 8_000, REPLICATIONS)
    expected = erlang_c(2, 1.4) / (2 * 0.3)
    error = np.std(waits, ddof=1) / np.sqrt(REPLICATIONS)
    assert abs(np.mean(waits) - expected) <= 4.78 * error
    assert own.passed
