"""The command line: reads arguments, calls the library, prints what it returns."""

from simran.cli import allocators, catalogue, checkpoints, runs  # noqa: F401 - to be registered
from simran.cli.root import app, main

__all__ = ["app", "main"]
