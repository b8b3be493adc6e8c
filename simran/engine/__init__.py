"""A single run: build, wire, start, run, collect; and the controller that asks the allocator."""

from simran.engine.run import RunOptions, run
from simran.engine.solve import solve

__all__ = ["RunOptions", "run", "solve"]
