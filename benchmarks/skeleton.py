"""The yardstick: a textbook SimPy model of the same system, and nothing else.

One process per request, a resource for the uplink and one for the server, five timestamps. It
has no allocator, no energy, no distortion and no log; that is what simran is measured against.
"""

from __future__ import annotations

from collections.abc import Generator

import numpy as np
import simpy

__all__ = ["run_skeleton"]


def run_skeleton(  # noqa: PLR0913
    agents: int,
    requests: int,
    arrival_hz: float,
    compute_s: float,
    uplink_s: float,
    server_s: float,
    downlink_s: float,
    seed: int = 1,
) -> int:
    """Run until ``requests`` requests have completed; return how many did."""
    env = simpy.Environment()
    uplink = simpy.Resource(env, 1)
    server = simpy.Resource(env, 1)
    rng = np.random.default_rng(seed)
    done = env.event()
    rows: list[tuple[float, float, float, float, float]] = []

    def request() -> Generator[simpy.Event, None, None]:
        t0 = env.now
        yield env.timeout(compute_s)
        t1 = env.now
        with uplink.request() as turn:
            yield turn
            yield env.timeout(uplink_s)
        t2 = env.now
        with server.request() as turn:
            yield turn
            yield env.timeout(server_s)
        t3 = env.now
        yield env.timeout(downlink_s)
        rows.append((t0, t1, t2, t3, env.now))
        if len(rows) == requests:
            done.succeed()

    def source() -> Generator[simpy.Event, None, None]:
        mean = 1.0 / arrival_hz
        while True:
            yield env.timeout(rng.exponential(mean))
            env.process(request())

    for _ in range(agents):
        env.process(source())
    env.run(until=done)
    return len(rows)
