"""Queueing theory in 99.9 % intervals over replications whose number was fixed beforehand."""

from __future__ import annotations

import ciw
import numpy as np
import pytest
from toy import toy

from simran.engine import run
from simran.experiments.queueing import QueueCase, check_case, erlang_c, queue_cases
from simran.scenario import load

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


def test_the_recursion_of_lindley_gives_the_same_log() -> None:
    """A FIFO station is a recursion on its arrivals; the simulator must agree to rounding."""
    frame = run(load(toy(duration=500.0, agents__a__arrivals__rate=1.4))).requests
    done = frame[frame["server_start_s"].notna() & frame["server_end_s"].notna()]
    done = done.sort_values(["server_arrival_s", "request_id"])
    free, starts = 0.0, []
    for arrival, service in zip(done["server_arrival_s"], done["server_compute_s"], strict=True):
        starts.append(max(arrival, free))
        free = starts[-1] + service
    assert done["server_start_s"].to_numpy() == pytest.approx(np.array(starts), rel=1e-12)


def test_processor_sharing_by_brute_force() -> None:
    """The cell's log against a plain simulation that recomputes every flow at every event."""
    frame = run(
        load(toy(duration=200.0, agents__a__count=8, agents__a__arrivals__rate=1.0))
    ).requests
    flows = frame[frame["uplink_end_s"].notna()].sort_values("uplink_start_s")
    starts = flows["uplink_start_s"].to_numpy()
    work = (flows["uplink_bits"] / 20e6).to_numpy()
    ends = _shared_ends(starts, work)
    early = ends < frame["uplink_end_s"].max() - 5.0  # flows cut off at the end are not in the log
    assert flows["uplink_end_s"].to_numpy()[early] == pytest.approx(ends[early], rel=1e-9)


def _shared_ends(starts: np.ndarray, work: np.ndarray) -> np.ndarray:
    left, ends, now, place = dict[int, float](), np.full(len(starts), np.inf), 0.0, 0
    while left or place < len(starts):
        soonest = min(left.values()) * len(left) if left else np.inf
        arrival = starts[place] if place < len(starts) else np.inf
        step = min(soonest, arrival - now)
        for flow in left:
            left[flow] -= step / len(left)
        now += step
        for flow in [flow for flow, rest in left.items() if rest <= 1e-12]:
            ends[flow] = now
            del left[flow]
        if now == arrival or abs(now - arrival) < 1e-15:
            left[place] = work[place]
            place += 1
    return ends


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
