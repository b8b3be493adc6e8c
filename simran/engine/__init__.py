"""A single run: build, wire, start, run, collect; and the controller that asks the allocator."""

from simran.engine.asking import Question
from simran.engine.episode import Episode
from simran.engine.feasibility import shortfalls
from simran.engine.interrupt import RunInterrupted, stop_signals
from simran.engine.run import default_folder, refuse_options, run
from simran.engine.solve import solve

__all__ = [
    "Episode",
    "Question",
    "RunInterrupted",
    "default_folder",
    "refuse_options",
    "run",
    "shortfalls",
    "solve",
    "stop_signals",
]
